import contextlib
import dataclasses
import json

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from markets import long, short, view_of

from liqbot.market.clusters import Cluster, Clusters, End, EndedCluster
from liqbot.market.cohort import Cohort, CohortReading, Holding
from liqbot.market.events import Observation
from liqbot.market.grid import Grid
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.maps import Bins, LiquidationMap
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView, Trapped
from liqbot.market.wire import (
    VERSION,
    WireError,
    from_bytes,
    observation_from_bytes,
    observation_to_bytes,
    summary,
    to_bytes,
)

money = st.just(0.0) | st.floats(0.01, 1e12)
prices = st.floats(1e-6, 1e6)
shares = st.none() | st.floats(0, 1)
times = st.integers(0, 2**53)
names = st.text(min_size=1, max_size=12)


def both(values):
    return st.builds(BySide, long=values, short=values)


clusters = st.builds(
    Cluster,
    id=names,
    side=st.sampled_from(Side),
    price=prices,
    low=prices,
    high=prices,
    usd=money,
    accounts=st.none() | st.integers(1, 10_000),
    whale_share=shares,
    distance_pct=st.floats(-100, 1000),
    since_ms=times,
)
readings = st.builds(
    CohortReading,
    accounts=st.integers(0, 10_000),
    open_usd=both(money),
    fuel_usd=both(money),
    underwater=both(shares),
)
holdings = st.builds(
    Holding,
    account=names,
    side=st.sampled_from(Side),
    usd=money,
    entry=prices,
    liquidation=st.none() | prices,
    leverage=st.none() | prices,
    cohort=st.sampled_from(Cohort),
)


@st.composite
def maps(draw):
    spot = draw(prices)
    bins = Bins.around(spot)
    usd = np.zeros((2, len(Cohort), bins.count))
    cells = st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, bins.count - 1), money)
    for side, cohort, place, value in draw(st.lists(cells, max_size=8)):
        usd[side, cohort, place] = value
    if draw(st.booleans()):  # full: nothing is left out on the wire
        usd += 1.0
    return LiquidationMap(bins, spot, usd)


@st.composite
def grids(draw):
    length, bins = draw(st.integers(0, 3)), Bins(draw(st.integers(-1000, 1000)), draw(st.integers(1, 5)))
    column = hnp.arrays(np.float64, length, elements=prices)
    instants = hnp.arrays(np.int64, length, elements=times)
    cells = hnp.arrays(np.float32, (length, bins.count), elements=st.floats(0, 1e9, width=32))
    return Grid(
        bins=bins,
        time_ms=draw(instants),
        until_ms=draw(instants),
        spot=draw(column),
        low=draw(column),
        high=draw(column),
        usd=draw(cells),
    )


views = st.builds(
    MarketView,
    coin=names,
    layer=st.builds(Layer, names, st.sampled_from(Basis), st.sampled_from(Origin)),
    time_ms=times,
    spot=prices,
    low=prices,
    high=prices,
    map=maps(),
    clusters=st.lists(clusters, max_size=3).map(Clusters),
    ended=st.lists(
        st.builds(EndedCluster, clusters, st.sampled_from(End), times, st.none() | names), max_size=2
    ).map(tuple),
    up_usd=money,
    down_usd=money,
    open_usd=both(money),
    beyond=both(money),
    stale=both(money),
    unreachable=both(money),
    liquidated=both(money),
    accounts=both(st.integers(0, 10_000)),
    trapped=st.builds(Trapped, underwater=both(shares), deep=both(shares)),
    cohorts=st.dictionaries(st.sampled_from(Cohort), readings),
    holdings=st.lists(holdings, max_size=2).map(tuple),
    funding=st.none() | st.floats(-1, 1),
    open_interest=st.none() | money,
    coverage=shares,
    age_s=st.none() | money,
    oldest_s=st.none() | money,
    grid=st.none() | grids(),
)


def plain(value):
    """Return a view as dictionaries and lists, so that two can be compared whole."""
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.tolist())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, Clusters | tuple):
        return [type(value), *(plain(item) for item in value)]
    return (type(value), value)


