"""trapped: far more than usual on one side are underwater."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from liqbot.plugin import (
    Between,
    BySide,
    Help,
    Hit,
    MarketView,
    Need,
    Percent,
    Policy,
    Side,
    SideChoice,
    rule,
    share,
    usd,
)
from liqbot.text import N_, _

LEAVING = 0.9
"""An alert stays on until the share is below its threshold, or below what is unusual, times this."""
DAY_MS = 86_400_000
STEP_MS = 4 * 3_600_000
"""Of so long a time one reading is remembered."""
MONTH_MS = 30 * DAY_MS
FEWEST_DAYS = 3
"""Of fewer days nobody can say what is usual."""


@dataclass
class Reading:
    """How much of each side was underwater, shares from 0 to 1; None where the side was empty."""

    time_ms: int
    shares: BySide[float | None]


@dataclass
class Month:
    """The coin's own last month, a reading of each step, the oldest first."""

    readings: list[Reading] = field(default_factory=list[Reading])


@rule("trapped", policy=Policy(cooldown=24 * 3_600), needs=[Need.ACCOUNTS])
class Trapped:
    """More than `over` of one side's open size is underwater, more than in `unusual` of its last month.

    In a long decline nearly all longs are underwater for weeks, which is no news. So a reading counts only if
    it is higher than most of the coin's own readings over the past 30 days. That takes at least three days
    of history; `unusual=0%` turns it off.
    """

    State = Month

    def read(
        self,
        view: MarketView,
        state: Month,
        *,
        over: Annotated[
            Percent, Between(1, 99), Help("minimum share of the side's open size that is underwater")
        ] = 70.0,
        side: Annotated[SideChoice, Help("whose positions")] = "either",
        depth: Annotated[Literal["0%", "5%"], Help("underwater at all, or by more than 5%")] = "0%",
        unusual: Annotated[
            Percent,
            Between(0, 100),
            Help("must be higher than in this share of the coin's last month; 0% turns this off"),
        ] = 90.0,
    ) -> Iterator[Hit]:
        """Yield a hit for each side of which too much is underwater."""
        shares = view.trapped.deep if depth == "5%" else view.trapped.underwater
        least = {one: max(over / 100, _usual(state, one, unusual / 100, view.time_ms)) for one in Side}
        for one in Side:
            held = shares[one]
            if held is None or side not in ("either", one) or held < LEAVING * least[one]:
                continue
            yield Hit(
                one,
                _(
                    _SEEN[one, depth == "5%"],
                    share=share(held),
                    usd=usd(held * view.open_usd[one]),
                    all=usd(view.open_usd[one]),
                ),
                means=_(_MEANING[one]),
                caveat=_(_CAVEAT),
                value=held,
                side=one,
                holding=held <= least[one],
            )
        _remember(state, view.time_ms, shares)


trapped = Trapped


def _usual(month: Month, side: Side, unusual: float, now_ms: int) -> float:
    """Return the share of `side` that was underwater in the highest of its usual readings.

    0 where it is not asked for, and infinite where too little of the month is known to say.
    """
    if not unusual:
        return 0.0
    if not month.readings or now_ms - month.readings[0].time_ms < FEWEST_DAYS * DAY_MS:
        return math.inf
    shares = sorted(one.shares[side] or 0.0 for one in month.readings)
    return shares[min(math.ceil(unusual * len(shares)), len(shares)) - 1]


def _remember(month: Month, now_ms: int, shares: BySide[float | None]) -> None:
    if not month.readings or now_ms // STEP_MS > month.readings[-1].time_ms // STEP_MS:
        month.readings.append(Reading(now_ms, shares))
    month.readings = [one for one in month.readings if now_ms - one.time_ms <= MONTH_MS]


_SEEN = {
    (Side.LONG, False): N_("{share} of the longs ({usd} of {all}) are underwater"),
    (Side.LONG, True): N_("{share} of the longs ({usd} of {all}) are underwater by more than 5%"),
    (Side.SHORT, False): N_("{share} of the shorts ({usd} of {all}) are underwater"),
    (Side.SHORT, True): N_("{share} of the shorts ({usd} of {all}) are underwater by more than 5%"),
}
"""What is seen, by side and by whether only what is deep counts."""
_CAVEAT = N_("Underwater is not liquidated: a trapped side can sit out a move, or be hedged elsewhere.")
_MEANING = {
    Side.LONG: N_("Trapped longs tend to sell into a bounce, and are force-sold if price falls on."),
    Side.SHORT: N_("Trapped shorts tend to buy back into a dip, and are force-bought if price rises on."),
}
