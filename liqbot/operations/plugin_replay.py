"""`liqbot plugins replay`: rules read again what the bot's database has kept of observations."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from liqbot.alerts.layer_choice import fits, rank
from liqbot.alerts.preview import Firing, Preview, preview
from liqbot.charts.request import HeatmapInput
from liqbot.market.view import MarketView
from liqbot.operations.coin_names import spelled
from liqbot.rules.hit import RuleFault
from liqbot.rules.parameters import Value
from liqbot.rules.rule import Rule
from liqbot.service.pictures import cluster_of
from liqbot.service.windows import WINDOWS
from liqbot.sources.source import SourceError
from liqbot.store.address import DatabaseAddress
from liqbot.store.observations import step_at
from liqbot.store.opening import reading
from liqbot.store.store import Store


class NoSuchLayerError(ValueError):
    """No map of a coin fits what was asked for. The text names those that there are."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule would have told of one coin."""

    rule: Rule
    coin: str
    preview: Preview


async def replayed(
    rules: Sequence[tuple[Rule, Mapping[str, Value]]],
    database: DatabaseAddress,
    seconds: float,
    *,
    coin: str | None = None,
    venue: str = "",
) -> AsyncIterator[Found]:
    """Yield what each rule would have told in the last `seconds` of each coin's history, coin by coin.

    Without a `coin`, of every coin; `venue` is that of a subscription. Raises `SourceError` where there is no
    history or a rule fails, `NoSuchLayerError` for a venue that does not have the coin.
    """
    async with reading(database) as store:
        for name in _coins(await store.history.coins(), coin, database):
            newest = await _newest(store, name, venue)
            if newest is None:
                continue
            since_ms = newest.time_ms - round(1000 * seconds)
            for rule, values in rules:
                yield Found(rule, name, await previewed(rule, values, store, newest, since_ms))


async def previewed(
    rule: Rule, values: Mapping[str, Value], store: Store, newest: MarketView, since_ms: int
) -> Preview:
    """Return when a rule would have fired up to `newest`. Raises `SourceError` where it fails."""
    seen = store.observations.since(newest.layer, newest.coin, since_ms)
    try:
        return await preview(rule, values, seen, step_of=lambda view: step_at(newest.time_ms - view.time_ms))
    except RuleFault as fault:
        raise SourceError(str(fault)) from None


async def firing_heatmap(database: DatabaseAddress, firing: Firing, window: str) -> HeatmapInput:
    """Return what the picture of a firing is drawn from: a window up to it, and the cluster it is about."""
    view = firing.view
    async with reading(database) as store:
        grid = await store.history.grid(view, WINDOWS[window])
    return HeatmapInput(view=view, grid=grid, window=window, highlight=cluster_of(view, firing.hit))


def _coins(known: Sequence[str], coin: str | None, database: DatabaseAddress) -> Sequence[str]:
    if not known:
        raise SourceError(f"{database} has no history yet; `liqbot run` gathers it")
    if coin is None:
        return known
    name = spelled(coin, known)
    if name is None:
        raise SourceError(f"{database} has no {coin}; it has {', '.join(known)}")
    return [name]


async def _newest(store: Store, coin: str, venue: str) -> MarketView | None:
    """Return the newest view of the best layer of `coin` that a subscription with this `venue` may read."""
    layers = rank(await store.observations.layers(coin))
    fitting = [layer for layer in layers if fits(layer, venue)]
    if layers and not fitting:
        known = ", ".join(layer.label for layer in layers)
        raise NoSuchLayerError(f"{venue!r} has no {coin}; there is {known}")
    newest = await store.observations.newest(fitting[0], coin) if fitting else None
    return None if newest is None else newest.view
