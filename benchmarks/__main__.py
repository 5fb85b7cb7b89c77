"""Run all benchmarks and print the table; `--write` puts it into docs/pages/performance.md."""

import argparse
import sys
from pathlib import Path

from benchmarks import (
    alerting,
    alerting_shared,
    broadcasting,
    browsing,
    chatting,
    covering,
    drawing,
    hosting,
    mapping,
    modelling,
    node,
    polling,
    replaying,
    scanning,
    scanning_shared,
    sending,
    sending_shared,
    serving,
    sharing,
    slow_disk,
    starting,
    ticking,
    yearly,
)
from benchmarks.measure import Row
from docs.sections import replace_section

PAGE = Path(__file__).parents[1] / "docs" / "pages" / "performance.md"

PARTS = (
    drawing,  # first: it measures how long the very first picture takes
    mapping,
    ticking,
    modelling,
    replaying,
    alerting,
    alerting_shared,
    sharing,
    slow_disk,
    sending,
    sending_shared,
    broadcasting,
    chatting,
    polling,
    covering,
    node,
    scanning,
    scanning_shared,
    serving,
    browsing,
    starting,
    hosting,
    yearly,
)
"""What is measured, in the order of the table."""


def main() -> int:
    """Return 0 where every bound is kept, 1 where one is not."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/pages/performance.md")
    arguments = parser.parse_args()
    table = ["| what | measured | against | |", "| --- | --- | --- | --- |"]
    broken = 0
    print("\n".join(table), flush=True)
    for part in PARTS:
        for row in part.rows():
            table.append(_line(row))
            broken += row.holds is False
            print(table[-1], flush=True)
    if arguments.write:
        PAGE.write_text(replace_section(PAGE.read_text(), "performance", "\n".join(table)))
    return 1 if broken else 0


def _line(row: Row) -> str:
    mark = {True: "✓", False: "✗", None: ""}[row.holds]
    return f"| {row.what} | {row.measured} | {row.against} | {mark} |"


if __name__ == "__main__":
    sys.exit(main())
