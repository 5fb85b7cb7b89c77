"""What the operator's commands share: progress, times as people write them, coins with a near match."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from liqbot.chat.arguments import nearest
from liqbot.sources.recording import Recording, Snapshot
from liqbot.sources.source import SourceError

PROBLEMS_SHOWN = 10
"""How many skipped rows of a recording are named one by one."""

notes = Console(stderr=True)
"""For what is not the answer itself: progress, and what was skipped."""


def progress_bar() -> Progress:
    """Return a progress bar on standard error that vanishes when done, and is silent without a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    return Progress(*columns, console=notes, transient=True, disable=not notes.is_terminal)


def read_with_progress(recording: Recording) -> Iterator[Snapshot]:
    """Yield the snapshots of a recording under a progress bar, and say at the end what was skipped.

    Raises `SourceError`.
    """
    with progress_bar() as bar:
        task = bar.add_task(recording.path.name, total=recording.size())
        for snapshot in recording.snapshots():
            bar.update(task, completed=recording.read_bytes)
            yield snapshot
    tell_problems(recording)


def tell_problems(recording: Recording) -> None:
    """Say which rows of a recording were skipped."""
    for problem in recording.problems[:PROBLEMS_SHOWN]:
        notes.print(f"{recording.path.name}: {problem}; the row is skipped", markup=False, highlight=False)
    more = len(recording.problems) - PROBLEMS_SHOWN
    if more > 0:
        notes.print(f"{recording.path.name}: {more} more rows skipped", markup=False, highlight=False)


def find_coin(coin: str, coins: Collection[str], where: str) -> str:
    """Return `coin` as `coins` has it, whatever its case. Raises `SourceError` with the nearest match."""
    found = next((name for name in coins if name.lower() == coin.lower()), None)
    if found is not None:
        return found
    near = nearest(coin, coins)
    hint = f"did you mean {near}?" if near else f"it has {', '.join(sorted(coins)[:12]) or 'no coins'}"
    raise SourceError(f"{where} has no {coin}; {hint}")


def parse_time(text: str) -> int:
    """Return a time in ms since 1970, given so or in ISO form (UTC where no zone is given)."""
    if text.isdigit():
        return int(text)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        example = "2026-02-05T12:44 or 1770295440422"
        raise typer.BadParameter(f"{text!r} is no time; write it as {example}", param_hint="--at") from None
    return round((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp() * 1000)


def utc(time_ms: int) -> str:
    """Return a time as people read it: `2026-02-05 12:44 UTC`."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"
