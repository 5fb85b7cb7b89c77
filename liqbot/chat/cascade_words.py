"""A cascade in words: where price would stop, how much would be forced, and what is assumed."""

from liqbot.market.side import Side
from liqbot.message import Fact, Table, Tone
from liqbot.service.cascades import CascadeAnswer, StopAnswer
from liqbot.text import _, ngettext
from liqbot.text.figures import duration, percent, price, share, usd

_SHOWN = 6
"""Clusters on the way."""
_NO_FURTHER = 0.1
"""An overshoot of less, in percent of spot, is no more than the next level of the book."""


def title(answer: CascadeAnswer) -> str:
    """Return it in a line: `BTC −3% would run to −4.2% (61,300), $85M force-sold`."""
    words = {"coin": answer.coin, "push": percent(answer.push_pct, signed=True)}
    is_fall = answer.side is Side.LONG
    if answer.stops is None:
        forced = usd(answer.pushed_usd)
        if is_fall:
            return _("{coin} {push}: {usd} would be force-sold on the way", usd=forced, **words)
        return _("{coin} {push}: {usd} would be force-bought on the way", usd=forced, **words)
    likely = answer.stops.likely
    if likely.overshoot_pct < _NO_FURTHER:
        return _("{coin} {push} would stop there: the book absorbs {usd} of forced orders",
                 usd=usd(likely.forced_usd), **words)  # fmt: skip
    words |= {"move": percent(likely.move_pct, signed=True), "price": price(likely.price)}
    if is_fall:
        return _("{coin} {push} would run to {move} ({price}), {usd} force-sold",
                 usd=usd(likely.forced_usd), **words)  # fmt: skip
    return _("{coin} {push} would run to {move} ({price}), {usd} force-bought", usd=usd(likely.forced_usd),
             **words)  # fmt: skip


def lines(answer: CascadeAnswer) -> list[str]:
    """Return what it means."""
    if answer.stops is None:
        return [
            _(
                "No depth: where it would stop cannot be said. Forced orders move price on, the more the "
                "thinner the book."
            )
        ]
    near, far = answer.stops.nearest, answer.stops.farthest
    if far.overshoot_pct < _NO_FURTHER:
        return [_("Even if nobody refills the book, it takes all that is forced: no cascade.")]
    nearest, farthest = percent(near.move_pct, signed=True), percent(far.move_pct, signed=True)
    if nearest == farthest:
        return [_("It stops there however fast the book refills.")]
    return [_("Between {near} and {far}, by how fast the book refills.", near=nearest, far=farthest)]


def facts(answer: CascadeAnswer) -> list[Fact]:
    """Return the push, the stops, and how much of what is forced the book takes."""
    stops = answer.stops
    facts = [
        Fact(
            _("Pushed to {price}", price=price(answer.push_price)),
            _("forces {usd}", usd=usd(answer.pushed_usd)),
        )
    ]
    if stops is None:
        return facts
    absorbed = _("{usd} of {forced}", usd=usd(stops.likely.absorbed_usd), forced=usd(stops.likely.forced_usd))
    return [
        *facts,
        Fact(_("Likely stop"), _stop(stops.likely)),
        Fact(_("If most of the book comes back"), _stop(stops.nearest)),
        Fact(_("If nothing comes back"), _stop(stops.farthest)),
        Fact(
            _("If all is sold at once") if answer.side is Side.LONG else _("If all is bought at once"),
            _stop(stops.all_at_once),
        ),
        Fact(_("The book as it stands absorbs"), absorbed),
        Fact(_("Book"), _("{venue}, {age} old", venue=stops.book_venue, age=duration(stops.book_age_s))),
    ]


def tables(answer: CascadeAnswer) -> list[Table]:
    """Return the clusters on the way, the nearest first."""
    rows = tuple(
        (price(cluster.price), percent(cluster.distance_pct, signed=True), usd(cluster.usd))
        for cluster in answer.swept[:_SHOWN]
    )
    if not rows:
        return []
    count = ngettext("{count} cluster on the way", "{count} clusters on the way", len(answer.swept))
    return [Table(rows, count, tone(answer))]


def notes(answer: CascadeAnswer) -> list[str]:
    """Return what is assumed, and how sure it is."""
    said = [_("Nobody closes, hedges or withdraws orders before: a computation, not a forecast.")]
    if answer.coverage is not None:
        known = share(min(answer.coverage, 1))
        said.append(
            _("Known: {share} of the longs. What is not known would come on top.", share=known)
            if answer.side is Side.LONG
            else _("Known: {share} of the shorts. What is not known would come on top.", share=known)
        )
    if answer.realised_share is not None:
        said.append(
            _(
                "Modelled: {share} of what stands is taken to be liquidated, as was found of this venue.",
                share=share(answer.realised_share),
            )
        )
    stops = answer.stops
    if stops is None:
        return said
    first = share(answer.first_share)
    if answer.realised_share is None:
        large = usd(answer.large_usd)
        said.append(
            _("Of positions above {usd}, taken to be those of whales and makers, {share} is sold first.",
              usd=large, share=first)
            if answer.side is Side.LONG
            else _("Of positions above {usd}, taken to be those of whales and makers, {share} is bought "
                   "first.", usd=large, share=first)
        )  # fmt: skip
    said.append(
        _(
            "Refill of the eaten book: {likely} at once, {later} after the pause; at most {most} and {all}.",
            likely=share(stops.refill_likely.at_once),
            later=share(stops.refill_likely.after_pause),
            most=share(stops.refill_deep.at_once),
            all=share(stops.refill_deep.after_pause),
        )
    )
    if stops.likely.is_beyond_book or stops.farthest.is_beyond_book:
        said.append(_("The book ends before: beyond, it was taken to go on as its outer half does."))
    return said


def tone(answer: CascadeAnswer) -> Tone:
    """Return the tone of whose positions are forced."""
    return Tone.LONGS if answer.side is Side.LONG else Tone.SHORTS


def _stop(stop: StopAnswer) -> str:
    return _("{price} ({move}), {usd} forced", price=price(stop.price),
             move=percent(stop.move_pct, signed=True), usd=usd(stop.forced_usd))  # fmt: skip
