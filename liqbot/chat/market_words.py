"""A market in words: title, facts of fuel, trapped shares and cohorts, tables of clusters.

Not here: the figures (`service/market_answer.py`), words of pictures (`charts/words.py`).
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from liqbot.market.clusters import worth_naming
from liqbot.market.layer import Origin
from liqbot.market.regime import LEAST_COVERAGE, Regime, regime_name
from liqbot.market.side import Side
from liqbot.message import Fact, Table, Tone
from liqbot.service.market_answer import ClusterAnswer, CohortAnswer, Holding, MarketAnswer, RatioBasis
from liqbot.text import N_, _, ngettext
from liqbot.text.figures import duration, listed, percent, price, ratio, share, usd

CLUSTERS_SHOWN = 3
"""Of each side: six rows are what a phone shows at a glance."""
HOLDINGS_SHOWN = 5
_TONES = {Regime.SHORT_SQUEEZE: Tone.SHORTS, Regime.LONG_LIQUIDATION: Tone.LONGS}
_MEANINGS = {
    Regime.SHORT_SQUEEZE: N_("More would be force-bought on the way up than force-sold on the way down."),
    Regime.LONG_LIQUIDATION: N_("More would be force-sold on the way down than force-bought on the way up."),
    Regime.BALANCED: N_("Neither side stands out: the ratio is between 0.5 and 2."),
    Regime.NO_READING: N_("No known position would be liquidated within 5% of spot."),
}
_COHORTS = {
    "whale": N_("Whales"),
    "retail": N_("Retail"),
    "market_maker": N_("Market makers"),
    "unknown": N_("Unknown"),
}
_LONG_ACCOUNT = 12


def tone(regime: Regime) -> Tone:
    """Return the tone of a regime."""
    return _TONES.get(regime, Tone.NEUTRAL)


def meaning(market: MarketAnswer) -> str:
    """Return what a market's regime means, in a sentence."""
    covered = (market.coverage_long, market.coverage_short)
    known = [one for one in covered if one is not None]
    if market.regime is Regime.NO_READING and known and min(known) < LEAST_COVERAGE:
        return _(
            "Too little is known: {long} of the longs and {short} of the shorts. "
            "A reading needs {least} of each.",
            long=share(market.coverage_long or 0.0),
            short=share(market.coverage_short or 0.0),
            least=share(LEAST_COVERAGE),
        )
    return _(_MEANINGS[market.regime])


def title(market: MarketAnswer) -> str:
    """Return a market in a line: `BTC 64,000: short-squeeze setup`."""
    return _(
        "{coin} {price}: {regime}",
        coin=market.coin,
        price=price(market.spot),
        regime=regime_name(market.regime),
    )


def source_words(venues: Iterable[tuple[str, Origin]]) -> str:
    """Return who told something, as `Binance, OKX`, and where it is not live, what it is."""
    told = dict.fromkeys(venues)
    names = list(dict.fromkeys(venue for venue, _origin in told))
    origins = {origin for _venue, origin in told} - {Origin.LIVE}
    return listed([*names, *sorted(origin.value for origin in origins)])


def fuel(market: MarketAnswer) -> list[Fact]:
    """Return what would be liquidated near spot on either side, and its ratio."""
    facts = [
        Fact(_("Shorts within 5% above"), usd(market.up_usd)),
        Fact(_("Longs within 5% below"), usd(market.down_usd)),
    ]
    if market.ratio is not None:
        facts.append(Fact(_("Ratio"), ratio_words(market.ratio, market.ratio_basis)))
    if market.coverage_long is not None and market.coverage_short is not None:
        known = _(
            "{long} of longs, {short} of shorts",
            long=share(market.coverage_long),
            short=share(market.coverage_short),
        )
        facts.append(Fact(_("Known of open interest"), known))
    return facts


def ratio_words(value: float, basis: RatioBasis) -> str:
    """Return a ratio, and that each side was scaled by its coverage where it was."""
    shown = ratio(value)
    return _("{ratio}, scaled by coverage", ratio=shown) if basis is RatioBasis.SCALED else shown


def funding(rate: float | None) -> list[Fact]:
    """Return who pays funding; nothing where that is unknown."""
    if rate is None:
        return []
    shown = f"{rate * 100:+.4f}%"
    if float(shown.rstrip("%")) == 0:
        return [Fact(_("Funding"), _("about 0% an hour"))]
    if rate > 0:
        return [Fact(_("Funding"), _("{rate} an hour, longs pay", rate=shown))]
    return [Fact(_("Funding"), _("{rate} an hour, shorts pay", rate=shown))]


