"""What a picture says agrees with its figures, and is said in the words of the house."""

import re
from dataclasses import replace

import numpy as np
import pytest
from charts.scenes import ODD_MARKETS, crowd, heatmap_of, market, modelled, with_past, without_grid
from hypothesis import given, settings
from hypothesis import strategies as st
from markets import long, short, view_of

from liqbot.charts import alternative_text, heatmap, labels, ladder, meaning, words
from liqbot.charts.request import MapInput
from liqbot.market import figures
from liqbot.market.clusters import Clusters
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.regime import Regime
from liqbot.market.side import BySide, Side
from liqbot.market.view import Trapped

positions = st.lists(
    st.tuples(st.floats(0.1, 50), st.floats(60, 140)).map(
        lambda it: long("", it[0], at=it[1]) if it[1] < 100 else short("", it[0], at=it[1])
    ),
    max_size=12,
).map(lambda rows: [replace(row, account=f"account {number}") for number, row in enumerate(rows)])


def fuel(up: float, down: float):
    """Return a view with so much fuel above and below spot."""
    rows = [short("bob", up / 100, at=103)] if up else []
    return view_of(*rows, *([long("ann", down / 100, at=97)] if down else []), spot=100)


@settings(max_examples=25)
@given(positions)
def test_what_a_move_would_set_off_is_the_sum_of_all_up_to_its_price(rows):
    view = view_of(*rows)
    for side in Side:
        target = meaning.target(view, side)
        if target is None:
            assert not view.clusters.of(side).within(meaning.WITHIN_PCT)
            continue
        reached = [
            row
            for row in rows
            if row.size * side.sign > 0 and row.at != 100 and (row.at - target.price) * side.sign >= -1e-9
        ]
        beside = [row for row in rows if row not in reached and abs(row.at / target.price - 1) < 0.0011]
        least = sum(abs(row.size) * view.spot for row in reached)
        assert (
            least * (1 - 1e-9)
            <= target.usd
            <= least * (1 + 1e-9) + sum(abs(row.size) * 100 for row in beside)
        )


@settings(max_examples=25)
@given(positions)
def test_a_target_holds_the_whole_cluster_that_it_is_about(rows):
    view = view_of(*rows)
    for side in Side:
        target = meaning.target(view, side)
        if target is not None:
            cluster = view.clusters.of(side).within(meaning.WITHIN_PCT)[0]
            assert target.usd >= cluster.usd * (1 - 1e-9)
            assert (target.price <= cluster.low) if side is Side.LONG else (target.price >= cluster.high)


@settings(max_examples=25)
@given(positions)
def test_the_sentence_is_about_the_heavier_side_and_names_the_regime(rows):
    view = view_of(*rows)
    said = meaning.sentence(view)
    assert said.lead.lower() == view.regime.value
    if view.regime is Regime.NO_READING:
        assert said.side is None
    else:
        heavier = "rise" if view.up_usd > view.down_usd else "drop"
        assert heavier in said.rest[0]
        assert ("force-buy" in said.rest[0]) == (heavier == "rise")


@pytest.mark.parametrize(
    ("up", "down", "sentence"),
    [
        (300, 100, "Short-squeeze setup: a rise to 103 would force-buy $300 of shorts"),
        (100, 300, "Long-liquidation setup: a drop to 97 would force-sell $300 of longs"),
        (104, 100, "Balanced: a rise to 103 would force-buy $104 of shorts"),
        (100, 140, "Balanced, slightly heavier below: a drop to 97 would force-sell $140 of longs"),
        (190, 100, "Balanced, leaning up: a rise to 103 would force-buy $190 of shorts"),
        (300, 0, "Short-squeeze setup, no longs within 5%: a rise to 103 would force-buy $300 of shorts"),
        (0, 0, "No reading: no open positions are known"),
    ],
)
def test_the_sentence_reads(up, down, sentence):
    assert str(meaning.sentence(fuel(up, down))) == sentence


def test_without_a_cluster_nearby_the_sentence_is_about_five_percent():
    view = replace(fuel(300, 100), clusters=Clusters())
    assert str(meaning.sentence(view)) == "Short-squeeze setup: a 5% rise would force-buy $300 of shorts"


def test_where_all_is_far_the_sentence_says_where():
    view = view_of(long("ann", 5, at=80), short("bob", 1, at=130))
    said = "No reading: nothing within 5% of spot; the heaviest cluster is $500 of longs at 80.00 (−20%)"
    assert str(meaning.sentence(view)) == said


def test_positions_without_levels_are_not_taken_for_no_positions():
    assert "no position has a liquidation price within reach" in str(
        meaning.sentence(view_of(long("ann", 5)))
    )


@settings(max_examples=25)
@given(positions)
def test_balanced_is_never_said_to_be_plainly_heavier(rows):
    said = str(meaning.sentence(view_of(*rows)))
    if said.startswith("Balanced"):
        assert not re.search(r"(?<!slightly )heavier", said)


