"""The commands that show the market: pictures, clusters, regime, trapped shares, whales."""

from collections.abc import Awaitable

import structlog

from liqbot.charts.studio import DrawingError
from liqbot.chat.command import Ask, Coin, Window, command
from liqbot.chat.desk import WINDOWS
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
_TONES = {Regime.SHORT_SQUEEZE: Tone.SHORTS, Regime.LONG_LIQUIDATION: Tone.LONGS}
_MEANING = {
    Regime.SHORT_SQUEEZE: "More would be force-bought on the way up than force-sold on the way down.",
    Regime.LONG_LIQUIDATION: "More would be force-sold on the way down than force-bought on the way up.",
    Regime.BALANCED: "Neither side stands out: the ratio is between 0.5 and 2.",
    Regime.NO_READING: "No known position would be liquidated within 5% of spot.",
}


@command(public=True)
async def heatmap(ask: Ask, coin: Coin, window: Window = "24h") -> Message:
    """Where forced orders sat over time, and where they sit now, as a picture."""
    view = ask.desk.views[coin]
    others = [Button(other, f"/heatmap {coin} {other}", renews=True) for other in WINDOWS if other != window]
    buttons = [
        Button("Refresh", f"/heatmap {coin} {window}", renews=True),
        Button("Map", f"/map {coin}", renews=True),
        *others,
    ]
    return await _pictured(view, ask.desk.heatmap(view, window), buttons)


@command(public=True)
async def map(ask: Ask, coin: Coin) -> Message:  # noqa: A001 - it bears its command's name
    """Where forced orders sit at this moment, price by price, as a picture."""
    view = ask.desk.views[coin]
    buttons = [
        Button("Refresh", f"/map {coin}", renews=True),
        Button("Heatmap", f"/heatmap {coin}", renews=True),
    ]
    return await _pictured(view, ask.desk.map(view), buttons)


@command(public=True)
async def clusters(ask: Ask, coin: Coin) -> Message:
    """The heaviest clusters of liquidations above and below spot.

    Each with its price, its distance from spot, its dollars, who holds it, and how long it has been there.
    """
    view = ask.desk.views[coin]
    buttons = [Button("Map", f"/map {coin}"), Button("Heatmap", f"/heatmap {coin}")]
    return _message(view, *_clusters(view), buttons=buttons)


@command(public=True)
async def regime(ask: Ask, coin: Coin) -> Message:
    """Which side would be forced more: the ratio of fuel above and below spot.

    Fuel is what would be liquidated within 5% of spot. Above a ratio of 2 it is called a short-squeeze setup,
    below 0.5 a long-liquidation setup.
    """
    view = ask.desk.views[coin]
    cohorts = [
        f"{cohort.words.capitalize()}: {_above_below(reading.fuel_usd)}"
        for cohort, reading in _known_cohorts(view)
        if reading.fuel_usd.long or reading.fuel_usd.short
    ]
    funding = [] if view.funding is None else [_funding(view.funding)]
    return _message(view, _fuel(view), _MEANING[view.regime], *cohorts, *funding)


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
        return _message(view, _fuel(view), picture=await drawing, buttons=buttons)
    except DrawingError as error:
        _log.error("a picture could not be drawn", reason=str(error))
        lines = ("The picture could not be drawn; its figures:", _fuel(view), *_clusters(view))
        return _message(view, *lines, buttons=buttons)


def _message(
    view: MarketView, *lines: str, picture: Picture | None = None, buttons: list[Button] | None = None
) -> Message:
    return Message(
        title=f"{view.coin} {price(view.spot)} · {view.regime}",
        lines=lines,
        tone=_TONES.get(view.regime, Tone.NEUTRAL),
        picture=picture,
        buttons=tuple(buttons or ()),
        time_ms=view.time_ms,
        footer=view.provenance,
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
    payer = "longs pay" if rate > 0 else "shorts pay" if rate < 0 else "nobody pays"
    return f"Funding {rate * 100:+.4f}% an hour: {payer}"
