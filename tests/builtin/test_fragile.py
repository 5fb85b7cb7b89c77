"""fragile: a small push that would run far beyond itself."""

from dataclasses import replace

import pytest
from markets import long, short, view_of

from liqbot.builtin import fragile
from liqbot.market.depth import Depth
from liqbot.market.side import Side

LONGS = tuple(long(f"ann{step}", 10_000, at=98.5 - step / 10) for step in range(30))
SHORTS = tuple(short(f"bob{step}", 10_000, at=101.5 + step / 10) for step in range(30))


def market(*rows, coins=2_000.0):
    """Return a market at 100 with a book that has so many coins each 0.1%."""
    bids = [(100 - step / 10 - 0.01, coins) for step in range(100)]
    asks = [(100 + step / 10 + 0.01, coins) for step in range(100)]
    return replace(view_of(*rows), depth=Depth.of("BTC", "Test", 0, bids, asks))


def hits(view, **asked):
    return fragile.read(view, fragile.form.defaults() | asked).hits


def test_a_push_into_stacked_longs_above_a_thin_book_is_told_with_where_it_would_stop():
    (hit,) = hits(market(*LONGS))
    assert (hit.key, hit.side) == ("fragile-long", Side.LONG)
    assert hit.text.startswith("a push of −2% would run to −")
    assert "force-sold down to" in hit.means
    assert hit.value > 2.0


def test_its_mirror_is_told_of_the_shorts():
    (hit,) = hits(market(*SHORTS))
    assert hit.key == "fragile-short"
    assert "force-bought up to" in hit.means


def test_a_deep_book_is_not_fragile():
    assert hits(market(*LONGS, coins=100_000.0)) == ()


def test_nothing_is_said_without_a_book():
    assert hits(replace(market(*LONGS), depth=None)) == ()


def test_one_side_can_be_asked_for():
    both = market(*LONGS, *SHORTS)
    assert [hit.key for hit in hits(both)] == ["fragile-long", "fragile-short"]
    assert [hit.key for hit in hits(both, side="short")] == ["fragile-short"]


def test_between_the_thresholds_an_alert_stays_on_and_none_begins():
    (hit,) = hits(market(*LONGS))
    (still,) = hits(market(*LONGS), beyond=hit.value * 1.1)
    assert still.holding
    assert not hit.holding
    assert hits(market(*LONGS), beyond=hit.value * 1.3) == ()


@pytest.mark.parametrize("push", [0.5, 1.0])
def test_a_push_that_reaches_nothing_is_not_fragile(push):
    assert hits(market(*LONGS), push=push) == ()
