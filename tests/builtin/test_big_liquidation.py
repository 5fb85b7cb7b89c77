"""big-liquidation: one position of a size was force-closed."""

import pytest
from markets import LAYER, long, view_of

from liqbot.builtin import big_liquidation
from liqbot.market.events import LiquidationSeen
from liqbot.market.side import Side
from liqbot.market.updates import Provenance

VIEW = view_of(long("ann", 1, at=95))


def seen(usd, side=Side.LONG, provenance=Provenance.STREAMED):
    return LiquidationSeen(
        coin="BTC",
        layer=LAYER,
        time_ms=5,
        side=side,
        price=96.5,
        usd=usd,
        sampled=False,
        provenance=provenance,
    )


def hits(*events, **asked):
    return big_liquidation.read(VIEW, big_liquidation.form.defaults() | asked, None, events).hits


def test_one_of_at_least_the_size_is_told_with_price_venue_and_what_it_was():
    (hit,) = hits(seen(999_999.0), seen(2.3e6))
    assert hit.text == "$2.3M long liquidated at 96.50, Testex"
    assert hit.means == "It was force-sold at market. Spot is 100.00."
    assert (hit.side, hit.value) == (Side.LONG, 2.3e6)


def test_each_is_told_by_itself_also_two_that_are_alike():
    assert len({hit.key for hit in hits(seen(2e6), seen(2e6))}) == 2


def test_an_inferred_one_says_so_and_one_that_was_asked_for_afterwards_alerts_nobody():
    (hit,) = hits(seen(2e6, provenance=Provenance.INFERRED), seen(3e6, provenance=Provenance.BACKFILLED))
    assert hit.caveat.startswith("Inferred:")


@pytest.mark.parametrize(("side", "told"), [("long", 1), ("short", 2), ("either", 3)])
def test_a_side_can_be_asked_for(side, told):
    events = (seen(2e6), seen(2e6, Side.SHORT), seen(4e6, Side.SHORT))
    assert len(hits(*events, side=side)) == told
