"""The commands that show the market: pictures, clusters, regime, trapped shares, whales."""

from collections.abc import Awaitable, Mapping
from types import MappingProxyType

import structlog

from liqbot.charts.studio import DrawingError
from liqbot.chat.command import Ask, Coin, Refusal, Settings, Window, command
from liqbot.chat.desk import WINDOWS
from liqbot.chat.layer_words import came_true, layer_lines
from liqbot.chat.layers import NoSuchLayerError, Seen, Wish
from liqbot.market.clusters import Cluster
from liqbot.market.cohort import Cohort, CohortReading, Holding
from liqbot.market.figures import duration, percent, price, ratio, share, usd
from liqbot.market.regime import Regime
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView
from liqbot.message import Button, Message, Picture, Tone
from liqbot.rules.wording import counted

_log = structlog.get_logger()

CLUSTERS_SHOWN = 5
"""Of each side."""
HOLDINGS_SHOWN = 8
_PLAIN: Mapping[str, str] = MappingProxyType({})
"""No `venue=` and no part: a coin's own view."""
_TONES = {Regime.SHORT_SQUEEZE: Tone.SHORTS, Regime.LONG_LIQUIDATION: Tone.LONGS}
_MEANING = {
    Regime.SHORT_SQUEEZE: "More would be force-bought on the way up than force-sold on the way down.",
    Regime.LONG_LIQUIDATION: "More would be force-sold on the way down than force-bought on the way up.",
    Regime.BALANCED: "Neither side stands out: the ratio is between 0.5 and 2.",
    Regime.NO_READING: "No known position would be liquidated within 5% of spot.",
}


@command(public=True)
async def heatmap(ask: Ask, coin: Coin, window: Window = "24h", settings: Settings = _PLAIN) -> Message:
    """Where forced orders sat over time, and where they sit now, as a picture.

    For another venue add venue=binance, for all modelled ones added up venue=modelled. Of modelled positions,
    tier=25x shows one leverage tier alone, and opened=24h only what was opened lately.
    """
    seen, wish = _seen(ask, coin, settings)
    others = [
        Button(other, f"/heatmap {coin} {other}{wish}", renews=True) for other in WINDOWS if other != window
    ]
    refresh = Button("Refresh", f"/heatmap {coin} {window}{wish}", renews=True)
    buttons = [refresh, Button("Map", f"/map {coin}{wish}", renews=True), *others]
    return await _pictured(seen.view, ask.desk.heatmap(seen.view, window, seen), buttons)


@command(public=True)
async def map(ask: Ask, coin: Coin, settings: Settings = _PLAIN) -> Message:  # noqa: A001 - it bears its command's name
    """Where forced orders sit at this moment, price by price, as a picture.

    Takes venue=, tier= and opened= as the heatmap does.
    """
    seen, wish = _seen(ask, coin, settings)
    view = seen.view
    buttons = [
        Button("Refresh", f"/map {coin}{wish}", renews=True),
        Button("Heatmap", f"/heatmap {coin} 24h{wish}", renews=True),
    ]
    return await _pictured(view, ask.desk.map(view), buttons)


@command(public=True)
async def clusters(ask: Ask, coin: Coin, settings: Settings = _PLAIN) -> Message:
    """The heaviest clusters of liquidations above and below spot.

    Each with its price, its distance from spot, its dollars, who holds it, and how long it has been there.
    """
    seen, wish = _seen(ask, coin, settings)
    buttons = [Button("Map", f"/map {coin}{wish}"), Button("Heatmap", f"/heatmap {coin} 24h{wish}")]
    return _message(seen.view, *_clusters(seen.view), actions=buttons)


@command(public=True)
async def regime(ask: Ask, coin: Coin, settings: Settings = _PLAIN) -> Message:
    """Which side would be forced more: the ratio of fuel above and below spot.

    Fuel is what would be liquidated within 5% of spot. Above a ratio of 2 it is called a short-squeeze setup,
    below 0.5 a long-liquidation setup. What other layers say stands below it, never added to it.
    """
    view = _seen(ask, coin, settings)[0].view
    cohorts = [
        f"{cohort.words.capitalize()}: {_above_below(reading.fuel_usd)}"
        for cohort, reading in _known_cohorts(view)
        if reading.fuel_usd.long or reading.fuel_usd.short
    ]
    funding = [] if view.funding is None else [_funding(view.funding)]
    return _message(view, _fuel(view), _MEANING[view.regime], *cohorts, *funding, *layer_lines(view))


@command(public=True)
async def trapped(ask: Ask, coin: Coin) -> Message:
    """How much of each side is underwater, and how much of it by more than 5%."""
    view = ask.desk.views[coin]
    lines = [_trapped(view, side) for side in Side]
    caveat = "Underwater is not liquidated: trapped positions tend to be closed into the next move their way."
    return _message(view, *lines, caveat)


@command(public=True)
async def whales(ask: Ask, coin: Coin) -> Message:
    """Who holds most, and where the largest positions would be liquidated.

    Whales are the largest accounts that together hold the top half of the coin's money.
    """
    view = ask.desk.views[coin]
    lines = _cohorts(view) + [_holding(holding, view) for holding in view.holdings[:HOLDINGS_SHOWN]]
    return _message(view, *(lines or ["Nobody is known to hold it."]))


