"""Another layer of the same coin in a few figures on a view, leans, and how far two layers disagree."""

from collections.abc import Iterable
from dataclasses import dataclass

from liqbot.market.layer import Basis, Layer
from liqbot.market.regime import Fuel, OfFuel
from liqbot.market.side import BySide


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere(OfFuel):
    """What another layer says of the coin: a venue with its basis. Never to be added to a view's own."""

    layer: Layer
    time_ms: int
    """When that was so; no later than the view that carries it, or a beat of a source away."""
    spot: float
    up_usd: float
    """Short liquidations in (spot, 1.05 spot]."""
    down_usd: float
    """Long liquidations in [0.95 spot, spot)."""
    open_interest_usd: float | None
    """One-sided; None where unknown."""
    funding: float | None
    """Fraction per hour, positive where longs pay; None where unknown."""
    side_coverage: BySide[float] | None = None
    """Known share of each side's open interest, see `Fuel`."""
    long_accounts: float | None = None
    """Accounts that are net long, as a share (0 to 1): heads, not money; None: unknown."""

    taker_buy: float | None = None
    """Share (0 to 1) that takers bought of what takers traded lately; None: unknown."""

    @property
    def fuel(self) -> Fuel:
        """What would be force-closed near spot, and how much of each side is known."""
        return Fuel(self.up_usd, self.down_usd, self.side_coverage)


def mean_lean(readings: Iterable[Elsewhere]) -> float | None:
    """Return the mean lean of several layers, weighted by their open interest; None where none has a lean.

    Leans are averaged, dollars are not added: the fuel of a modelled layer is an estimate. Where a layer's
    open interest is unknown, all layers count alike.
    """
    known = [(reading.lean, reading.open_interest_usd) for reading in readings]
    leans = [(lean, usd) for lean, usd in known if lean is not None]
    if not leans:
        return None
    weights = [usd or 0.0 for _, usd in leans]
    if not all(weights):
        weights = [1.0] * len(leans)
    return sum(lean * weight for (lean, _), weight in zip(leans, weights, strict=True)) / sum(weights)


def divergence_of(lean: float | None, others: Iterable[Elsewhere], basis: Basis) -> float | None:
    """Return how much higher the fuel lies than in the `others` of the other basis than `basis`.

    Half the difference of the leans: +1 where all fuel here lies above spot and all there below, 0 where
    they agree, -1 the other way round. None where either has no reading.
    """
    there = mean_lean(reading for reading in others if reading.layer.basis is not basis)
    return None if lean is None or there is None else (lean - there) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What price went through, by the model and in truth, since some time. USD, by side."""

    since_ms: int
    modelled: BySide[float]
    """What the model had at the levels that price went through, at the price of then."""
    realised: BySide[float] | None
    """Liquidations that the venue reported; None where none was ever heard of: perhaps it reports none."""
    foreseen: BySide[float] | None
    """Part of `realised` that took place where the model had something."""
    sampled: bool
    """Whether the venue reports only some of its liquidations, so that `realised` is a lower bound."""
