"""liquidation-burst: far more is liquidated within minutes than in a usual hour of the coin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from liqbot.plugin import (
    Between,
    Duration,
    Help,
    Hit,
    LiquidationSum,
    MarketEvent,
    MarketView,
    Need,
    Ratio,
    Side,
    Usd,
    duration,
    event_rule,
    ratio,
    usd,
    usual_hour,
)
from liqbot.text import N_, _

UNCOUNTED = 1_000
"""From so many times a usual hour on the figure is not told: it would say nothing more."""

HOUR_MS = 3_600_000
USUAL_HOURS = 7 * 24
"""So many hours tell what a usual one is."""
LATE_MS = 2 * HOUR_MS
"""What a venue tells later than so counts for the usual hour only."""


@dataclass
class Minute:
    """What was liquidated within a minute. USD."""

    began_ms: int
    long_usd: float = 0.0
    short_usd: float = 0.0
    sampled: bool = False


@dataclass
class Past:
    """The last minutes, and the last week by hours."""

    minutes: list[Minute] = field(default_factory=list[Minute])
    hours: dict[int, float] = field(default_factory=dict[int, float])
    """By the number of the hour since 1970: USD."""
    since_hour: int | None = None
    """From which hour on all are known."""


@event_rule("liquidation-burst", cooldown=1_800, needs=[Need.LIQUIDATIONS])
class LiquidationBurst:
    """Within `within`, `times` times as much is liquidated as in a usual hour, and at least `at_least`.

    The usual hour is the coin's own: the median of the last week's hours. Until a day of them is known, the
    dollars alone decide.
    """

    State = Past

    def read(
        self,
        view: MarketView,
        events: tuple[MarketEvent, ...],
        state: Past,
        *,
        within: Annotated[Duration, Between(60, 3_600), Help("how long the burst may take")] = 300,
        times: Annotated[Ratio, Between(0.1, 1_000), Help("as a multiple of a usual hour")] = 3.0,
        at_least: Annotated[Usd, Help("minimum sum")] = 1_000_000,
    ) -> Iterator[Hit]:
        """Yield a hit for a burst that ends now, of the side that was hit harder."""
        _take(state, events, view.time_ms)
        since_ms = view.time_ms - within * 1000 - 60_000
        told = [one for one in state.minutes if one.began_ms > since_ms]
        longs, shorts = sum(one.long_usd for one in told), sum(one.short_usd for one in told)
        usual = usual_hour(_hours_before(state, view.time_ms))
        if longs + shorts < max(at_least, times * (usual or 0.0)) or not any(
            isinstance(event, LiquidationSum) for event in events
        ):
            return
        side = Side.LONG if longs >= shorts else Side.SHORT
        yield Hit(
            key=f"burst-{side}",
            text=_seen(max(longs, shorts), longs + shorts, side, within),
            means=_meaning(longs + shorts, usual),
            caveat=_("A lower bound: the venue tells only some of its liquidations.")
            if any(one.sampled for one in told)
            else _("It says what was forced, not that more will be."),
            value=longs + shorts,
            side=side,
        )


liquidation_burst = LiquidationBurst


def _take(state: Past, events: Sequence[MarketEvent], now_ms: int) -> None:
    """Take up sums, and forget what is too old for either question."""
    hour = now_ms // HOUR_MS
    state.since_hour = hour if state.since_hour is None else state.since_hour
    for event in events:
        if not isinstance(event, LiquidationSum):
            continue
        state.hours[event.time_ms // HOUR_MS] = state.hours.get(event.time_ms // HOUR_MS, 0.0) + event.usd
        if now_ms - event.time_ms > LATE_MS:
            continue
        minute = next((one for one in state.minutes if one.began_ms == event.time_ms), None)
        if minute is None:
            minute = Minute(event.time_ms)
            state.minutes.append(minute)
        minute.long_usd += event.usd if event.side is Side.LONG else 0.0
        minute.short_usd += event.usd if event.side is Side.SHORT else 0.0
        minute.sampled = minute.sampled or event.sampled
    state.minutes = [one for one in state.minutes if now_ms - one.began_ms <= LATE_MS]
    state.hours = {number: usd for number, usd in state.hours.items() if hour - number <= USUAL_HOURS}


def _hours_before(state: Past, now_ms: int) -> list[float]:
    """Return the USD of each whole hour that is known, quiet ones included, without the one that is on."""
    now = now_ms // HOUR_MS
    first = max(now - USUAL_HOURS, min([state.since_hour or now, *state.hours]))
    return [state.hours.get(number, 0.0) for number in range(first, now)]


def _seen(heavier: float, both: float, side: Side, within: float) -> str:
    is_all = both - heavier < 0.05 * both
    return _(_SEEN[side, is_all], usd=usd(heavier), both=usd(both), time=duration(within))


def _meaning(both: float, usual: float | None) -> str:
    if usual is None:
        return _("What a usual hour brings is not known yet: less than a day was seen.")
    if not usual:
        return _("In a usual hour of the last week nothing is liquidated.")
    if both >= UNCOUNTED * usual:
        return _("That is over a thousand times a usual hour ({usd}).", usd=usd(usual))
    return _("That is {times} times a usual hour ({usd}).", times=ratio(both / usual), usd=usd(usual))


_SEEN = {
    (Side.LONG, True): N_("{usd} of longs liquidated within {time}"),
    (Side.SHORT, True): N_("{usd} of shorts liquidated within {time}"),
    (Side.LONG, False): N_("{usd} of longs liquidated of {both} in all within {time}"),
    (Side.SHORT, False): N_("{usd} of shorts liquidated of {both} in all within {time}"),
}
"""What is seen, by the side that was hit harder and by whether the other was hit at all."""
