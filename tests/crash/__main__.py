"""The long form of the crash suite: `make soak`. Its last line tells what came of it."""

import sys
import tempfile
from pathlib import Path

from crash.campaign import campaign, deaths, seeded

CHATS = 5_000
WAVES = 3
SEED = 7


def main():
    chance = seeded(SEED)
    with tempfile.TemporaryDirectory() as folder:
        with campaign(Path(folder), chats=CHATS, share=0.25, seed=SEED) as ours:
            for _ in range(WAVES):
                ours.broadcast(deaths(chance, rounds=2, reach=40, randomly=8, longest_s=0.6))
            outcome = ours.finish()
        tell(outcome, (Path(folder) / "lives.log").read_text())
    return 0 if outcome.is_well else 1


def tell(outcome, log):
    for point, count in outcome.kills.items():
        print(f"{count:4} killed at {point or 'a random time'}")  # noqa: T201 - the report of a program
    if not outcome.is_well:
        print(log)  # noqa: T201
    print(f"integrity_check: {outcome.damage}")  # noqa: T201
    print(outcome.line)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
