"""cascade: liquidations that push price into the next ones, told once and kept up to date while it lasts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from liqbot.plugin import (
    Between,
    Duration,
    End,
    Help,
    Hit,
    MarketView,
    Need,
    Percent,
    Policy,
    Side,
    Usd,
    duration,
    percent,
    price,
    rule,
    usd,
)
from liqbot.text import N_, _, ngettext

LOOK_BACK_S = 900
"""A cascade begins where all that it takes is seen within so long."""


@dataclass
class Sample:
    """What a view told. USD."""

    time_ms: int
    spot: float
    long_usd: float
    short_usd: float
    swept_long: list[float] = field(default_factory=list[float])
    """Prices of the clusters of longs that were swept."""
    swept_short: list[float] = field(default_factory=list[float])


@dataclass
class Running:
    """A cascade that is on."""

    side: Side
    began_ms: int
    from_price: float
    extreme: float
    usd: float
    clusters: int
    last_ms: int
    """When something was last liquidated on its side."""


@dataclass
class Course:
    """The last minutes, and the cascade that is on."""

    samples: list[Sample] = field(default_factory=list[Sample])
    running: Running | None = None


@rule("cascade", policy=Policy(cooldown=1_800, resolve=True), needs=[Need.LIQUIDATIONS])
class CascadeRule:
    """Price moves by `move` within 15 minutes, `at_least` is liquidated, clusters swept: at least `clusters`.

    It is one alert: its message is kept up to date while the cascade lasts, and closed with what it came to
    once nothing more was liquidated on that side for `quiet`.
    """

    State = Course

    def read(
        self,
        view: MarketView,
        state: Course,
        *,
        move: Annotated[Percent, Between(0.1, 50), Help("minimum move of the price")] = 1.5,
        at_least: Annotated[Usd, Help("minimum liquidated on the way")] = 2_000_000,
        clusters: Annotated[float, Between(0, 20), Help("minimum number of clusters that were swept")] = 1,
        quiet: Annotated[Duration, Between(60, 3_600), Help("it is over after so long without more")] = 600,
    ) -> Iterator[Hit]:
        """Yield a hit while a cascade lasts, and one more that says what it came to."""
        _take(state, view)
        if state.running is None:
            state.running = _begun(state, view, move, at_least, clusters)
        else:
            _go_on(state.running, state.samples[-1])
        running = state.running
        if running is None:
            return
        is_over = view.time_ms - running.last_ms > quiet * 1000
        if is_over:
            state.running, state.samples = None, state.samples[-1:]
        yield _hit(running, view, is_over=is_over)


cascade = CascadeRule


def _take(state: Course, view: MarketView) -> None:
    swept = [one.cluster for one in view.ended if one.end is End.SWEPT]
    state.samples.append(
        Sample(
            view.time_ms,
            view.spot,
            view.liquidated.long,
            view.liquidated.short,
            [one.price for one in swept if one.side is Side.LONG],
            [one.price for one in swept if one.side is Side.SHORT],
        )
    )
    state.samples = [one for one in state.samples if view.time_ms - one.time_ms <= LOOK_BACK_S * 1000]


def _begun(state: Course, view: MarketView, move: float, at_least: float, clusters: float) -> Running | None:
    """Return the cascade that the last minutes amount to; None where they amount to none."""
    for side in Side:
        spots = [one.spot for one in state.samples]
        start = max(spots) if side is Side.LONG else min(spots)
        since = state.samples[spots.index(start) :]
        moved = (start - view.spot if side is Side.LONG else view.spot - start) / start * 100
        forced = sum(_usd(one, side) for one in since)
        swept = sum(len(_swept(one, side)) for one in since)
        if moved >= move and forced >= at_least and swept >= clusters:
            extreme = min(spots) if side is Side.LONG else max(spots)
            last = max((one.time_ms for one in since if _usd(one, side)), default=view.time_ms)
            return Running(side, since[0].time_ms, start, extreme, forced, swept, last)
    return None


def _go_on(running: Running, sample: Sample) -> None:
    more = _usd(sample, running.side)
    running.usd += more
    running.clusters += len(_swept(sample, running.side))
    running.extreme = (min if running.side is Side.LONG else max)(running.extreme, sample.spot)
    if more:
        running.last_ms = sample.time_ms


def _hit(running: Running, view: MarketView, *, is_over: bool) -> Hit:
    move = (running.extreme / running.from_price - 1) * 100
    lasted = duration(max(running.last_ms - running.began_ms, 60_000) / 1000)
    swept = ngettext("{count} cluster swept", "{count} clusters swept", running.clusters)
    back = (view.spot / running.extreme - 1) * 100
    return Hit(
        f"cascade-{running.side}-{running.began_ms}",
        _(
            _SEEN[running.side, is_over],
            usd=usd(running.usd),
            move=percent(move, signed=True),
            time=lasted,
            clusters=swept,
        ),
        means=_(
            "From {start} to {extreme}; spot is {spot}, {distance} from there.",
            start=price(running.from_price),
            extreme=price(running.extreme),
            spot=price(view.spot),
            distance=percent(back, signed=True),
        ),
        caveat=_("It says what was forced so far, not where price goes next."),
        value=running.usd,
        side=running.side,
        live=True,
        over=is_over,
    )


_SEEN = {
    (Side.LONG, False): N_("cascade on: {usd} of longs, {move} in {time}, {clusters}"),
    (Side.LONG, True): N_("cascade over: {usd} of longs, {move} in {time}, {clusters}"),
    (Side.SHORT, False): N_("cascade on: {usd} of shorts, {move} in {time}, {clusters}"),
    (Side.SHORT, True): N_("cascade over: {usd} of shorts, {move} in {time}, {clusters}"),
}
"""What is seen, by side and by whether it is over."""


def _usd(sample: Sample, side: Side) -> float:
    return sample.long_usd if side is Side.LONG else sample.short_usd


def _swept(sample: Sample, side: Side) -> list[float]:
    return sample.swept_long if side is Side.LONG else sample.swept_short
