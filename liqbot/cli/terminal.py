"""What the operator's commands share: progress bars, notes on standard error, times as people write them."""

from collections.abc import Generator
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from liqbot.sources.recording import Recording, Snapshot

PROBLEMS_SHOWN = 10
"""How many skipped rows of a recording are named one by one."""

notes = Console(stderr=True)
"""For what is not the answer itself: progress, and what was skipped."""
_YEAR_9999_MS = 253_402_300_800_000


def progress_bar() -> Progress:
    """Return a progress bar on standard error that vanishes when done, and is silent without a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal)


def read_with_progress(recording: Recording) -> Generator[Snapshot]:
    """Yield the snapshots of a recording under a progress bar, and say at the end what was skipped.

    That is also said when the recording breaks off, or is not read to its end. Raises `SourceError`.
    """
    try:
        with progress_bar() as bar:
            task = bar.add_task(recording.path.name, total=recording.size())
            for snapshot in recording.snapshots():
                bar.update(task, completed=recording.read_bytes)
                yield snapshot
    finally:
        tell_problems(recording)


def tell_problems(recording: Recording) -> None:
    """Say which rows of a recording were skipped."""
    for problem in recording.problems[:PROBLEMS_SHOWN]:
        tell(f"{recording.path.name}: {problem}; the row is skipped")
    more = len(recording.problems) - PROBLEMS_SHOWN
    if more > 0:
        tell(f"{recording.path.name}: {more} more rows skipped")


def tell(line: str) -> None:
    """Print one line on standard error, as it is."""
    notes.print(line, markup=False, highlight=False, soft_wrap=True)


def parse_time(text: str, option: str = "--at") -> int:
    """Return a time in ms since 1970, given so or in ISO form (UTC where no zone is given)."""
    try:
        time_ms = int(text) if text.isdecimal() else _iso_ms(text)
    except ValueError:
        time_ms = -1
    if not 0 <= time_ms < _YEAR_9999_MS:
        example = "2026-02-05T12:44 or 1770295440422"
        raise typer.BadParameter(f"{text!r} is no time; write it as {example}", param_hint=option)
    return time_ms


def _iso_ms(text: str) -> int:
    time = datetime.fromisoformat(text)
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def utc(time_ms: int) -> str:
    """Return a time as people read it: `2026-02-05 12:44 UTC`."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
