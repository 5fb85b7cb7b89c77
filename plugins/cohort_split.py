"""cohort-split: whales and retail stand on opposite sides."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import (
    Between,
    Cohort,
    CohortReading,
    Help,
    Hit,
    MarketView,
    Percent,
    Policy,
    Side,
    Usd,
    rule,
    share,
    usd,
)


@rule("cohort-split", policy=Policy(hold=600, recover=600, cooldown=12 * 3_600))
def cohort_split(
    view: MarketView,
    *,
    lean: Annotated[Percent, Between(5, 100), Help("minimum lean of each: net over gross position")] = 20.0,
    at_least: Annotated[Usd, Help("minimum size held by each cohort")] = 5_000_000,
) -> Iterator[Hit]:
    """Whales and retail lean to opposite sides, each by at least `lean`."""
    whales, retail = view.cohorts.get(Cohort.WHALE), view.cohorts.get(Cohort.RETAIL)
    if whales is None or retail is None or min(_gross(whales), _gross(retail)) < at_least:
        return
    whales_lean, retail_lean = _lean(whales), _lean(retail)
    least = min(abs(whales_lean), abs(retail_lean))
    if whales_lean * retail_lean >= 0 or least < 0.8 * lean / 100:
        return
    side = Side.LONG if whales_lean > 0 else Side.SHORT
    yield Hit(
        key=side,
        text=(
            f"whales are {share(abs(whales_lean))} net {side} on {usd(_gross(whales))}, "
            f"retail {share(abs(retail_lean))} net {side.other} on {usd(_gross(retail))}"
        ),
        means=f"A move against the {side.other}s would squeeze retail; one against the {side}s the whales.",
        caveat="Whales are the largest accounts here; some of them hedge elsewhere.",
        value=least,
        side=side.other,
        holding=least < lean / 100,
    )


def _gross(reading: CohortReading) -> float:
    return reading.open_usd.long + reading.open_usd.short


def _lean(reading: CohortReading) -> float:
    """Return net over gross open size: 1 is all long, -1 all short."""
    return (reading.open_usd.long - reading.open_usd.short) / _gross(reading)
