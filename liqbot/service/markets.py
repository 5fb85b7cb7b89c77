"""Markets: the newest view of each coin by layer, and the answer about one (`market(coin, query)`).

Not here: the figures of an answer (`market_answer.py`), which layers there are (`layers.py`).
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from liqbot.alerts.layer_choice import BEST, MEASURED, MODELLED, LayerChoices, fits, plain
from liqbot.market.layer import Basis, Origin
from liqbot.market.layer_source import LayerSource
from liqbot.market.view import MarketView
from liqbot.rules.rule import Need
from liqbot.rules.wording import nearest, quoted
from liqbot.service.errors import UserError
from liqbot.service.layers import LayerQuery, Layers, Seen
from liqbot.service.market_answer import MarketAnswer, market_answer
from liqbot.text import _
from liqbot.text.figures import listed

_NO_SNAPSHOTS: Mapping[str, LayerSource] = MappingProxyType({})
BEST_WORD = "best"
"""What people type as a venue for the best layer that there is."""


@dataclass(slots=True)
class Markets:
    """The newest views, and what is asked of them."""

    views: dict[str, MarketView] = field(default_factory=dict[str, MarketView])
    """The newest view of each coin, of the best layer that there is."""
    layers: Layers = field(default_factory=Layers)
    """The newest view of each coin in each layer."""
    choices: LayerChoices = field(default_factory=LayerChoices)
    """Which layer a watch reads."""
    clock: Callable[[], int] = int
    """The time in ms since 1970 UTC."""
    _awaited: dict[str, list[asyncio.Future[None]]] = field(
        default_factory=dict[str, "list[asyncio.Future[None]]"]
    )
    """Who waits for the first view of a coin."""
    _any: asyncio.Event = field(default_factory=asyncio.Event)
    _revisions: Counter[str] = field(default_factory=Counter[str])

    def now_of(self, view: MarketView) -> int:
        """Return the time by which a view is old: the clock's, where its market is live."""
        return self.clock() if view.layer.origin is Origin.LIVE else view.time_ms

    def take(self, views: Sequence[MarketView], snapshots: Mapping[str, LayerSource] = _NO_SNAPSHOTS) -> None:
        """Show the newest views of one layer; by coin, with the snapshots that they were made from."""
        self.layers.keep(views, snapshots)
        self._revisions.update(view.coin for view in views)
        now_ms = self.clock()
        shown = [view for view in views if self.choices.shown(view.coin, "", now_ms) == view.layer]
        self.views.update({view.coin: self.layers.beside(view) for view in shown})
        if self.views:
            self._any.set()
        for view in shown:
            for waiting in self._awaited.pop(view.coin, ()):
                if not waiting.done():
                    waiting.set_result(None)

    async def arrives(self, coin: str, within_s: float) -> bool:
        """Wait until there is a view of a coin; return whether there is one within so many seconds."""
        if coin in self.views:
            return True
        waiting = asyncio.get_running_loop().create_future()
        self._awaited.setdefault(coin, []).append(waiting)
        try:
            async with asyncio.timeout(within_s):
                await waiting
        except TimeoutError:
            return coin in self.views
        return True

    async def any_arrives(self) -> None:
        """Wait until there is a view of any coin."""
        await self._any.wait()

    def forget(self, coin: str) -> None:
        """Show a coin no longer: nobody follows it."""
        self.views.pop(coin, None)
        self._revisions[coin] += 1

    def revision(self, coin: str) -> int:
        """Return a number that is another one once anything that is shown of a coin may be another."""
        return self._revisions[coin]

    @property
    def coins(self) -> tuple[str, ...]:
        """The coins of which something is known."""
        return tuple(self.views)

    def view(self, coin: str) -> MarketView | None:
        """Return the newest view of a coin; None where there is none yet."""
        return self.views.get(coin)

    def watched(self, coin: str, venue: str) -> MarketView | None:
        """Return the newest view that a watch of that `venue` reads; None where there is none yet."""
        if venue == BEST:
            return self.views.get(coin)
        layer = self.choices.shown(coin, venue, self.clock())
        view = None if layer is None else self.layers.view(coin, layer)
        own = self.views.get(coin)
        if view is None and own is not None and fits(own.layer, venue):
            view = own
        return None if view is None else self.layers.beside(view)

    def in_layer(self, coin: str, key: str) -> MarketView | None:
        """Return the newest view of a coin in the layer of that key; None where there is none yet."""
        own = self.views.get(coin)
        known = [*self.layers.of(coin), *([] if own is None else [own])]
        return next((view for view in known if view.layer.key == key), None)

    def watchable(self, coin: str) -> dict[str, str]:
        """Return what `venue=` of a subscription takes for `coin`, each with a word on what it is."""
        own = self.views.get(coin)
        known = [view.layer for view in self.layers.of(coin)] + ([] if own is None else [own.layer])
        layers = dict.fromkeys([*known, *self.choices.layers])
        named = {layer.venue.lower(): layer.label for layer in layers}
        bases = {layer.basis.value for layer in layers}
        words = {MEASURED: _("the best measured layer"), MODELLED: _("the best modelled layer")}
        return named | {basis: words[basis] for basis in (MEASURED, MODELLED) if basis in bases}

    def lacking(self, needs: Collection[Need], coin: str, venue: str) -> str:
        """Return what no source of this bot has and a rule needs; empty where nothing is lacking."""
        bases = {
            layer.basis for layer in (*self.choices.layers, *(view.layer for view in self.layers.of(coin)))
        }
        view = self.watched(coin, venue)
        if Need.BOTH_MAPS in needs and bases and len(bases) < len(Basis):
            return Need.BOTH_MAPS
        if Need.ACCOUNTS in needs and view is not None and view.layer.basis is Basis.MODELLED:
            return Need.ACCOUNTS
        return ""

    def venue(self, coin: str, typed: str) -> str:
        """Return the venue that was typed for a subscription as it is kept. Raises `UserError`."""
        if plain(typed) in ("", "best", "any"):
            return BEST
        known = self.watchable(coin)
        found = next((name for name in known if plain(name) == plain(typed)), None)
        if found is not None:
            return found
        names = listed([BEST_WORD, *known])
        near = nearest(typed, known)
        if near:
            raise UserError(
                "There is no venue {venue} here. Did you mean {near}?", venue=quoted(typed), near=near
            )
        raise UserError(
            "There is no venue {venue} here. Choose from {names}.", venue=quoted(typed), names=names
        )

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
