"""The tables of `liqbot validate` and of `docs/how-wrong.md`, cell by cell."""

import math
from collections.abc import Mapping, Sequence

from liqbot.engine.trial import Findings, Interval, Outcome, outcome
from liqbot.engine.trial.candles import Expected

MAP_COLUMNS = (*("map", "rank correlation", "behind modelled", "mass in common", "behind modelled", "size"),)
FORECAST_COLUMNS = ("forecast", "bits gained", "behind modelled", "AUC", "lift at 20%")
EXPECTED_COLUMNS = ("days", "open interest", "swept a day", "expected to be liquidated a day")


def map_rows(found: Outcome) -> list[tuple[str, ...]]:
    """Return how like the real map each map is, in the order of `MAP_COLUMNS`."""
    return [
        (
            line.name,
            shown(line.correlation),
            shown(line.less_correlation),
            shown(line.common),
            shown(line.less_common, digits=3),
            shown(line.size),
        )
        for line in found.lines
        if line.common is not None
    ]


def forecast_rows(found: Outcome) -> list[tuple[str, ...]]:
    """Return what each map foresaw of the liquidations, in the order of `FORECAST_COLUMNS`; none unscored."""
    return [
        (
            line.name,
            shown(line.gain, digits=3),
            shown(line.less_gain, digits=3),
            shown(line.ranked),
            shown(line.lift),
        )
        for line in found.lines
        if line.gain is not None
    ]


def summary(found: Outcome) -> str:
    """Return what the figures rest on."""
    said = f"{found.maps} maps on {found.days} days"
    if not found.forecasts:
        return f"{said}. Liquidations are not known one by one: nothing could be scored by them."
    return f"{said}; {found.forecasts} forecasts, {found.events:,} liquidations. Intervals of 95%, by days."


def shown(interval: Interval | None, digits: int = 2) -> str:
    """Return an interval as a cell of a table: `0.12 (0.10…0.15)`; nothing for None, a dash for no number."""
    if interval is None:
        return ""
    figures = (interval.value, interval.low, interval.high)
    if not all(map(math.isfinite, figures)):
        return "—"
    value, low, high = (f"{round(number, digits) + 0.0:.{digits}f}".replace("-", "−") for number in figures)
    return f"{value} ({low}…{high})"


def recorded_rows(found: Mapping[str, Findings]) -> list[tuple[str, ...]]:
    """Return the rows of all coins together, of the four first and of each; `MAP_COLUMNS` after the name."""
    every = list(found.values())
    groups = {f"all {len(every)}": every, "the largest 4": every[:4]}
    rows = [(name, *row) for name, own in groups.items() for row in map_rows(outcome(own, same_days=True))]
    for coin, own in found.items():
        rows += [(coin, *row) for row in map_rows(outcome([own]))]
    return rows


def size_rows(found: Mapping[str, Sequence[Findings]]) -> list[tuple[str, ...]]:
    """Return by coin the size of the modelled map for each of several trials; all coins last."""
    rows = [(coin, *(_size(outcome([one])) for one in own)) for coin, own in found.items()]
    pooled = [outcome(list(trials), same_days=True) for trials in zip(*found.values(), strict=True)]
    return [*rows, ("all together", *map(_size, pooled))]


def expected_rows(expected: Mapping[tuple[str, str], Expected]) -> list[tuple[str, ...]]:
    """Return how much is swept and liquidated, in the order of `EXPECTED_COLUMNS`."""
    return [
        (f"{days} ({one.days})", interest, shown(_percent(one.swept)), shown(_percent(one.liquidated)))
        for (days, interest), one in expected.items()
    ]


def _size(found: Outcome) -> str:
    return shown(found.lines[0].size)


def _percent(interval: Interval) -> Interval:
    return Interval(*(100 * figure for figure in (interval.value, interval.low, interval.high)))
