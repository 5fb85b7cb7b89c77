"""Alternative text (alt) of pictures: for who cannot see one, and for chats that ask for a description.

Not here: the sentence and the words that it is made of (`meaning.py`, `words.py`).
"""

from collections.abc import Sequence

from liqbot.charts.classes import COUNT, Classes
from liqbot.charts.meaning import sentence
from liqbot.charts.words import at_most, in_words, provenance, ratio_label, side_name, trapped
from liqbot.market import figures
from liqbot.market.clusters import Cluster
from liqbot.market.regime import FUEL_PCT, regime_name
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView
from liqbot.text import N_, _

ALT_LIMIT = 1024
"""Most characters that a chat takes as the description of a picture."""
Shown = tuple[Cluster, str, bool]
"""A cluster that a picture names, its class in words, and whether the picture is about it."""


def alt(view: MarketView, title: str, shown: Sequence[Shown], path: str = "", scale: str = "") -> str:
    """Return the picture in words, at most `ALT_LIMIT` characters.

    `title` says what kind it is, `shown` are the clusters that it names, `path` tells how price went, and
    `scale` what its colours mean.
    """
    up, down = (at_most(view, figures.usd(usd)) for usd in (view.up_usd, view.down_usd))
    fuel = _(
        "Within ±{percent}%: {up} of shorts above, {down} of longs below; {label} {ratio}, {regime}.",
        percent=f"{FUEL_PCT:.0f}",
        up=up,
        down=down,
        label=ratio_label(view.fuel),
        ratio=figures.ratio(view.ratio),
        regime=regime_name(view.regime),
    )
    shares = ", ".join(f"{side_name(side)} {figures.share(share)}" for side, share in trapped(view))
    about = [cluster for cluster, _words, is_about in shown if is_about]
    spot = figures.price(view.spot)
    opening = [
        _("{coin} {title}. Spot ${spot}{path}.", coin=view.coin, title=title, spot=spot, path=path),
        _("About {cluster}.", cluster=at_most(view, in_words(about[0]))) if about else "",
        fuel,
        f"{sentence(view)}.",
    ]
    closing = [
        _("Trapped: {shares}.", shares=shares) if shares else "",
        f"{provenance(view).replace('  |  ', '; ')}.",
    ]
    named = [f"{in_words(cluster)}{f' ({of})' if of else ''}" for cluster, of, _is_about in shown]
    for said in (scale, ""):
        clusters = _named(named)
        text = " ".join(part for part in [*opening, clusters, said, *closing] if part)
        if len(text) <= ALT_LIMIT:
            return text
    while named:
        named.pop()
        clusters = _named(named)
        text = " ".join(part for part in [*opening, clusters, *closing] if part)
        if len(text) <= ALT_LIMIT:
            return text
    return " ".join(part for part in [*opening, *closing] if part)[:ALT_LIMIT]


def classes(levels: BySide[Classes | None], row_pct: float) -> str:
    """Return what the colours of a heatmap mean, as its legend says it."""
    told: list[str] = []
    for side in (Side.SHORT, Side.LONG):
        own = levels[side]
        if own is not None:
            said = N_("shorts {lowest} to {top}") if side is Side.SHORT else N_("longs {lowest} to {top}")
            told.append(_(said, lowest=own.words(1), top=own.words(COUNT)))
    if not told:
        return ""
    return _(
        "Classes 1 to {count} by money per {percent} of price: {sides}.",
        count=COUNT,
        percent=figures.percent(round(row_pct, 1)),
        sides=", ".join(told),
    )


def _named(clusters: Sequence[str]) -> str:
    return _("Clusters named: {clusters}.", clusters=", ".join(clusters)) if clusters else ""
