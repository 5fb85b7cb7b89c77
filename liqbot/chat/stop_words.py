"""Stop orders in words: where stop-losses and take-profits wait, beside what would be liquidated there."""

from liqbot.market.side import Side
from liqbot.market.stops import StopKind
from liqbot.message import Fact, Table, Tone
from liqbot.service.stops import StopBand, StopLevel, StopReading, StopsAnswer
from liqbot.text import N_, _
from liqbot.text.figures import duration, percent, price, usd

_SHOWN_PCT = 2.0
"""The band that the title speaks of."""
_SHOWN = 8
"""So many levels are shown."""
_LOPSIDED = 2 / 3
"""A direction with more than this share of the stops nearby gives the answer its colour."""
_NAMES = {
    (StopKind.STOP_LOSS, Side.LONG): N_("stops sell"),
    (StopKind.STOP_LOSS, Side.SHORT): N_("stops buy"),
    (StopKind.TAKE_PROFIT, Side.LONG): N_("profits sell"),
    (StopKind.TAKE_PROFIT, Side.SHORT): N_("profits buy"),
}


def title(answer: StopsAnswer) -> str:
    """Return it in a line: `BTC 64,000: stops sell $120M within 2% below, buy $80M above`."""
    words = {"coin": answer.coin, "price": price(answer.spot)}
    if answer.stops is None:
        return _("{coin} {price}: no stop orders known", **words)
    band = _band(answer.stops, _SHOWN_PCT)
    return _(
        "{coin} {price}: stops sell {sells} within {within} below, buy {buys} above",
        sells=usd(band.stop_sells),
        buys=usd(band.stop_buys),
        within=percent(band.within_pct),
        **words,
    )


def lines(answer: StopsAnswer) -> list[str]:
    """Return what it means."""
    if answer.stops is None:
        return [
            _(
                "Nobody tells of the stop orders of {coin}. A Hyperliquid node of one's own does, every few"
                " minutes; the exchange's public API does not. That is not the same as none.",
                coin=answer.coin,
            )
        ]
    return [
        _(
            "A stop that is reached becomes a market order, as a liquidation does; take-profits push the"
            " other way. Both can be withdrawn at any time. They are a layer of their own, and in no map,"
            " cluster or ratio."
        )
    ]


def facts(answer: StopsAnswer) -> list[Fact]:
    """Return how many orders there are, how old, and what is not in the figures."""
    stops = answer.stops
    if stops is None:
        return []
    told = [
        Fact(_("Orders"), _("{orders} of {accounts} accounts", orders=stops.orders, accounts=stops.accounts)),
        Fact(_("As of"), _("{age} ago", age=duration(stops.age_s))),
    ]
    if stops.beyond:
        told.append(Fact(_("Farther out"), usd(stops.beyond)))
    return told


def tables(answer: StopsAnswer) -> list[Table]:
    """Return what waits within bands of the price on both ways, and the heaviest levels."""
    stops = answer.stops
    if stops is None:
        return []
    tables = [
        Table(
            tuple(_down(band) for band in stops.bands),
            _("Down: stops sell, profits buy, liquidations sell"),
        ),
        Table(tuple(_up(band) for band in stops.bands), _("Up: stops buy, profits sell, liquidations buy")),
    ]
    if stops.levels:
        rows = tuple(_level(level) for level in stops.levels[:_SHOWN])
        tables.append(Table(rows, _("Heaviest, and liquidations at the same price")))
    return tables


def notes(answer: StopsAnswer) -> list[str]:
    """Return what the figures leave out."""
    if answer.stops is None or not answer.stops.unsized:
        return []
    return [
        _(
            "{count} orders are for a whole position that is not known, and in no figure.",
            count=answer.stops.unsized,
        )
    ]


def tone(answer: StopsAnswer) -> Tone:
    """Return the tone of it: that of the side whose stops lie nearest in mass."""
    if answer.stops is None:
        return Tone.NEUTRAL
    band = _band(answer.stops, _SHOWN_PCT)
    both = band.stop_sells + band.stop_buys
    if not both:
        return Tone.NEUTRAL
    longs = band.stop_sells / both
    return Tone.LONGS if longs > _LOPSIDED else Tone.SHORTS if longs < 1 - _LOPSIDED else Tone.NEUTRAL


def provenance(answer: StopsAnswer) -> str:
    """Return where the orders come from: the layer of their own, and the map of the same venue beside it."""
    return _("{provenance}; stops beside it", provenance=answer.provenance)


def _band(stops: StopReading, within_pct: float) -> StopBand:
    return next(band for band in stops.bands if band.within_pct == within_pct)


def _down(band: StopBand) -> tuple[str, ...]:
    return (
        percent(-band.within_pct, signed=True),
        usd(band.stop_sells),
        usd(band.take_profit_buys),
        usd(band.long_liquidations),
    )


def _up(band: StopBand) -> tuple[str, ...]:
    return (
        percent(band.within_pct, signed=True),
        usd(band.stop_buys),
        usd(band.take_profit_sells),
        usd(band.short_liquidations),
    )


def _level(level: StopLevel) -> tuple[str, ...]:
    return (
        price((level.low + level.high) / 2),
        percent(level.distance_pct, signed=True),
        usd(level.usd),
        _(_NAMES[level.kind, level.side]),
        usd(level.liquidations),
    )