def _seen(ask: Ask, coin: str, settings: Mapping[str, str]) -> tuple[Seen, str]:
    """Return the view that is wished for, and the wish as it is typed. Raises `Refusal`."""
    try:
        wish = Wish.of(settings)
        return ask.desk.seen(coin, wish), wish.words
    except NoSuchLayerError as error:
        raise Refusal(str(error)) from None


def about(view: MarketView, picture: Picture) -> Message:
    """Return a view with its picture, as a message."""
    return _message(view, _fuel(view), picture=picture)


def described(view: MarketView) -> list[str]:
    """Return all that the commands say of a view, as lines: regime, trapped shares, clusters, cohorts."""
    title = f"{view.coin} {price(view.spot)} · {view.regime}"
    trapped_lines = [_trapped(view, side) for side in Side]
    return [title, _fuel(view), _MEANING[view.regime], *trapped_lines, *_clusters(view), *_cohorts(view)]


COMMANDS = (heatmap, map, clusters, regime, trapped, whales)


async def _pictured(view: MarketView, drawing: Awaitable[Picture], buttons: list[Button]) -> Message:
    """Return the message that goes with a picture; where that fails, what it would have shown in figures."""
    try:
        return _message(view, _fuel(view), *came_true(view), picture=await drawing, actions=buttons)
    except DrawingError as error:
        _log.error("a picture could not be drawn", reason=str(error))
        lines = ("The picture could not be drawn; its figures:", _fuel(view), *_clusters(view))
        return _message(view, *lines, actions=buttons)


def _message(
    view: MarketView, *lines: str, picture: Picture | None = None, actions: list[Button] | None = None
) -> Message:
    return Message(
        title=f"{view.coin} {price(view.spot)} · {view.regime}",
        lines=lines,
        tone=_TONES.get(view.regime, Tone.NEUTRAL),
        picture=picture,
        actions=tuple(actions or ()),
        time_ms=view.time_ms,
        provenance=view.provenance,
    )


def _fuel(view: MarketView) -> str:
    fuel = _above_below(BySide(long=view.down_usd, short=view.up_usd))
    return f"Within ±5%: {fuel}" + (f", ratio {ratio(view.ratio)}" if view.ratio is not None else "")


def _above_below(fuel: BySide[float]) -> str:
    return f"▲ {usd(fuel.short)} above, ▼ {usd(fuel.long)} below"


def _clusters(view: MarketView) -> list[str]:
    above, below = (_by_price(view, side) for side in (Side.SHORT, Side.LONG))
    return [
        "▲ Above spot: shorts, forced buys" if above else "▲ Nothing stands out above spot",
        *above,
        f"— spot {price(view.spot)} —",
        *below,
        "▼ Below spot: longs, forced sells" if below else "▼ Nothing stands out below spot",
    ]


def _known_cohorts(view: MarketView) -> list[tuple[Cohort, CohortReading]]:
    order = (Cohort.WHALE, Cohort.RETAIL, Cohort.MARKET_MAKER)
    return [(cohort, view.cohorts[cohort]) for cohort in order if cohort in view.cohorts]


def _cohorts(view: MarketView) -> list[str]:
    return [
        f"{cohort.words.capitalize()}, {counted(reading.accounts, 'account')}:"
        f" {usd(reading.open_usd.long)} long, {usd(reading.open_usd.short)} short"
        for cohort, reading in _known_cohorts(view)
    ]


def _by_price(view: MarketView, side: Side) -> list[str]:
    heaviest = view.clusters.of(side)[:CLUSTERS_SHOWN]
    return [_cluster(cluster, view) for cluster in sorted(heaviest, key=lambda item: -item.price)]


def _cluster(cluster: Cluster, view: MarketView) -> str:
    cells = [price(cluster.price), percent(cluster.distance_pct, signed=True), usd(cluster.usd)]
    if cluster.accounts is not None and cluster.whale_share is not None:
        cells += [counted(cluster.accounts, "account"), f"whales {share(cluster.whale_share)}"]
    standing_s = (view.time_ms - cluster.since_ms) / 1000
    return " · ".join([*cells, f"{duration(standing_s)} old"] if standing_s > 0 else [*cells, "new"])


def _trapped(view: MarketView, side: Side) -> str:
    underwater, deep = view.trapped.underwater[side], view.trapped.deep[side]
    if underwater is None or deep is None:
        return f"No {side}s are known."
    held = f"{share(underwater)} of {usd(view.open_usd[side])}"
    return f"{side.value.capitalize()}s: {held} underwater, {share(deep)} by more than 5%"


def _holding(holding: Holding, view: MarketView) -> str:
    level = "no reachable level"
    if holding.liquidation is not None:
        away = percent((holding.liquidation / view.spot - 1) * 100, signed=True)
        level = f"liquidates at {price(holding.liquidation)} ({away})"
    name = holding.account if len(holding.account) <= 12 else f"{holding.account[:6]}…{holding.account[-4:]}"
    return f"{usd(holding.usd)} {holding.side} from {price(holding.entry)}, {level} · {name}"


def _funding(rate: float) -> str:
    shown = f"{rate * 100:+.4f}%"
    if float(shown.rstrip("%")) == 0:
        return "Funding about 0% an hour"
    return f"Funding {shown} an hour: {'longs' if rate > 0 else 'shorts'} pay"
