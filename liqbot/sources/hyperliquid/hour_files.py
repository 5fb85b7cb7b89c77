"""Files of one hour each, one line after another, read while a node writes them.

A node keeps them as `{YYYYMMDD}/{hour}`. What is read is told by a position, which outlasts a restart: after
it every line comes once, whatever happened to the reader meanwhile. A last line that is cut off is awaited.
Where the node goes on in another file, it stays cut off and is counted. An hour without a file is a gap.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

CHUNK = 2**20
"""So many bytes are read at a time …"""
LONGEST_LINE = 64 * 2**20
"""… but a line may be as long as this: what is longer is none."""
_DAY, _HOUR = re.compile(r"\d{8}"), re.compile(r"\d{1,2}")


class Hour(NamedTuple):
    """Which file."""

    day: int
    """As 20261127."""
    hour: int

    def until(self, other: "Hour") -> int:
        """Return how many hours there are from this one to `other`; below 0 where that lies before."""
        return round((_instant(other) - _instant(self)) / timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class FilePosition:
    """Up to where everything has been read. As text it stands in the database."""

    hour: Hour
    offset: int
    """Bytes of whole lines."""

    def __str__(self) -> str:
        return f"{self.hour.day}/{self.hour.hour}:{self.offset}"

    @staticmethod
    def of(text: str) -> "FilePosition | None":
        """Return the position that `text` tells, None for none."""
        found = re.fullmatch(r"(\d{8})/(\d{1,2}):(\d+)", text)
        if found is None:
            return None
        day, hour, offset = map(int, found.groups())
        return FilePosition(Hour(day, hour), offset)


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines, and up to where they reach."""

    lines: tuple[bytes, ...]
    position: FilePosition
    faults: Counter[str] = field(default_factory=Counter[str])
    """What was amiss, by reason."""


class HourFiles:
    """Reads the lines of a folder of such files. Every method blocks, and raises `OSError`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def hours(self) -> list[Hour]:
        """Return which files there are, the oldest first."""
        found: list[Hour] = []
        for day in self._folder.iterdir():
            if _DAY.fullmatch(day.name) and day.is_dir():
                found += [
                    Hour(int(day.name), int(file.name))
                    for file in day.iterdir()
                    if _HOUR.fullmatch(file.name)
                ]
        return sorted(hour for hour in found if _is_an_hour(hour))

    def end(self) -> FilePosition | None:
        """Return the end of the newest file's last whole line; None where there is no file."""
        hours = self.hours()
        if not hours:
            return None
        return FilePosition(hours[-1], self._whole(hours[-1]))

    def read(self, position: FilePosition, oldest: Hour) -> Lines:
        """Return the lines after `position`, none where there are none yet.

        What lies before `oldest` is left out.
        """
        faults = Counter[str]()
        if position.hour < oldest:
            begin = min([hour for hour in self.hours() if hour >= oldest], default=oldest)
            faults["an hour that was left out"] += position.hour.until(begin)
            return Lines((), FilePosition(begin, 0), faults)
        data = self._data(position)
        if data is None:  # shorter than it was: another file of that name
            faults["a file that began anew"] += 1
            position = FilePosition(position.hour, 0)
            data = self._data(position) or b""
        end = data.rfind(b"\n") + 1
        if end:
            lines = tuple(line for line in data[:end].split(b"\n") if line.strip())
            return Lines(lines, FilePosition(position.hour, position.offset + end), faults)
        later = next((hour for hour in self.hours() if hour > position.hour), None)
        if later is None or len(self._data(position) or b"") != len(data):
            return Lines((), position, faults)  # more may come, or has just come
        missing = position.hour.until(later) - 1
        if missing:
            faults["an hour without a file"] += missing
        if data:
            faults["a line that was cut off"] += 1
        return Lines((), FilePosition(later, 0), faults)

    def _data(self, position: FilePosition) -> bytes | None:
        """Return what comes after `position`, at least a line where there is one; None for a shorter file."""
        try:
            with self._path(position.hour).open("rb") as file:
                if file.seek(0, 2) < position.offset:
                    return None
                file.seek(position.offset)
                data = file.read(CHUNK)
                while b"\n" not in data[-CHUNK:] and len(data) < LONGEST_LINE:
                    more = file.read(CHUNK)
                    if not more:
                        break
                    data += more
                return data
        except FileNotFoundError:
            return b""

    def _whole(self, hour: Hour) -> int:
        """Return how many bytes of a file are whole lines."""
        with self._path(hour).open("rb") as file:
            end = file.seek(0, 2)
            while end:
                begin = max(0, end - CHUNK)
                file.seek(begin)
                found = file.read(end - begin).rfind(b"\n")
                if found >= 0:
                    return begin + found + 1
                end = begin
        return 0

    def _path(self, hour: Hour) -> Path:
        return self._folder / str(hour.day) / str(hour.hour)


def hour_of(time_ms: int) -> Hour:
    """Return the hour of an instant, in UTC."""
    at = datetime.fromtimestamp(time_ms / 1000, UTC)
    return Hour(int(f"{at:%Y%m%d}"), at.hour)


def _instant(hour: Hour) -> datetime:
    return datetime.strptime(f"{hour.day:08} {hour.hour:02}", "%Y%m%d %H").replace(tzinfo=UTC)


def _is_an_hour(hour: Hour) -> bool:
    try:
        _instant(hour)
    except ValueError:
        return False
    return True
