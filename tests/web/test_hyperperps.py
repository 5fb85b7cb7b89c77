"""A script that was written for HyperPerps' public heatmap reads ours, unchanged."""

import math

import pytest


class HyperPerps:
    """A client as its users write one: the fields by name, levels the nearest first, shares in percent."""

    def __init__(self, get, coin):
        data = get(f"/api/public/heatmap/{coin}").json()
        self.spot = data["spot_at_compute"]
        self.sample = data["sample_size"]
        self.longs = [(row["price"], row["notional_usd"], row["distance_pct"]) for row in data["longs"]]
        self.shorts = [(row["price"], row["notional_usd"], row["distance_pct"]) for row in data["shorts"]]
        self.wallets = sum(row["wallet_count"] or 0 for row in data["longs"])
        self.trapped = data["trapped_pct"]["longs_underwater_5pct"]
        self.near = data["forced_liq_proximity"]["longs_near_liq_2pct"]
        self.mass = {side: data["cascade_mass"][side]["within_2pct"] for side in ("long", "short")}
        self.fresh = data["_meta"]["age_seconds"] < 600
        self.updated_at = data["updated_at"]


@pytest.fixture(scope="package")
def read(web):
    return HyperPerps(web.get, "BTC")


def test_levels_lie_on_their_sides_the_nearest_first(read):
    assert read.longs
    assert read.shorts
    assert all(price < read.spot and away < 0 for price, _, away in read.longs)
    assert all(price > read.spot and away > 0 for price, _, away in read.shorts)
    for levels in (read.longs, read.shorts):
        assert [abs(away) for *_, away in levels] == sorted(abs(away) for *_, away in levels)


def test_money_and_mass_are_those_of_the_view(read, web):
    view = web.get("/api/v1/coins/BTC/view").json()
    assert read.spot == view["spot"]
    assert read.updated_at == view["time_ms"]
    assert sum(usd for _, usd, _ in read.longs) == pytest.approx(sum(view["map"]["long"]), rel=0.01)
    near = sum(usd for _, usd, away in read.longs if abs(away) <= 2)
    assert read.mass["long"] == pytest.approx(near, rel=1e-6)
    assert read.near == pytest.approx(100 * near / view["open_usd"]["long"], abs=0.01)


def test_shares_are_percent_and_counts_are_counts(read):
    assert 0 < read.trapped < 100
    assert read.sample >= 45
    assert read.wallets > 0
    assert math.isfinite(read.mass["short"])
    assert read.fresh
