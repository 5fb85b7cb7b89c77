"""Run all benchmarks and print the table; `--write` puts it into docs/pages/performance.md.

`--shared` runs those of several processes alone, on PostgreSQL: six to eight minutes.
"""

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
    slow_disk,
    sending,
    broadcasting,
    chatting,
    polling,
    covering,
    node,
    scanning,
    serving,
    browsing,
    starting,
    hosting,
    yearly,
)
"""What is measured, in the order of the table."""
SHARED = (sharing, sending_shared, scanning_shared, alerting_shared)
"""What several processes on PostgreSQL do: a table of its own."""


def main() -> int:
    """Return 0 where every bound is kept, 1 where one is not."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/pages/performance.md")
    parser.add_argument("--shared", action="store_true", help="only what several processes on PostgreSQL do")
    arguments = parser.parse_args()
    broken = False
    for section, parts in (("performance", PARTS), ("several-processes", SHARED)):
        if section == "performance" and arguments.shared:
            continue
        table = ["| what | measured | against | |", "| --- | --- | --- | --- |"]
        print("\n".join(table), flush=True)
        for part in parts:
            for row in part.rows():
                table.append(_line(row))
                broken |= row.holds is False
                print(table[-1], flush=True)
        if arguments.write:
            PAGE.write_text(replace_section(PAGE.read_text(), section, "\n".join(table)))
    return 1 if broken else 0


def _line(row: Row) -> str:
    mark = {True: "✓", False: "✗", None: ""}[row.holds]
    return f"| {row.what} | {row.measured} | {row.against} | {mark} |"


if __name__ == "__main__":
    sys.exit(main())
