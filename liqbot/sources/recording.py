"""Recordings: the open positions of accounts, written down snapshot by snapshot.

A recording is a CSV file, plain or gzipped, with a head (`recording_header.py`): one row a position, rows of
one snapshot share their `time_ms` and stand together. Columns are found by their names. The mark price of a
row is `position_value / |szi|`. An empty `liquidation_px` is a position without a reachable level. The
leverage type is not in the file. An account that is absent from a snapshot was not fetched, which is not the
same as flat: an account that holds nothing is a row with nothing but its time and its name. A row without an
account is the context of a coin.
"""

import csv
import gzip
import io
import math
import zlib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from liqbot.market.positions import Floats, Ints
from liqbot.market.updates import AccountsSeen, AssetContext, Beat, Update
from liqbot.sources.recording_header import COLUMNS, OLD_LAYER, Header, read_header
from liqbot.sources.source import SourceError

__all__ = ["COLUMNS", "Problem", "Recording", "Snapshot"]

_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OF_A_POSITION = ("coin", "szi", "entry_px", "leverage", "position_value", "liquidation_px")
_YEAR_2100_MS = 4_102_444_800_000
"""A later time is a broken one: it would make every row below it one of the past."""
_SECONDS = range(1_000_000_000, 100_000_000_000)
"""Such a time would be of the early 1970s in ms, and is of this century in seconds."""


