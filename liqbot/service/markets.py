"""What is known of each coin now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from liqbot.market.view import MarketView
from liqbot.service.errors import UserError
from liqbot.service.layers import LayerQuery, Layers, Seen
from liqbot.service.market_answer import MarketAnswer, market_answer


@dataclass(slots=True)
class Markets:
    """The newest views, and what is asked of them."""

    views: dict[str, MarketView] = field(default_factory=dict[str, MarketView])
    """The newest view of each coin, of the best layer that there is."""
    layers: Layers = field(default_factory=Layers)
    """The newest view of each coin in each layer."""

    @property
    def coins(self) -> tuple[str, ...]:
        """The coins of which something is known."""
        return tuple(self.views)

    def view(self, coin: str) -> MarketView | None:
        """Return the newest view of a coin; None where there is none yet."""
        return self.views.get(coin)

    def all(self) -> Iterable[MarketView]:
        """Return the newest view of each coin."""
        return self.views.values()

    def seen(self, coin: str, query: LayerQuery) -> Seen:
        """Return the view of `coin` that is asked for, the coin's own by default. Raises `UserError`."""
        if coin not in self.views:
            raise UserError("There is no data of {coin} yet. /status says what is being read.", coin=coin)
        return self.layers.whole(self.views[coin]) if query == LayerQuery() else self.layers.seen(coin, query)

    async def market(self, coin: str, query: LayerQuery | None = None) -> MarketAnswer:
        """Return the figures of a coin, by default of the best layer that there is. Raises `UserError`."""
        return market_answer(self.seen(coin, query or LayerQuery()).view)

    async def each_layer(self, coin: str) -> list[MarketAnswer]:
        """Return the figures of a coin in each of its layers."""
        return [market_answer(view) for view in self.layers.of(coin)]

    def venues(self, coin: str) -> Mapping[str, str]:
        """Return what `venue=` takes for a coin, each with a word on what it is."""
        return self.layers.venues(coin)