@pytest.mark.parametrize(
    ("price", "said"),
    [
        (59_800, "59.8k"),
        (59_832, "59.832k"),
        (1_310_000, "1.31M"),
        (1_770, "1,770"),
        (1_942.5, "1,942.5"),
        (85.5, "85.5"),
        (3, "3"),
        (0.0042, "0.0042"),
        (0.00001234, "0.00001234"),
    ],
)
def test_prices_are_short(price, said):
    assert words.compact(price) == said


@given(st.floats(1e-6, 1e7), st.sampled_from(Side))
def test_a_price_rounded_outwards_is_at_most_a_thousandth_farther(price, side):
    rounded = meaning._outwards(price, side)
    assert 0 <= (price - rounded) * side.sign + 1e-9 * price <= 0.0011 * price
    assert meaning._outwards(rounded, side) == rounded


def test_one_account_is_named_as_one():
    (cluster,) = view_of(long("ann", 5, at=96)).clusters
    assert words.holders(cluster) == ("1 account",)
    crowded = replace(cluster, accounts=1234, whale_share=0.25)
    assert words.holders(crowded) == ("1,234 accounts, 25% whales", "1,234 accounts")
    assert words.holders(replace(cluster, accounts=None, whale_share=None)) == ()


def test_what_lies_farther_than_the_picture_is_told_where_it_matters():
    view = view_of(
        long("ann", 5, at=96), long("bob", 5, at=50), long("cid", 5, at=10), short("dan", 1, at=104)
    )
    assert words.beyond(view, Side.LONG, 90, 110) == "$1k more below 90"
    assert words.beyond(view, Side.LONG, 45, 110) == "$500 more below 45"
    assert words.beyond(view, Side.SHORT, 90, 110) == ""


def test_what_is_beyond_the_map_is_said_to_be_beyond_the_map():
    view = view_of(long("ann", 5, at=96), long("cid", 5, at=10))
    edge = view.map.bins.edges[0]
    assert words.beyond(view, Side.LONG, 12, 110) == f"$500 more below {words.compact(float(f'{edge:.3g}'))}"


def test_what_is_in_no_map_is_told_where_it_matters():
    view = view_of(long("ann", 5, at=96), long("bob", 3), short("cid", 2, at=90))
    assert words.unplaced(view) == "$300 has no level in reach · $200 is stale"
    assert words.unplaced(view_of(long("ann", 5, at=96))) == ""


def test_the_fine_print_has_all_that_a_figure_stands_on():
    said = words.provenance(crowd())
    assert said.startswith(
        "Testex, measured, simulated · coverage 22% of longs, 24% of shorts · positions 4 min old"
        "  |  2026-06-27 19:33 UTC"
    )
    assert said.endswith("where forced orders sit, not a forecast")


def test_unknown_coverage_and_age_are_called_unknown():
    said = words.provenance(replace(crowd(), coverage=None, age_s=None))
    assert "coverage unknown · no positions" in said
    assert "0%" not in said


def test_the_fine_print_of_a_modelled_map_says_what_it_is_worth():
    said = words.provenance(replace(modelled(), coverage=0.41, age_s=240.0))
    assert said.startswith("Binance, modelled · 41% of open interest has a level · 4 min old")
    assert "upper bounds, not forecasts" in said


@pytest.mark.parametrize(
    ("layer", "tags"),
    [
        (Layer("Hyperliquid", Basis.MEASURED), []),
        (Layer("Hyperliquid", Basis.MEASURED, Origin.RECORDED), ["RECORDED"]),
        (Layer("Binance", Basis.MODELLED, Origin.SIMULATED), ["MODELLED", "SIMULATED"]),
    ],
)
def test_what_is_not_live_or_not_measured_is_tagged(layer, tags):
    assert words.tags(replace(crowd(), layer=layer)) == tags


def test_a_modelled_headline_says_up_to_and_a_measured_one_does_not():
    for view, said in ((modelled(), True), (crowd(), False)):
        assert ("up to $" in str(meaning.sentence(view))) is said
        assert ("up to $" in heatmap.draw(heatmap_of(view_with_past(view))).alt) is said
        (cluster, *_) = view.clusters
        assert labels.usd_words(view, cluster).startswith("≤$") is said


def view_with_past(view):
    return view if view.grid is not None else with_past(view, [view.spot] * 3)


@pytest.mark.parametrize(
    ("hours", "window", "said"),
    [
        (24, "24h", "24 hours"),
        (23, "24h", "24 hours"),
        (0.1, "12h", "6 min of 12 hours"),
        (1, "12h", "1 hour of 12 hours"),
        (40, "7d", "40 hours of 7 days"),
        (7 * 24, "7d", "7 days"),
        (7 * 24, "1y", "7 days of 1 year"),
        (7 * 24 - 0.5, "1y", "7 days of 1 year"),
        (6.9 * 24, "1y", "6 days of 1 year"),
        (365 * 24, "1y", "1 year"),
        (0, "30d", "0 min of 30 days"),
    ],
)
def test_the_badge_tells_how_far_back_the_data_reach(hours, window, said):
    assert words.span(round(hours * 3_600_000), window) == said


