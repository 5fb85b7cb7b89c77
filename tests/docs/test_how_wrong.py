"""docs/how-wrong.md shows all rows, and its figures fit what was measured on days not used for tuning."""

import re
from pathlib import Path

import pytest
from shared import shared_file

from docs.how_wrong import FOUR, TRIED
from liqbot.engine.trial import DISTANCE, FREE, MODEL, STACK
from liqbot.operations.model_tilts import TILTS
from liqbot.operations.model_trial_tables import size_rows
from liqbot.operations.model_trials import compared, witnesses

PAGE = Path(__file__).parents[2] / "docs" / "how-wrong.md"
FIGURE = re.compile(r"^(-?[\d.]+) \((-?[\d.]+)…(-?[\d.]+)\)$")


def rows(name):
    """Return the rows of all tables of a generated section, without their heads."""
    text = PAGE.read_text()
    section = re.search(rf"<!-- {name}: .*?-->\n(.*?)<!-- /{name} -->", text, re.DOTALL)[1]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("|")]
    return [line for line in lines if line[0] not in ("coin", "map", "forecast", "assumed", "days", "---")]


def value(cell):
    return float(FIGURE.match(cell.replace("−", "-"))[1])


def test_sizes_fit_on_the_days_that_were_not_tuned_on():
    later = {coin: value(cell) for coin, _, cell in rows("sizes")}
    assert set(later) == {*FOUR, "all together"}
    assert 0.5 <= later["all together"] <= 2
    assert all(0.33 <= later[coin] <= 3 for coin in FOUR)


def test_what_is_expected_to_be_liquidated_on_real_candles_fits_what_is_published():
    expected = [value(cells[-1]) for cells in rows("candles")]
    assert len(expected) == 4
    assert all(0.1 <= share <= 0.5 for share in expected)


def test_every_coin_and_every_rival_is_in_the_table():
    shown = {}
    for coin, rival, *_ in rows("recorded"):
        shown.setdefault(coin, []).append(rival)
    assert set(FOUR) < set(shown)
    assert len(shown) >= 15
    assert all(rivals == [MODEL, FREE, STACK, DISTANCE] for rivals in shown.values())


def test_all_that_was_tried_is_told_whatever_came_of_it():
    assert {*TRIED, MODEL} < {cells[0] for cells in rows("tried")}
    without_funding = {name for name, tilt in TILTS.items() if not tilt.funding}
    assert {cells[0] for cells in rows("tilted")} == {MODEL, *without_funding}
    simulated = [cells[0] for cells in rows("simulated-tilted")]
    assert sorted(simulated) == sorted([MODEL, *TILTS] * 2), "maps, and forecasts"


@pytest.mark.long
def test_the_sizes_are_those_of_the_recording():
    file = shared_file("recordings/hyperliquid-positions-2026-02.csv.gz")
    seen = witnesses(file, FOUR)
    tuned, later = compared(seen, first_half=True), compared(seen)
    found = size_rows({coin: (tuned[coin], later[coin]) for coin in FOUR})
    assert [list(row) for row in found] == rows("sizes")
