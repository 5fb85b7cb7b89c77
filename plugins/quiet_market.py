"""quiet-market: price stands still between heavy clusters on both sides: a whipsaw warning."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from liqbot.plugin import (
    Between,
    Duration,
    Help,
    Hit,
    MarketView,
    Percent,
    Policy,
    Side,
    Usd,
    duration,
    percent,
    rule,
    usd,
)

SAMPLES = 48


@dataclass
class Range:
    """Lowest and highest spot by slice of time, as (ms, low, high), the oldest first."""

    slices: list[tuple[int, float, float]] = field(default_factory=list[tuple[int, float, float]])


@rule("quiet-market", policy=Policy(cooldown=8 * 3_600))
class QuietMarket:
    """Price has moved less than `calm` in `span`, with `at_least` of fuel within 5% on both sides."""

    State = Range

    def read(
        self,
        view: MarketView,
        state: Range,
        *,
        calm: Annotated[Percent, Between(0.1, 20), Help("maximum range of spot, low to high")] = 1.0,
        span: Annotated[Duration, Between(600, 7 * 86_400), Help("period over which it is measured")] = 4
        * 3_600,
        at_least: Annotated[Usd, Help("minimum fuel within 5% of spot, on each side")] = 5_000_000,
    ) -> Iterator[Hit]:
        """Follow the range of spot, and speak where it is narrow and both sides are heavy."""
        self._follow(view, state, span)
        began_ms = state.slices[0][0]
        low = min(slice_low for _, slice_low, _ in state.slices)
        high = max(slice_high for _, _, slice_high in state.slices)
        moved = 100 * (high / low - 1)
        lighter = min(view.up_usd, view.down_usd)
        is_whole = view.time_ms - began_ms >= 0.9 * span * 1000
        if not is_whole or moved > 1.25 * calm or lighter < 0.8 * at_least:
            return
        yield Hit(
            key="quiet",
            text=(
                f"quiet: {percent(moved)} in {duration((view.time_ms - began_ms) / 1000)}, "
                f"between {usd(view.down_usd)} of longs below and {usd(view.up_usd)} of shorts above"
            ),
            means="Whichever side breaks first is fed, and the way back is fed as well: whipsaw.",
            caveat="Quiet can last; this is a reason to size down, not a direction.",
            value=moved,
            side=Side.LONG if view.down_usd > view.up_usd else Side.SHORT,
            holding=moved > calm or lighter < at_least,
        )

    def _follow(self, view: MarketView, state: Range, span: float) -> None:
        low, high = min(view.low, view.spot), max(view.high, view.spot)
        slices = [item for item in state.slices if item[0] >= view.time_ms - span * 1000]
        if slices and view.time_ms - slices[-1][0] < span * 1000 / SAMPLES:
            at, slice_low, slice_high = slices[-1]
            slices[-1] = (at, min(slice_low, low), max(slice_high, high))
        else:
            slices.append((view.time_ms, low, high))
        state.slices = slices