def test_the_badge_of_a_picture_is_that_of_its_data():
    view = with_past(crowd(), [62_000] * 169)
    assert heatmap.layout(heatmap_of(view, "1y")).badge == "7 days of 1 year"
    assert "7 days of 1 year" in heatmap.draw(heatmap_of(view, "1y")).alt


def test_no_wording_of_the_fine_print_leaves_out_venue_basis_or_time():
    for view in (crowd(), modelled()):
        for said in words.provenances(view):
            assert view.layer.venue in said
            assert view.layer.basis.value in said
            assert "27 19:33 UTC" in said or "27 Jun 19:33 UTC" in said


@pytest.mark.parametrize(
    ("age_s", "shortest"),
    [
        (40.0, "Testex, measured · 22%/24% known · 27 Jun 19:33 UTC"),
        (7_200.0, "Testex, measured · 2 h old · 27 Jun 19:33 UTC"),
    ],
)
def test_where_there_is_little_room_coverage_comes_before_the_age_of_what_is_fresh(age_s, shortest):
    options = words.provenances(replace(crowd(), age_s=age_s))
    fitting = [said for said in options if len(said) <= len(shortest)]
    assert fitting[0] == shortest


def test_the_more_trapped_side_comes_first_and_an_empty_side_not_at_all():
    view = crowd()
    shares = BySide(long=0.2, short=0.6)
    assert words.trapped(replace(view, trapped=Trapped(shares, shares))) == [
        (Side.SHORT, 0.6),
        (Side.LONG, 0.2),
    ]
    only = BySide(long=0.2, short=None)
    assert words.trapped(replace(view, trapped=Trapped(only, only))) == [(Side.LONG, 0.2)]


@pytest.mark.parametrize("name", ["crowd", "BTC"])
def test_the_alt_text_says_what_the_picture_shows(name):
    view = market(name)
    for picture in (heatmap.draw(heatmap_of(view)), ladder.draw(MapInput(view=view))):
        for said in (
            view.coin,
            figures.price(view.spot),
            f"{figures.usd(view.up_usd)} of shorts above",
            f"{figures.usd(view.down_usd)} of longs below",
            f"{words.ratio_label(view.fuel)} {figures.ratio(view.ratio)}",
            view.regime.value,
            str(meaning.sentence(view)),
            figures.share(view.trapped.underwater.long),
            view.layer.label,
            "coverage",
            "old",
            words.utc(view.time_ms),
            "not a forecast",
        ):
            assert said in picture.alt
        assert len(picture.alt) <= alternative_text.ALT_LIMIT == 1024


def test_the_alt_text_names_the_heaviest_clusters_and_how_price_went():
    view = crowd()
    alt = heatmap.draw(heatmap_of(view)).alt
    assert f"between {figures.price(view.grid.low.min())} and {figures.price(view.grid.high.max())}" in alt
    for side in Side:
        nearest = labels.nearest_heavy(view, side)
        assert f"{figures.usd(nearest.usd)} of {side.value}s at {words.place(nearest)}" in alt


def test_an_alt_text_that_would_be_too_long_names_fewer_clusters():
    view = replace(without_grid(crowd()), coin="A" * 540)
    shown = list(view.clusters[:6])
    alt = alternative_text.alt(view, "liquidation map", [(cluster, "", False) for cluster in shown])
    assert len(alt) <= alternative_text.ALT_LIMIT
    assert "not a forecast" in alt
    assert words.place(shown[0]) in alt
    assert words.place(shown[-1]) not in alt


def test_no_text_is_broken_by_an_odd_market():
    for make in ODD_MARKETS.values():
        view = make()
        said = (
            f"{meaning.sentence(view)} {words.provenance(view)} "
            f"{alternative_text.alt(view, 'map', [(cluster, '', False) for cluster in view.clusters])}"
        )
        assert not re.search(r"\b(nan|inf|None)\b", said)


def test_a_file_name_is_plain():
    assert words.file_name("xyz:TSLA", "heatmap", "7d") == "xyz-TSLA-heatmap-7d.png"
    assert words.file_name("../../etc", "map") == "etc-map.png"


def test_ratio_is_words_where_one_side_is_empty():
    assert words.ratio(fuel(300, 100)) == "3.00"
    assert words.ratio(fuel(300, 0)) == "shorts only"
    assert words.ratio(fuel(0, 300)) == "longs only"
    assert words.ratio(fuel(0, 0)) == "—"
    assert np.isclose(fuel(300, 100).ratio, 3)
