"""The same benchmarks of an earlier version and of this one, in turn: `python -m benchmarks.against COMMIT`.

Each part runs in a process of its own, of the earlier version in a copy of its files, with this one's
libraries. Of each row, the first figure of what was measured is compared.
"""

import argparse
import io
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("alerting", "slow_disk", "sending", "ticking", "starting")
"""What one process on SQLite does: evaluating, writing, sending, a tick, a start."""
ROUNDS = 2
FIGURE = re.compile(r"[\d,]*\d(?:\.\d+)?")
_RUN = """
import sys, msgspec
from importlib import import_module
rows = [(row.what, row.measured) for row in import_module(f"benchmarks.{sys.argv[1]}").rows()]
sys.stderr.buffer.write(msgspec.json.encode(rows))
"""


def main() -> None:
    """Print a line for each row: before, now, and now over before."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description=__doc__)
    parser.add_argument("commit", help="the earlier version, as git names it")
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"by default {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="so often each, in turn")
    asked = parser.parse_args()
    print("| what | before | now | ratio |\n| --- | --- | --- | --- |", flush=True)
    with _files_of(asked.commit) as earlier:
        for part in asked.parts:
            before: list[Mapping[str, float]] = []
            now: list[Mapping[str, float]] = []
            for _ in range(asked.rounds):
                before.append(_figures(earlier, part))
                now.append(_figures(ROOT, part))
            _print(before, now)


def _print(before: list[Mapping[str, float]], now: list[Mapping[str, float]]) -> None:
    for what in now[0]:
        if all(what in one for one in (*before, *now)):
            was, is_now = (statistics.median(one[what] for one in some) for some in (before, now))
            ratio = f"{is_now / was:.2f}" if was else ""
            print(f"| {what} | {was:g} | {is_now:g} | {ratio} |", flush=True)


def _figures(root: Path, part: str) -> dict[str, float]:
    """Return of each row of a part what stands first of what was measured."""
    command = [sys.executable, "-c", _RUN, part]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    rows = msgspec.json.decode(done.stderr.splitlines()[-1], type=list[tuple[str, str]])
    found: dict[str, float] = {}
    for what, measured in rows:
        figure = FIGURE.search(measured)
        if figure is not None:
            found[what] = float(figure[0].replace(",", ""))
    return found


@contextmanager
def _files_of(commit: str) -> Generator[Path]:
    with TemporaryDirectory() as folder:
        command = [shutil.which("git") or "git", "archive", commit]
        packed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
            files.extractall(folder, filter="data")
        yield Path(folder)


if __name__ == "__main__":
    main()
