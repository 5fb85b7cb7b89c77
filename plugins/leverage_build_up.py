"""leverage-build-up: open interest rises, and the fuel of one side thickens with it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

from liqbot.plugin import (
    Between,
    BySide,
    Duration,
    Help,
    Hit,
    MarketView,
    Need,
    Percent,
    Policy,
    Side,
    duration,
    percent,
    rule,
    usd,
)

SAMPLES = 24


class Sample(NamedTuple):
    """How things stood once."""

    time_ms: int
    coins: float
    """Open interest in coins: price alone does not change it."""
    up_usd: float
    down_usd: float


@dataclass
class Past:
    """Samples of the time that is looked at, the oldest first."""

    samples: list[Sample] = field(default_factory=list[Sample])


@rule("leverage-build-up", policy=Policy(cooldown=6 * 3_600), needs=[Need.OPEN_INTEREST])
class LeverageBuildUp:
    """Open interest is up by `by` within `span`, and one side's fuel within 5% of spot by `thicker`."""

    State = Past

    def read(
        self,
        view: MarketView,
        state: Past,
        *,
        by: Annotated[Percent, Between(0.5, 500), Help("minimum rise in open interest, in coins")] = 5.0,
        thicker: Annotated[Percent, Between(1, 1000), Help("minimum rise in that side's fuel")] = 25.0,
        span: Annotated[Duration, Between(600, 7 * 86_400), Help("period over which it is measured")] = 4
        * 3_600,
    ) -> Iterator[Hit]:
        """Compare with the oldest sample within the span."""
        if view.open_interest is None:
            return
        now = Sample(view.time_ms, view.open_interest, view.up_usd, view.down_usd)
        samples = [sample for sample in state.samples if sample.time_ms >= view.time_ms - span * 1000]
        before = samples[0] if samples else now
        if not samples or view.time_ms - samples[-1].time_ms >= span * 1000 / SAMPLES:
            samples.append(now)
        state.samples = samples
        risen = _rise(before.coins, now.coins)
        fuel = BySide(long=_rise(before.down_usd, now.down_usd), short=_rise(before.up_usd, now.up_usd))
        side = Side.LONG if fuel.long > fuel.short else Side.SHORT
        if risen < 0.8 * by or fuel[side] < 0.8 * thicker or fuel[side.other] >= fuel[side] / 2:
            return
        held = now.down_usd if side is Side.LONG else now.up_usd
        took = duration((now.time_ms - before.time_ms) / 1000)
        yield Hit(
            key=side,
            text=(
                f"open interest up {percent(risen)} in {took}, and {side} liquidations within 5% "
                f"up {percent(fuel[side])} to {usd(held)}"
            ),
            means=f"New leverage is mostly {side}: the more of it, the faster a move against it runs.",
            caveat="Says who pays if price turns, not that it will.",
            value=risen,
            side=side,
            holding=risen < by or fuel[side] < thicker,
        )


def _rise(before: float, now: float) -> float:
    """Return by how many percent `now` is more; 0 where there was nothing to grow from."""
    return 100 * (now / before - 1) if before > 0 else 0.0