@settings(max_examples=30)
@given(views)
def test_a_view_comes_back_from_bytes_as_it_was(view):
    assert plain(from_bytes(to_bytes(view))) == plain(view)


def test_what_a_view_has_worked_out_is_not_written():
    view = view_of(long("ann", 1, at=95))
    before = to_bytes(view)
    assert view.map.total.any()
    assert view.map.forced_sells.any()
    assert to_bytes(view) == before


def test_a_map_that_is_mostly_empty_takes_little_room():
    view = view_of(long("ann", 1, at=95), short("bob", 1, at=105))
    assert view.map.usd.nbytes > 100_000
    assert len(to_bytes(view)) < 3_000


def test_a_view_read_from_bytes_cannot_be_written_to():
    view = from_bytes(to_bytes(view_of(long("ann", 1, at=95))))
    with pytest.raises(ValueError, match="read-only"):
        view.map.usd[0, 0, 0] = 1.0


def test_a_map_that_nobody_has_looked_at_is_written_as_it_was_read():
    data = to_bytes(view_of(long("ann", 1, at=95), short("bob", 1, at=105)))
    view = from_bytes(data)
    assert "usd" not in vars(view.map)  # 140 kB that mostly nobody asks for
    assert to_bytes(view) == data


def test_a_map_whose_cells_cannot_be_laid_out_is_refused_when_it_is_read():
    for wrong in ({"shape": [2, 4, 2**40]}, {"values": b"1234567"}, {"places": b""}, {"shape": [1]}):
        tree = msgspec.msgpack.decode(WHOLE)
        tree["view"]["map"]["usd"] |= wrong
        with pytest.raises(WireError):
            from_bytes(msgspec.msgpack.encode(tree))


WHOLE = to_bytes(view_of(long("ann", 1, at=95), short("bob", 2, at=104), long("cid", 1, at=None)))


@pytest.mark.parametrize("data", [b"", b"\xc0", b"hello", b"\x80", b"{}", bytes(1000)])
def test_garbage_is_no_view(data):
    with pytest.raises(WireError, match=f"not a market view of version {VERSION}"):
        from_bytes(data)


def test_a_view_that_was_cut_short_is_no_view():
    for length in range(len(WHOLE)):
        with pytest.raises(WireError):
            from_bytes(WHOLE[:length])


damage = st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))


@settings(max_examples=1000)
@given(st.lists(damage, min_size=1, max_size=4))
def test_bytes_that_were_damaged_give_a_view_or_a_wire_error_and_nothing_else(damages):
    data = bytearray(WHOLE)
    for place, byte in damages:
        data[place] = byte
    with contextlib.suppress(WireError):
        assert isinstance(from_bytes(bytes(data)), MarketView)


@pytest.mark.parametrize("body", [{"view": "of another shape"}, {}], ids=["another shape", "no view"])
def test_another_version_is_named_whatever_its_shape(body):
    data = msgspec.msgpack.encode({"version": VERSION + 1, **body})
    with pytest.raises(WireError, match=f"version {VERSION + 1}, where only version {VERSION} and older"):
        from_bytes(data)


def test_another_version_is_not_read_even_where_its_shape_is_the_same():
    tree = msgspec.msgpack.decode(WHOLE)
    tree["version"] = VERSION + 1
    with pytest.raises(WireError, match=f"version {VERSION + 1}"):
        from_bytes(msgspec.msgpack.encode(tree))


PROMISED = {
    "coin",
    "time_ms",
    "spot",
    "ratio",
    "regime",
    "up_usd",
    "down_usd",
    "long_usd",
    "short_usd",
    "coverage",
    "age_s",
    "trapped",
    "cohorts",
    "clusters",
}
PROMISED_OF_A_CLUSTER = {
    "id",
    "side",
    "price",
    "low",
    "high",
    "usd",
    "accounts",
    "whale_share",
    "distance_pct",
}