def clusters(market: MarketAnswer) -> list[Table]:
    """Return the nearest clusters of each side that matter, by price."""
    return [
        Table(
            _rows(market, Side.SHORT),
            _("Above spot: shorts, forced buys")
            if market.clusters_of(Side.SHORT)
            else _("Nothing stands out above spot"),
            Tone.SHORTS,
        ),
        Table(
            _rows(market, Side.LONG),
            _("Below spot: longs, forced sells")
            if market.clusters_of(Side.LONG)
            else _("Nothing stands out below spot"),
            Tone.LONGS,
        ),
    ]


def trapped(market: MarketAnswer) -> list[Fact]:
    """Return how much of each side is underwater."""
    shares = market.trapped
    return [
        _trapped(_("Longs"), market.long_usd, shares.long, shares.long_5pct),
        _trapped(_("Shorts"), market.short_usd, shares.short, shares.short_5pct),
    ]


class HasCohorts(Protocol):
    """Any answer that says what each kind of account holds."""

    @property
    def cohorts(self) -> Mapping[str, CohortAnswer]:
        """By kind of account."""
        ...


def cohorts(market: HasCohorts) -> list[Fact]:
    """Return what each kind of account holds."""
    return [_cohort(name, reading) for name, reading in market.cohorts.items() if name != "unknown"]


def cohort_fuel(market: MarketAnswer) -> list[Fact]:
    """Return whose positions would be liquidated near spot."""
    return [
        Fact(
            _(_COHORTS[name]),
            _("{up} above, {down} below", up=usd(reading.up_usd), down=usd(reading.down_usd)),
        )
        for name, reading in market.cohorts.items()
        if name != "unknown" and (reading.up_usd or reading.down_usd)
    ]


def holdings(market: MarketAnswer) -> list[Table]:
    """Return the largest positions."""
    rows = tuple(_holding(holding) for holding in market.holdings[:HOLDINGS_SHOWN])
    return [Table(rows, _("Largest positions"))] if rows else []


def _rows(market: MarketAnswer, side: Side) -> tuple[tuple[str, ...], ...]:
    named = worth_naming(market.clusters_of(side))[: 2 * CLUSTERS_SHOWN]
    shown = sorted(named, key=lambda cluster: abs(cluster.distance_pct))[:CLUSTERS_SHOWN]
    by_price = sorted(shown, key=lambda cluster: -cluster.price)
    return tuple(_cluster(cluster, market.time_ms) for cluster in by_price)


def _cluster(cluster: ClusterAnswer, now_ms: int) -> tuple[str, ...]:
    standing_s = (now_ms - cluster.since_ms) / 1000
    age = duration(standing_s) if standing_s > 0 else _("new")
    return (price(cluster.price), percent(cluster.distance_pct, signed=True), usd(cluster.usd), age)


def _trapped(label: str, open_usd: float, underwater: float | None, deep: float | None) -> Fact:
    if underwater is None or deep is None:
        return Fact(label, _("none known"))
    return Fact(
        label,
        _(
            "{share} of {open} underwater, {deep} by more than 5%",
            share=share(underwater),
            open=usd(open_usd),
            deep=share(deep),
        ),
    )


def _cohort(name: str, reading: CohortAnswer) -> Fact:
    held = ngettext("{count} account", "{count} accounts", reading.accounts)
    return Fact(
        _(_COHORTS[name]),
        _(
            "{accounts}, {long} long, {short} short",
            accounts=held,
            long=usd(reading.long_usd),
            short=usd(reading.short_usd),
        ),
    )


def _holding(holding: Holding) -> tuple[str, ...]:
    side = _("long") if holding.side is Side.LONG else _("short")
    name = holding.account
    if len(name) > _LONG_ACCOUNT:
        name = f"{name[:6]}…{name[-4:]}"
    cells = (usd(holding.usd), side, _("from {price}", price=price(holding.entry)))
    if holding.liquidation is None or holding.liquidation_pct is None:
        return (*cells, _("no reachable level"), name)
    away = percent(holding.liquidation_pct, signed=True)
    return (*cells, _("liq. {price} ({away})", price=price(holding.liquidation), away=away), name)
