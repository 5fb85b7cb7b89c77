"""The kill suite of a bot that is several processes: `make cluster`. Its last line tells what came of it."""

import argparse
import sys
import tempfile
from pathlib import Path

from cluster.campaign import SAFE, campaign
from postgres_server import programs, running


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--chats", type=int, default=20_000)
    parser.add_argument("--share", type=float, default=0.2, help="which share of requests meets trouble")
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    found = programs()
    if found is None:
        sys.exit("PostgreSQL is not installed; tests/store/postgres/postgresql.sh installs Debian's")
    with tempfile.TemporaryDirectory() as folder, running(found, settings=SAFE) as server:
        with campaign(
            Path(folder), server, chats=asked.chats, share=asked.share, seed=asked.seed, tell=_progress
        ) as ours:
            outcome = ours.run(asked.kills)
        tell(outcome, (Path(folder) / "lives.log").read_text())
    return 0 if outcome.is_well else 1


def _progress(line):
    print(line, flush=True)  # noqa: T201 - the report of a program


def tell(outcome, log):
    for name, count in sorted(outcome.kills.items()):
        print(f"{count:4} × {name} killed")  # noqa: T201 - the report of a program
    if not outcome.is_well:
        print(log[-20_000:])  # noqa: T201
    print(f"{outcome.waves} broadcasts, two senders at once: {outcome.at_once}; {outcome.times}")  # noqa: T201
    print(outcome.line)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
