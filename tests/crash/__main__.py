"""The long form of the crash suite: `make soak`. The last line of each database tells what came of it."""

import argparse
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from crash.campaign import campaign, deaths, seeded
from postgres_server import programs, running

CHATS = 5_000
WAVES = 3
SEED = 7


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--on", choices=["sqlite", "postgres"], help="one kind of database; by default both")
    parser.add_argument("--chats", type=int, default=CHATS)
    parser.add_argument("--waves", type=int, default=WAVES)
    asked = parser.parse_args()
    kinds = [asked.on] if asked.on else ["sqlite", "postgres"]
    well = [_is_well(kind, asked.chats, asked.waves) for kind in kinds]
    return 0 if all(well) else 1


def _is_well(kind, chats, waves):
    """Run it on one kind of database; return whether nothing was lost or doubled."""
    found = programs() if kind == "postgres" else None
    if kind == "postgres" and found is None:
        print("postgres: skipped, PostgreSQL is not installed")  # noqa: T201 - the report of a program
        return True
    chance = seeded(SEED)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "lives.log"
        try:
            with (
                _new(found, Path(folder)) as address,
                campaign(Path(folder), address, chats=chats, share=0.25, seed=SEED) as ours,
            ):
                for _ in range(waves):
                    ours.broadcast(deaths(chance, address, rounds=2, reach=40, randomly=8, longest_s=0.6))
                outcome = ours.finish()
        except RuntimeError:
            print(log.read_text())  # noqa: T201 - it is gone with its folder
            raise
        tell(kind, outcome, log.read_text())
    return outcome.is_well


@contextmanager
def _new(found, folder):
    """Give the address of a new database."""
    if found is None:
        yield folder / "liqbot.db"
        return
    with running(found, settings=()) as server:
        yield server.make("liqbot_model")


def tell(kind, outcome, log):
    for point, count in outcome.kills.items():
        print(f"{count:4} killed at {point or 'a random time'}")  # noqa: T201
    if not outcome.is_well:
        print(log)  # noqa: T201
    print(f"integrity_check: {outcome.damage}")  # noqa: T201
    print(f"{kind}: {outcome.line}")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
