"""The same benchmarks of an earlier version and of this one, in turn: `python -m benchmarks.against COMMIT`.

Each part runs in a process of its own, of each version in a copy of its files, with this one's libraries.
Both are measured by the earlier version's benchmark, so that a row means the same; where that does not run,
by this version's, or else each by its own, and rows of the same name are compared. Of each row, the first
figure of what was measured counts. Where a figure is a rate, more is better.
"""

import argparse
import io
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("alerting", "slow_disk", "sending", "ticking", "polling", "broadcasting", "starting")
"""What one process on SQLite does: evaluating, writing, sending, a tick, a scan, a broadcast, a start."""
ROUNDS = 2
_Pair = tuple[Mapping[str, float], Mapping[str, float]]
"""What was measured before, and what now, by row."""
FIGURE = re.compile(r"[\d,]*\d(?:\.\d+)?")
_RUN = """
import sys, msgspec
from importlib import import_module
rows = [(row.what, row.measured) for row in import_module(f"benchmarks.{sys.argv[1]}").rows()]
sys.stderr.buffer.write(msgspec.json.encode(rows))
"""

FIRST_VIEW = "starting"
"""Measured by a program that both versions run: what it was measured by then does not run on either."""
_FIRST_VIEW = """
import asyncio, sys, time
from pathlib import Path
from tempfile import TemporaryDirectory
from liqbot.app.bot import Bot, clock_ms
from liqbot.app.sources import make_simulator
from liqbot.settings import Settings

async def first_view(folder):
    settings = Settings(database=Path(folder) / "liqbot.db")
    async with Bot(settings, [make_simulator(settings, clock_ms())], {}) as bot:
        await bot.until(lambda: bool(bot.services.markets.views))
        return time.time()

with TemporaryDirectory() as folder:
    print(asyncio.run(first_view(folder)))
"""
STARTS = 3


def main() -> None:
    """Print a line for each row: before, now, now over before, and the least and greatest of these."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description=__doc__)
    parser.add_argument("commit", help="the earlier version, as git names it")
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"by default {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="so often each, in turn")
    asked = parser.parse_args()
    print("| what | before | now | ratio (least to greatest) |\n| --- | --- | --- | --- |", flush=True)
    with (
        _files_of(asked.commit) as earlier,
        _files_of(asked.commit) as earlier_by_ours,
        _files_here(measured_by=earlier) as here,
    ):
        shutil.rmtree(earlier_by_ours / "benchmarks")
        shutil.copytree(ROOT / "benchmarks", earlier_by_ours / "benchmarks")
        ways = (
            (earlier, here, ""),
            (earlier_by_ours, ROOT, "; by this version's benchmark"),
            (earlier, ROOT, "; each by its own benchmark"),
        )
        for part in asked.parts:
            _compare(part, ways, asked.rounds)


def _compare(part: str, ways: Sequence[tuple[Path, Path, str]], rounds: int) -> None:
    """Measure a part in the first of the ways that goes, and print it."""
    reason = ""
    for was, now, note in ways:
        try:
            _print(part, _in_turn(part, was, now, rounds), note)
        except MeasureError as error:  # what it measures by is not there, or did not work then
            reason = str(error)
        else:
            return
    print(f"| {part} | | | not measured: {reason} |", flush=True)


class MeasureError(Exception):
    """A benchmark does not run; it says why in one line."""


def _measured(root: Path, part: str) -> dict[str, float]:
    """Return the figures of a part, and the processor time of all that it took. Raises `MeasureError`.

    A machine that is busy with other things changes the figures much, and that time little.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = _figures(root, part)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**found, f"({part}: processor time of the whole benchmark, s)": round(taken_s, 1)}


def _in_turn(part: str, earlier: Path, now: Path, rounds: int) -> list[_Pair]:
    """Return the figures of both versions, round by round; every other round the later one goes first."""
    pairs: list[_Pair] = []
    for number in range(rounds):
        if number % 2:
            is_now = _measured(now, part)
            pairs.append((_measured(earlier, part), is_now))
        else:
            was = _measured(earlier, part)
            pairs.append((was, _measured(now, part)))
    return pairs


def _print(part: str, rounds: Sequence[_Pair], note: str) -> None:
    found = [what for what in rounds[0][1] if all(what in was and what in now for was, now in rounds)]
    for what in found:
        was = statistics.median(was[what] for was, _ in rounds)
        is_now = statistics.median(now[what] for _, now in rounds)
        ratios = sorted(now[what] / was[what] for was, now in rounds if was[what])
        told = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})" if ratios else ""
        print(f"| {what} | {was:g} | {is_now:g} | {told}{note} |", flush=True)
    if not found:
        print(f"| {part} | | | not compared: no row has the name that it had{note} |", flush=True)


def _figures(root: Path, part: str) -> dict[str, float]:
    """Return of each row of a part what stands first of what was measured. Raises `MeasureError`."""
    if part == FIRST_VIEW:
        taken_s = statistics.median(_start(root) for _ in range(STARTS))
        return {f"start of the process to the first view, embedded market, s (median of {STARTS})": taken_s}
    command = [sys.executable, "-c", _RUN, part]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if done.returncode:
        raise MeasureError(_last_line(done.stderr.decode(), done.returncode))
    rows = msgspec.json.decode(done.stderr.splitlines()[-1], type=list[tuple[str, str]])
    found: dict[str, float] = {}
    for what, measured in rows:
        figure = FIGURE.search(measured)
        if figure is not None:
            found[what] = float(figure[0].replace(",", ""))
    return found


def _last_line(text: str, status: int) -> str:
    """Return what a process said last, or else how it ended."""
    return f"{(text.strip().splitlines() or [f'it ended with status {status}'])[-1]:.200}"


def _start(root: Path) -> float:
    """Return the seconds from the start of a process to its first view."""
    begun_s = time.time()
    command = [sys.executable, "-c", _FIRST_VIEW]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MeasureError(_last_line(done.stderr, done.returncode))
    return float(done.stdout.split()[-1]) - begun_s


@contextmanager
def _files_of(commit: str) -> Generator[Path]:
    with TemporaryDirectory() as folder:
        command = [shutil.which("git") or "git", "archive", commit]
        packed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


@contextmanager
def _files_here(*, measured_by: Path) -> Generator[Path]:
    """Give a copy of this version's files with the benchmarks of another one."""
    command = [shutil.which("git") or "git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout.decode()
    with TemporaryDirectory() as folder:
        for name in listed.split("\0"):
            if name and not name.startswith("benchmarks/") and (ROOT / name).is_file():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, Path(folder) / name)
        shutil.copytree(measured_by / "benchmarks", Path(folder) / "benchmarks")
        yield Path(folder)


if __name__ == "__main__":
    main()
