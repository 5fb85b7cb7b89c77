"""Maps of one coin side by side: venues, or the models of one venue, and how far they agree."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from liqbot.market.agreement import Agreement, agreements
from liqbot.market.layer import Basis
from liqbot.market.layer_source import Method
from liqbot.market.view import MarketView
from liqbot.rules.wording import quoted
from liqbot.service.errors import UserError
from liqbot.service.layers import LayerQuery, Seen
from liqbot.service.markets import Markets

MOST = 4
"""More maps than this cannot be told apart side by side."""
VENUE, MODEL = "venue", "model"
_TITLES = {
    Method.CONSERVING: "conserving (ours)",
    Method.SWEEPING: "sweep only",
    Method.STACKING: "stack",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the maps that are compared."""

    title: str
    seen: Seen

    @property
    def view(self) -> MarketView:
        """Its view."""
        return self.seen.view


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedAnswer:
    """One map in figures. USD; a modelled one's are upper bounds."""

    title: str
    label: str
    is_modelled: bool
    up_usd: float
    down_usd: float
    ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonAnswer:
    """Maps of one coin side by side; their money is never added."""

    coin: str
    spot: float
    time_ms: int
    maps: tuple[ComparedAnswer, ...]
    agreements: tuple[Agreement, ...]
    """How far each two agree on where the money is."""


def read_by(text: str) -> str:
    """Return what is compared: venues, or models. Raises `UserError`."""
    by = text.lower()
    if by not in (VENUE, MODEL):
        raise UserError("by= takes venue or model, not {text}.", text=quoted(by))
    return by


def compared(markets: Markets, coin: str, query: LayerQuery, by: str = VENUE) -> list[Compared]:
    """Return the maps to compare: of each venue, or by each model of one. Raises `UserError`."""
    own = markets.seen(coin, LayerQuery()).view
    layers = [own, *(view for view in markets.layers.of(coin) if view.layer != own.layer)]
    if by == MODEL:
        return _by_model(markets, coin, query, layers)
    if len(layers) < 2:
        raise UserError(
            "Only {layer} has {coin} here: there is nothing to compare it with.",
            layer=own.layer.label,
            coin=coin,
        )
    return [Compared(view.layer.label, markets.layers.whole(view)) for view in layers[:MOST]]


async def comparison_answer(coin: str, maps: Sequence[Compared]) -> ComparisonAnswer:
    """Return the maps in figures."""
    told = await asyncio.to_thread(agreements, [(one.title, one.view) for one in maps])
    first = maps[0].view
    return ComparisonAnswer(
        coin=coin,
        spot=first.spot,
        time_ms=max(one.view.time_ms for one in maps),
        maps=tuple(
            ComparedAnswer(
                title=one.title,
                label=one.view.layer.label,
                is_modelled=one.view.layer.basis is Basis.MODELLED,
                up_usd=one.view.up_usd,
                down_usd=one.view.down_usd,
                ratio=one.view.ratio,
            )
            for one in maps
        ),
        agreements=tuple(told),
    )


def _by_model(markets: Markets, coin: str, query: LayerQuery, layers: Sequence[MarketView]) -> list[Compared]:
    if query.venue is not None:
        seen = markets.seen(coin, query)
    else:
        modelled = [view for view in layers if view.layer.basis is Basis.MODELLED]
        if not modelled:
            raise UserError("Nothing is modelled of {coin}: there are no models to compare.", coin=coin)
        seen = markets.layers.whole(max(modelled, key=lambda view: view.open_interest_usd or 0.0))
    if len(seen.parts) != 1:
        raise UserError("Models are compared of one modelled venue: name it, as venue=binance.")
    ((source, part),) = seen.parts
    maps: list[Compared] = []
    for method in Method:
        own = source.by_method(method)
        maps.append(Compared(_TITLES[method], Seen(own.view_of(part), ((own, part),))))
    return maps