class Problem(NamedTuple):
    """A row that was skipped."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All rows of one time: columns of shape (n,), `account` and `coin` are places in the names."""

    time_ms: int
    accounts: tuple[str, ...]
    coins: tuple[str, ...]
    account: Ints
    coin: Ints
    size: Floats
    entry: Floats
    leverage: Floats
    mark: Floats
    liquidation: Floats
    contexts: tuple[AssetContext, ...] = ()

    def updates(self) -> Iterator[Update]:
        """Yield the snapshot as a source tells it: the price of each coin, the accounts, a beat.

        The price of a coin is the one that its context gives, else the median mark of its rows.
        """
        yield from self.contexts
        told = {context.coin for context in self.contexts}
        for coin, mark in zip(self.coins, self._median_marks(), strict=True):
            if coin not in told:
                yield AssetContext(coin=coin, time_ms=self.time_ms, mark=mark)
        yield AccountsSeen(
            time_ms=self.time_ms,
            accounts=self.accounts,
            coins=self.coins,
            account=self.account,
            coin=self.coin,
            size=self.size,
            entry=self.entry,
            liquidation=self.liquidation,
            leverage=self.leverage,
            margin_mode=np.zeros(len(self.size), dtype=np.int8),
        )
        yield Beat(self.time_ms)

    def _median_marks(self) -> list[float]:
        """Return the median mark of each coin's rows, USD; there is no coin without a row."""
        marks = self.mark[np.lexsort((self.mark, self.coin))]
        count = np.bincount(self.coin, minlength=len(self.coins))
        first = np.cumsum(count) - count
        median: Floats = (marks[first + (count - 1) // 2] + marks[first + count // 2]) / 2
        return median.tolist()


class _Row(NamedTuple):
    """A position; without a coin, an account that holds nothing; with a context, that of a coin."""

    time_ms: int
    account: str
    coin: str
    size: float
    entry: float
    leverage: float
    mark: float
    liquidation: float
    context: AssetContext | None = None


@dataclass(slots=True)
class Recording:
    """A recording on disk, read once from start to end without being held in memory."""

    path: Path
    problems: list[Problem] = field(default_factory=list[Problem])
    """The rows that were skipped so far."""
    read_bytes: int = 0
    """How far the file has been read, for a progress bar."""
    header: Header = field(default_factory=lambda: Header(OLD_LAYER, COLUMNS))
    """What the file says of itself, once its head has been read."""

    def size(self) -> int:
        """Return the size of the file in bytes. Raises `SourceError` where there is none."""
        try:
            return self.path.stat().st_size
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be read: {error.strerror}") from None

    def read_header(self) -> Header:
        """Return what the file says of itself. Raises `SourceError` where it is no recording."""
        try:
            with self.path.open("rb") as file:
                self._take_header(self._lines(file))
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SourceError(f"{self.path}: the file breaks off before its columns: {error}") from error
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be read: {error.strerror or error}") from error
        return self.header

    def snapshots(self) -> Iterator[Snapshot]:
        """Yield the snapshots in the order of the file, broken rows left out and noted in `problems`.

        Raises `SourceError` where the file cannot be opened, has other columns or no sound row, or breaks
        off (the snapshots before the break have been yielded; the one that it may have cut has not).
        """
        self.problems.clear()
        self.read_bytes = 0
        newest = None
        try:
            with self.path.open("rb") as file:
                for _, rows in groupby(self._rows(file), key=lambda row: row.time_ms):
                    newest = _snapshot(list(rows))
                    yield newest
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            where = f"after time_ms {newest.time_ms}" if newest else "before its first snapshot ends"
            raise SourceError(f"{self.path}: the file breaks off {where}: {error}") from error
        except OSError as error:
            raise SourceError(f"{self.path}: cannot be read: {error.strerror or error}") from error
        if newest is None:
            skipped = f"; {self.problems[0]}" if self.problems else ""
            raise SourceError(f"{self.path}: has no sound row{skipped}")

    def _rows(self, file: BinaryIO) -> Iterator[_Row]:
        lines = self._lines(file)
        first = self._take_header(lines) + 1
        columns = self.header.columns
        newest, held = 0, set[tuple[str, str]]()
        for number, line in enumerate(lines, start=first):
            if not line.strip():
                continue
            try:
                row = _parsed(line, columns)
                if row.time_ms > newest:
                    held.clear()
                _require_order(row, newest, held)
            except ValueError as error:
                self.problems.append(Problem(number, str(error)))
                continue
            newest = row.time_ms
            held.add((row.account, row.coin))
            yield row

    def _take_header(self, lines: Iterator[bytes]) -> int:
        """Read the head, and return how many lines it has."""
        head: list[bytes] = []
        for line in lines:
            head.append(line)
            if not line.removeprefix(_BYTE_ORDER_MARK).startswith(b"#"):
                break
        try:
            self.header = read_header(head or [b""])
        except ValueError as error:
            raise SourceError(f"{self.path}: not a recording: {error}") from None
        return len(head)

    def _lines(self, file: BinaryIO) -> Iterator[bytes]:
        with io.BufferedReader(gzip.GzipFile(fileobj=file)) if _is_gzip(file) else file as raw:
            for line in raw:
                self.read_bytes = file.tell()
                yield line
        self.read_bytes = self.size()


def _is_gzip(file: BinaryIO) -> bool:
    magic = file.read(len(_GZIP_MAGIC))
    file.seek(0)
    return magic == _GZIP_MAGIC


def _parsed(line: bytes, columns: tuple[str, ...]) -> _Row:
    """Return the row's fields. Raises `ValueError` that names the column."""
    cells = _cells(line)
    if len(cells) != len(columns):
        raise ValueError(f"{len(cells)} fields instead of {len(columns)}")
    row = dict(zip(columns, cells, strict=True))
    time_ms, account, coin = _time(row["time_ms"]), row["account"], row["coin"]
    if not account.strip() and coin.strip() and row.get("mark_px", "").strip():
        context = _context(time_ms, coin, row)
        return _Row(time_ms, "", coin, 0.0, 0.0, 0.0, 0.0, 0.0, context)
    if account.strip() and not any(row[name].strip() for name in _OF_A_POSITION):
        return _Row(time_ms, account, "", 0.0, 0.0, 0.0, 0.0, 0.0)
    if not account.strip() or not coin.strip():
        raise ValueError("account or coin is empty")
    size = _number("szi", row["szi"])
    if size == 0:
        raise ValueError("szi is 0: not a position")
    mark = _number("position_value", row["position_value"]) / abs(size)
    level = row["liquidation_px"]
    return _Row(
        time_ms=time_ms,
        account=account,
        coin=coin,
        size=size,
        entry=_above_zero("entry_px", _number("entry_px", row["entry_px"])),
        leverage=_above_zero("leverage", _number("leverage", row["leverage"])),
        mark=_above_zero("position_value / |szi|", mark),
        liquidation=_number("liquidation_px", level) if level.strip() else math.nan,
    )


def _context(time_ms: int, coin: str, row: Mapping[str, str]) -> AssetContext:
    """Return a coin's context. What it does not have is empty; a price it must have."""
    interest, funding = (row.get(name, "").strip() for name in ("open_interest", "funding"))
    return AssetContext(
        coin,
        time_ms,
        _above_zero("mark_px", _number("mark_px", row["mark_px"])),
        _above_zero("open_interest", _number("open_interest", interest)) if interest else None,
        _number("funding", funding) if funding else None,
    )


def _cells(line: bytes) -> list[str]:
    """Return the cells of a line. A line is a row: an unbalanced quote breaks it, and swallows no other."""
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("not UTF-8 text") from None
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error as error:
        raise ValueError(f"not CSV: {error}") from None


def _time(text: str) -> int:
    try:
        time_ms = int(text)
    except ValueError:
        raise ValueError(f"time_ms is {_quoted(text)}, not whole milliseconds") from None
    if time_ms in _SECONDS:
        raise ValueError(f"time_ms looks like seconds: {time_ms} would be in 1970; it is ms since 1970 UTC")
    if not 0 < time_ms < _YEAR_2100_MS:
        raise ValueError(f"time_ms is {_quoted(text)}, not between 1970 and 2100")
    return time_ms


def _require_order(row: _Row, newest: int, held: Container[tuple[str, str]]) -> None:
    if row.time_ms < newest:
        raise ValueError(f"time_ms {row.time_ms} is before {newest}, that of a row above")
    if (row.account, row.coin) in held:
        raise ValueError(f"{row.account} has {row.coin} already in this snapshot")


def _number(column: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{column} is {_quoted(text)}, not a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{column} is {_quoted(text)}, not a finite number")
    return number


def _above_zero(column: str, number: float) -> float:
    if not 0 < number < math.inf:
        raise ValueError(f"{column} is {number:g}, not a number above 0")
    return number


def _quoted(text: str, at_most: int = 80) -> str:
    return repr(text if len(text) <= at_most else f"{text[:at_most]}…")


def _snapshot(rows: list[_Row]) -> Snapshot:
    time_ms = rows[0].time_ms
    contexts = tuple(row.context for row in rows if row.context is not None)
    rows = [row for row in rows if row.context is None]
    accounts = tuple(dict.fromkeys(row.account for row in rows))
    rows = [row for row in rows if row.coin]
    coins = tuple(dict.fromkeys(row.coin for row in rows))
    account_place = {name: place for place, name in enumerate(accounts)}
    coin_place = {name: place for place, name in enumerate(coins)}
    return Snapshot(
        time_ms=time_ms,
        accounts=accounts,
        coins=coins,
        account=np.array([account_place[row.account] for row in rows], dtype=np.int64),
        coin=np.array([coin_place[row.coin] for row in rows], dtype=np.int64),
        size=np.array([row.size for row in rows]),
        entry=np.array([row.entry for row in rows]),
        leverage=np.array([row.leverage for row in rows]),
        mark=np.array([row.mark for row in rows]),
        liquidation=np.array([row.liquidation for row in rows]),
        contexts=contexts,
    )
