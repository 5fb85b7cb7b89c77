"""Maps as blobs: small, and the same again."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from markets import long, short, view_of

from liqbot.market.cohort import Cohort
from liqbot.market.maps import Bins, LiquidationMap
from liqbot.store.sql.blobs import map_from_blob, map_to_blob

spots = st.floats(1e-6, 1e6)
money = st.dictionaries(
    st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 2000)), st.floats(0, 1e12)
)


def map_of(spot, cells):
    bins = Bins.around(spot)
    usd = np.zeros((2, len(Cohort), bins.count))
    for place, value in cells.items():
        usd[place] = value
    return LiquidationMap(bins, spot, usd)


@given(spot=spots, cells=money)
def test_a_map_comes_back_from_its_blob_with_both_sides_together_in_single_precision(spot, cells):
    written = map_of(spot, cells)
    bins, usd = map_from_blob(map_to_blob(written))
    assert bins == written.bins
    assert usd.dtype == np.float32
    np.testing.assert_array_equal(usd, written.total.astype(np.float32))


def test_an_empty_map_comes_back_empty():
    bins, usd = map_from_blob(map_to_blob(map_of(100.0, {})))
    assert bins == Bins.around(100.0)
    assert not usd.any()


def test_money_stays_at_its_price():
    view = view_of(long("ann", 2, at=95), short("bob", 1, at=104), spot=100)
    bins, usd = map_from_blob(map_to_blob(view.map))
    assert {bins.place(95), bins.place(104)} == set(np.flatnonzero(usd))
    assert (usd[bins.place(95)], usd[bins.place(104)]) == (200, 100)


def test_a_busy_map_takes_a_few_kilobytes():
    chance = np.random.default_rng(1)
    cells = {(0, 1, int(place)): chance.uniform(1, 1e8) for place in chance.choice(2000, 600, replace=False)}
    assert len(map_to_blob(map_of(100.0, cells))) < 4000