@given(views)
def test_a_summary_has_the_keys_that_scripts_were_promised(view):
    readings = summary(view)
    assert readings.keys() >= PROMISED
    assert readings["trapped"].keys() == {"long", "short", "long_5pct", "short_5pct"}
    for cluster in readings["clusters"]:
        assert cluster.keys() >= PROMISED_OF_A_CLUSTER


@given(views)
def test_a_summary_is_json_without_nan_or_infinity(view):
    readings = summary(view)
    assert json.loads(json.dumps(readings, allow_nan=False)) == readings


def test_a_summary_says_what_the_view_says():
    view = view_of(
        long("ann", 2, at=96, entry=110),
        short("bob", 3, at=104, entry=99),
        long("cid", 1, at=None, entry=90),
        spot=100,
        time_ms=7,
        open_interest=30,
    )
    readings = summary(view)
    assert readings["coin"] == "BTC"
    assert readings["time_ms"] == 7
    assert readings["spot"] == 100
    assert readings["ratio"] == 1.5
    assert readings["regime"] == "balanced"
    assert (readings["up_usd"], readings["down_usd"]) == (300, 200)
    assert (readings["long_usd"], readings["short_usd"]) == (300, 300)
    assert readings["coverage"] == 0.1
    assert readings["age_s"] == 0
    assert readings["trapped"] == {"long": 2 / 3, "short": 1, "long_5pct": 2 / 3, "short_5pct": 0}
    assert [(each["side"], each["price"], each["usd"]) for each in readings["clusters"]] == [
        ("short", 104, 300),
        ("long", 96, 200),
    ]


def test_the_keys_of_a_summary_are_exactly_those_promised():
    readings = summary(view_of(long("ann", 2, at=96)))
    assert list(readings) == [
        "coin",
        "time_ms",
        "spot",
        "ratio",
        "ratio_scaled",
        "regime",
        "up_usd",
        "down_usd",
        "long_usd",
        "short_usd",
        "coverage",
        "coverage_by_side",
        "age_s",
        "trapped",
        "cohorts",
        "clusters",
    ]
    assert list(readings["clusters"][0]) == [
        "id",
        "side",
        "price",
        "low",
        "high",
        "usd",
        "accounts",
        "whale_share",
        "distance_pct",
    ]


def test_a_summary_of_nothing_is_nulls_and_noughts():
    readings = summary(view_of())
    assert readings["ratio"] is None
    assert readings["regime"] == "no reading"
    assert readings["coverage"] is None
    assert readings["age_s"] is None
    assert readings["trapped"] == dict.fromkeys(["long", "short", "long_5pct", "short_5pct"])
    assert readings["clusters"] == []


def test_figures_that_are_no_numbers_never_reach_a_summary():
    nonsense = float("nan")
    view = view_of(long("ann", 1, at=nonsense), open_interest=nonsense, funding=nonsense)
    readings = summary(view)
    assert readings["coverage"] is None
    json.dumps(readings, allow_nan=False)


def test_an_observation_tells_of_unreadable_clusters_as_soon_as_somebody_looks():
    view = view_of(long("ann", 2, at=95), short("bob", 1, at=104), spot=100.0)
    written = observation_to_bytes(Observation(view, ()))
    read = observation_from_bytes(written).view
    assert list(read.clusters) == list(view.clusters) != []
    loose = msgspec.msgpack.decode(written)
    loose["view"]["clusters"][0]["usd"] = "a lot"
    spoilt = observation_from_bytes(msgspec.msgpack.encode(loose)).view
    assert spoilt.spot == view.spot
    with pytest.raises(WireError, match="usd"):
        len(spoilt.clusters)


@pytest.mark.parametrize("held", [[], [0.0, -0.0, 3.0, 0.0, 0.0, float("nan"), 0.0, 0.0]])
def test_a_map_keeps_whatever_is_no_zero(held):
    view = view_of(long("ann", 2, at=95), spot=100.0)
    usd = np.zeros_like(view.map.usd)
    usd.reshape(-1)[: len(held)] = held
    held_by = dataclasses.replace(view, map=LiquidationMap(view.map.bins, view.map.spot, usd))
    np.testing.assert_array_equal(from_bytes(to_bytes(held_by)).map.usd, usd)
