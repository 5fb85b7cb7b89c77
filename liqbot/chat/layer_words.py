"""Layers in words: how others lean, how far they disagree, what came true of a modelled one."""

from liqbot.chat.market_words import ratio_words
from liqbot.market.realised import RealisedShare
from liqbot.message import Fact
from liqbot.service.market_answer import MarketAnswer, OtherLayer, SweptAnswer
from liqbot.text import _
from liqbot.text.figures import duration, share, usd


def layer_facts(market: MarketAnswer) -> list[Fact]:
    """Return what there is to say of a market's own layer and of the others."""
    facts = [_elsewhere(other) for other in market.others]
    if market.divergence is not None:
        facts.append(_divergence(market.divergence))
    return facts + came_true(market)


def came_true(market: MarketAnswer) -> list[Fact]:
    """Return what came true of a modelled layer; nothing where there is no such reckoning."""
    facts = [] if market.swept is None else [_swept(market.swept, market.time_ms)]
    if market.realised_share is not None:
        facts.append(_realised(market.realised_share))
    return facts


def _elsewhere(other: OtherLayer) -> Fact:
    up, down = usd(other.up_usd), usd(other.down_usd)
    if other.ratio is None:
        return Fact(other.label, _("{up} above, {down} below", up=up, down=down))
    shown = ratio_words(other.ratio, other.ratio_basis)
    return Fact(other.label, _("{up} above, {down} below, ratio {ratio}", up=up, down=down, ratio=shown))


def _divergence(value: float) -> Fact:
    if abs(value) < 0.25:
        meaning = _("they agree")
    elif value > 0:
        meaning = _("the fuel lies higher here than there")
    else:
        meaning = _("the fuel lies lower here than there")
    text = _("{value} on a scale from −1 to +1: {meaning}", value=f"{value:+.2f}", meaning=meaning)
    return Fact(_("Divergence from the other basis"), text)


def _swept(swept: SweptAnswer, now_ms: int) -> Fact:
    label = _("Swept in {span}", span=duration((now_ms - swept.since_ms) / 1000))
    modelled = usd(swept.modelled_usd)
    if swept.realised_usd is None or swept.foreseen_usd is None:
        return Fact(label, _("modelled {modelled}; the venue reports no liquidations", modelled=modelled))
    realised = usd(swept.realised_usd)
    if swept.sampled:
        realised = _("at least {amount}", amount=realised)
    if not swept.realised_usd:
        return Fact(
            label, _("modelled {modelled}, realised {realised}", modelled=modelled, realised=realised)
        )
    return Fact(
        label,
        _(
            "modelled {modelled}, realised {realised}, {share} of it where modelled",
            modelled=modelled,
            realised=realised,
            share=share(swept.foreseen_usd / swept.realised_usd),
        ),
    )


def _realised(one: RealisedShare) -> Fact:
    """Return how much of a modelled map is liquidated when price gets there, and how sure that is."""
    low, high, value = share(one.low), share(one.high), share(one.value)
    if one.is_lower_bound:
        value = _("at least {amount}", amount=value)
    if one.days:
        span = duration(one.days * 86_400)
        text = _(
            "{share} ({low} to {high}, by {span} of this venue)", share=value, low=low, high=high, span=span
        )
    else:
        text = _("{share} ({low} to {high}, as found elsewhere)", share=value, low=low, high=high)
    return Fact(_("Really liquidated at such levels"), text)
