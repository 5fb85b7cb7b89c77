"""What is said of layers: how others lean, how far they disagree, and what came true of a modelled one."""

from liqbot.market.elsewhere import Elsewhere, Swept
from liqbot.market.figures import duration, ratio, share, usd
from liqbot.market.realised import RealisedShare
from liqbot.market.side import BySide
from liqbot.market.view import MarketView


def layer_lines(view: MarketView) -> list[str]:
    """Return what there is to say of a view's own layer and of the others."""
    lines = [elsewhere(other) for other in view.others]
    if view.divergence is not None:
        lines.append(divergence(view.divergence))
    return lines + came_true(view)


def came_true(view: MarketView) -> list[str]:
    """Return what came true of a modelled layer; nothing where there is no such reckoning."""
    lines = [] if view.swept is None else [swept(view.swept, view.time_ms)]
    return lines if view.realised_share is None else [*lines, realised(view.realised_share)]


def elsewhere(other: Elsewhere) -> str:
    """Return another layer in a line: `Binance, modelled: ▲ $1.2B above, ▼ $900M below, ratio 1.33`."""
    said = f"{other.layer.label}: ▲ {usd(other.up_usd)} above, ▼ {usd(other.down_usd)} below"
    return said if other.ratio is None else f"{said}, ratio {ratio(other.ratio)}"


def divergence(value: float) -> str:
    """Return what a divergence (-1 to +1) is and means."""
    agree = abs(value) < 0.25
    where = "they agree" if agree else f"the fuel lies {'higher' if value > 0 else 'lower'} here than there"
    return f"Divergence from the other basis: {value:+.2f} of ±1, {where}"


def swept(one: Swept, now_ms: int) -> str:
    """Return what came true: `Swept in 24 h: modelled $14.2M, realised $3.1M, 92% of it where modelled`."""
    span = duration((now_ms - one.since_ms) / 1000)
    said = f"Swept in {span}: modelled {usd(_both(one.modelled))}"
    if one.realised is None or one.foreseen is None:
        return f"{said}; no realised liquidation was heard of"
    realised, least = _both(one.realised), "at least " if one.sampled else ""
    said = f"{said}, realised {least}{usd(realised)}"
    return f"{said}, {share(_both(one.foreseen) / realised)} of it where modelled" if realised else said


def realised(one: RealisedShare) -> str:
    """Return how much of a modelled map is liquidated when price gets there, and how sure that is.

    `Of such levels about 9% are liquidated when price gets there (5% to 14%, by 12 d of this venue)`.
    """
    value, span = share(one.value), f"{share(one.low)} to {share(one.high)}"
    about = "at least" if one.is_lower_bound else "about"
    whence = f"by {duration(one.days * 86_400)} of this venue" if one.days else "by what was found elsewhere"
    return f"Of such levels {about} {value} are liquidated when price gets there ({span}, {whence})"


def _both(sides: BySide[float]) -> float:
    return sides.long + sides.short
