"""Measure how wrong the modelled map is in the simulated market, and write the tables into how-wrong.md.

`python -m docs.how_wrong` takes some minutes: three simulated markets, two months each.
"""

from collections.abc import Sequence
from pathlib import Path

from docs.sections import replace_section
from liqbot.cli.validating import (
    FORECAST_COLUMNS,
    MAP_COLUMNS,
    forecast_rows,
    map_rows,
    simulated,
    summary,
)
from liqbot.engine.assumptions import Assumptions

PAGE = Path(__file__).with_name("how-wrong.md")
COIN, DAYS, MARKETS = "BTC", 60, 3


def main() -> None:
    """Write the tables anew."""
    found, sharp = simulated(COIN, DAYS, MARKETS, [Assumptions(), Assumptions(spread=0.0)])
    parts = [
        summary(found),
        _table(MAP_COLUMNS, map_rows(found)),
        _table(FORECAST_COLUMNS, forecast_rows(found)),
    ]
    page = replace_section(PAGE.read_text(), "simulated", "\n\n".join(parts))
    rows = [_table(MAP_COLUMNS, map_rows(sharp)[:1]), _table(FORECAST_COLUMNS, forecast_rows(sharp)[:1])]
    PAGE.write_text(replace_section(page, "sharp", "\n\n".join(rows)))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


if __name__ == "__main__":
    main()
