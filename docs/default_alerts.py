"""Measure what the default alerts are worth, and write the tables into pages/numbers.md.

`python -m docs.default_alerts RECORDING` writes what a recording says; `python -m docs.default_alerts
--simulated` what simulated markets say (some minutes).
"""

import asyncio
import sys
from pathlib import Path

from docs.sections import replace_section
from liqbot.operations.rule_measurement import measured_of_recording, measured_of_simulator, table

PAGE = Path(__file__).parent / "pages" / "numbers.md"
DAYS, MARKETS = 8, 2


def main() -> None:
    """Write a table anew."""
    if sys.argv[1:] == ["--simulated"]:
        name, found = "alerts-simulated", asyncio.run(measured_of_simulator(DAYS, MARKETS))
    else:
        name, found = "alerts-recorded", asyncio.run(measured_of_recording(Path(sys.argv[1])))
    PAGE.write_text(replace_section(PAGE.read_text(), name, table(found)))


if __name__ == "__main__":
    main()
