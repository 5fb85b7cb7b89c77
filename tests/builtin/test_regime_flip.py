import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markets import LAYER, long, short, view_of
from shared import shared_file

from liqbot.alerts.evaluation import decode_state
from liqbot.alerts.states import WatchState, step
from liqbot.builtin import regime_flip
from liqbot.engine.board import Board
from liqbot.market.side import Side
from liqbot.sources.recording import Recording

EMPTY = view_of(spot=100)
MINUTE = 60_000
SHORT, LONG, BALANCED = "short-squeeze setup", "long-liquidation setup", "balanced"


class Watcher:
    """Reads one reading after another as the host does: through the state machine."""

    def __init__(self, state=None, **written):
        written = {"balanced": "yes"} | {name.rstrip("_"): text for name, text in written.items()}
        self.values = regime_flip.form.parse(written)
        self.state = state or WatchState()
        self.events = []

    @property
    def memory(self):
        return self.state.memory

    @property
    def hits(self):
        return [event.hit for event in self.events]

    def see(self, minute, up, down):
        """Return what is told `minute` minutes on, with `up` and `down` in millions of dollars."""
        view = replace(EMPTY, time_ms=round(minute * MINUTE), up_usd=up * 1e6, down_usd=down * 1e6)
        reading = regime_flip.read(view, self.values, self.memory)
        policy = regime_flip.policy_for(self.values)
        self.state, events = step(self.state, reading, view.time_ms, policy)
        self.events += events
        return [flip(event.hit) for event in events]


def flip(hit) -> str:
    before = re.search(r"Before, it was (?:a )?([^.]*)\.", hit.means)[1]
    return f"{before} → {hit.key}"


def flips(*readings, **written):
    """Return what is told, with its minute, of readings (minute, up, down) in millions."""
    watcher = Watcher(**written)
    return [(minute, told) for minute, up, down in readings for told in watcher.see(minute, up, down)]


def ratios(*values, start=0, each=1):
    """Return readings of these ratios, one every `each` minutes."""
    return [(start + number * each, 10 * value, 10) for number, value in enumerate(values)]


def lasting(value, minutes, *, start):
    return ratios(*[value] * (minutes + 1), start=start)


class TestTheBaseline:
    @pytest.mark.parametrize(("up", "down"), [(90, 10), (10, 90), (50, 50), (50, 0), (0, 50)])
    def test_what_a_new_watch_finds_is_where_it_starts_not_a_flip(self, up, down):
        assert flips(*((minute, up, down) for minute in range(60))) == []

    def test_it_is_taken_from_the_first_view_that_has_a_reading(self):
        assert flips((0, 0, 0), (1, 1, 0), *lasting(3, 30, start=2)) == []
        assert flips((0, 0, 0), (1, 30, 10), *lasting(1, 10, start=2)) == [(12, f"{SHORT} → {BALANCED}")]


class TestConfirming:
    def test_a_new_regime_is_told_once_it_has_lasted_so_long_and_only_once(self):
        assert flips((0, 10, 10), *lasting(3, 60, start=1)) == [(11, f"{BALANCED} → {SHORT}")]
        assert flips((0, 10, 10), *lasting(3, 60, start=1), for_="30m") == [(31, f"{BALANCED} → {SHORT}")]

    def test_without_a_confirmation_time_it_is_told_at_once(self):
        assert flips((0, 10, 10), (1, 30, 10), for_="0") == [(1, f"{BALANCED} → {SHORT}")]

    def test_one_flicker_back_begins_the_count_again(self):
        assert flips((0, 10, 10), *lasting(3, 9, start=1), (10.5, 10, 10), *lasting(3, 12, start=11)) == [
            (21, f"{BALANCED} → {SHORT}")
        ]

    def test_a_flicker_to_the_opposite_setup_begins_its_own_count(self):
        readings = [(0, 10, 10), *lasting(3, 9, start=1), *lasting(0.2, 12, start=10.5)]
        assert flips(*readings) == [(20.5, f"{SHORT} → {LONG}")]

    def test_the_count_goes_on_over_a_pause_in_which_nothing_was_seen(self):
        assert flips((0, 10, 10), (1, 30, 10), (600, 30, 10)) == [(600, f"{BALANCED} → {SHORT}")]

    def test_each_regime_is_a_key_of_its_own(self):
        watcher = Watcher(for_="0")
        for minute, ratio in enumerate([1, 3, 1, 0.1, 3]):
            watcher.see(minute, 10 * ratio, 10)
        assert [hit.key for hit in watcher.hits] == [SHORT, BALANCED, LONG, SHORT]


class TestItsOptions:
    """They mean for a flip what they mean for every state: it is one."""

    def test_over_is_told_when_the_new_regime_has_ended_and_not_before(self):
        watcher = Watcher(for_="10m", resolved="yes")
        for reading in [(0, 10, 10), *lasting(3, 60, start=1)]:
            watcher.see(*reading)
        assert [event.reason for event in watcher.events] == ["first"]
        for reading in lasting(1, 20, start=62):
            watcher.see(*reading)
        assert {(flip(event.hit), event.reason) for event in watcher.events[1:]} == {
            (f"{BALANCED} → {SHORT}", "resolved"),
            (f"{SHORT} → {BALANCED}", "first"),
        }

    def test_where_it_began_is_never_told_as_over(self):
        watcher = Watcher(resolved="yes")
        for reading in [*lasting(1, 5, start=0), *lasting(3, 60, start=6)]:
            watcher.see(*reading)
        assert [event.reason for event in watcher.events] == ["first"]

    def test_it_is_told_again_while_it_stands(self):
        told = flips((0, 10, 10), *lasting(3, 60, start=1), repeat="20m")
        assert [minute for minute, _ in told] == [11, 31, 51]

    def test_the_name_that_its_time_once_had_still_works(self):
        assert flips((0, 10, 10), *lasting(3, 60, start=1), confirm="30m") == [(31, f"{BALANCED} → {SHORT}")]
        old = regime_flip.form.restore('{"at_least":5000000.0,"band":0.2,"confirm":1800.0}')
        assert regime_flip.policy_for(old).hold == 1800
        assert "confirm" not in regime_flip.form.canonical(old)


class TestTheDeadBand:
    def test_a_setup_is_left_only_when_the_ratio_has_come_back_by_the_band(self):
        # 2 / 1.2 is 1.667, its inverse 0.6.
        assert flips(*ratios(3), *lasting(1.7, 60, start=1)) == []
        assert flips(*ratios(3), *lasting(1.66, 10, start=1)) == [(11, f"{SHORT} → {BALANCED}")]
        assert flips(*ratios(0.3), *lasting(0.59, 60, start=1)) == []
        assert flips(*ratios(0.3), *lasting(0.61, 10, start=1)) == [(11, f"{LONG} → {BALANCED}")]

    def test_a_setup_is_entered_at_the_published_threshold(self):
        assert flips(*ratios(1), *lasting(2.0, 60, start=1)) == []
        assert flips(*ratios(1), *lasting(2.01, 10, start=1)) == [(11, f"{BALANCED} → {SHORT}")]
        assert flips(*ratios(1), *lasting(0.5, 60, start=1)) == []
        assert flips(*ratios(1), *lasting(0.49, 10, start=1)) == [(11, f"{BALANCED} → {LONG}")]

    def test_its_width_can_be_chosen(self):
        assert flips(*ratios(3), *lasting(1.3, 60, start=1), band="0.6") == []
        assert flips(*ratios(3), *lasting(1.99, 10, start=1), band="0") == [(11, f"{SHORT} → {BALANCED}")]

    @given(st.lists(st.floats(1.6667, 2.4), min_size=1, max_size=80), st.sampled_from(["0", "2m", "10m"]))
    def test_a_ratio_that_hovers_at_the_threshold_flips_at_most_once(self, hovering, lasting_s):
        assert len(flips(*ratios(*hovering, each=3), for_=lasting_s)) <= 1

    @given(st.lists(st.floats(1 / 2.4, 1 / 1.6667), min_size=1, max_size=80))
    def test_nor_does_one_that_hovers_at_the_inverse(self, hovering):
        assert len(flips(*ratios(*hovering, each=3), for_="0")) <= 1

    @given(st.lists(st.sampled_from([1.9, 2.1]), min_size=12, max_size=40))
    def test_from_one_setup_to_hovering_at_the_others_threshold_the_end_of_the_first_is_told(self, hovering):
        told = flips(*ratios(0.3), *ratios(*hovering, *[1.9] * 12, start=1), for_="10m")
        assert told[0][1] in (f"{LONG} → {BALANCED}", f"{LONG} → {SHORT}", f"{BALANCED} → {SHORT}")
        assert told[0][0] <= 12 + len(hovering)

    @given(
        st.lists(st.tuples(st.floats(0, 40), st.floats(0, 40)), max_size=60),
        st.sampled_from(["0", "5m"]),
        st.sampled_from(["0", "0.2", "1"]),
    )
    def test_whatever_happens_what_is_told_fits_its_own_view(self, readings, lasting_s, band):
        watcher = Watcher(for_=lasting_s, band=band, at_least="5M")
        for minute, (up, down) in enumerate(readings):
            for told in watcher.see(minute, up, down):
                before, now = told.split(" → ")
                assert now != before
                if up + down >= 5:
                    staying = 2 / (1 + float(band))
                    leans = {SHORT: up > staying * down, LONG: down > staying * up}
                    assert leans.get(now, True)


class TestTooLittle:
    def test_200_thousand_against_one_dollar_is_no_news(self):
        assert flips(*ratios(1), *((minute, 0.2, 0.000001) for minute in range(1, 60))) == []

    def test_the_least_fuel_counts_both_sides_together_and_can_be_chosen(self):
        shift = [(0, 3, 3), *((minute, 4, 1) for minute in range(1, 20))]
        assert flips(*shift, at_least="5.1M") == []
        assert flips(*shift, at_least="5M") == [(11, f"{BALANCED} → {SHORT}")]

    def test_no_reading_keeps_the_last_regime(self):
        gone = [(minute, 0, 0) for minute in range(1, 60)]
        assert flips((0, 30, 10), *gone, *lasting(3, 30, start=60)) == []
        assert flips((0, 30, 10), *gone, *lasting(1, 10, start=60)) == [(70, f"{SHORT} → {BALANCED}")]

    def test_no_reading_begins_the_count_again(self):
        readings = [(0, 10, 10), *lasting(3, 9, start=1), (10.5, 0, 0), *lasting(3, 12, start=11)]
        assert flips(*readings) == [(21, f"{BALANCED} → {SHORT}")]

    def test_both_sides_empty_is_no_reading_whatever_is_asked_for(self):
        assert flips((0, 30, 10), *((minute, 0, 0) for minute in range(1, 60)), at_least="0") == []


class TestTelling:
    def told(self, before, now):
        watcher = Watcher(for_="0")
        watcher.see(0, *before)
        watcher.see(1, *now)
        return watcher.hits[0]

    def test_it_says_from_what_to_what_with_the_ratio_and_both_sides(self):
        hit = self.told((10, 10), (24, 10))
        assert hit.text == "fuel moved above price: ratio 1.00 → 2.40"
        assert hit.means == (
            "Shorts are the fuel: a rise would force more buying than a fall would selling. Before, it was "
            "balanced. Within 5% of spot: $24M of shorts above and $10M of longs below."
        )
        assert hit.caveat == "Says where the fuel lies, not which way price will go, nor when."
        assert (hit.side, hit.value) == (Side.SHORT, 2.4)

    def test_one_side_empty_is_a_clean_direction_without_a_ratio(self):
        hit = self.told((10, 10), (0, 650))
        assert hit.text == "fuel moved below price"
        assert hit.means.startswith("Longs are the fuel")
        assert "$650M of longs below, nothing above." in hit.means
        assert (hit.side, hit.value) == (Side.LONG, None)
        assert "$24M of shorts above, nothing below." in self.told((10, 10), (24, 0)).means

    def test_balanced_takes_no_side(self):
        hit = self.told((30, 10), (10, 10))
        assert hit.text == "fuel evened out: ratio 3.00 → 1.00"
        assert hit.means.startswith("Neither side holds twice the fuel of the other")
        assert hit.side is None


class TestItsMemory:
    def test_it_goes_through_json_at_any_point_and_nothing_changes(self):
        readings = [(0, 10, 10), *lasting(3, 12, start=1), *lasting(0.2, 12, start=20)]
        whole, pieces, told = Watcher(), Watcher(), []
        for reading in readings:
            whole.see(*reading)
            pieces = Watcher(decode_state(msgspec.msgpack.encode(pieces.state)))
            told += pieces.see(*reading)
            assert pieces.memory == whole.memory
        assert told == [flip(hit) for hit in whole.hits] == [f"{BALANCED} → {SHORT}", f"{SHORT} → {LONG}"]

    def test_it_says_what_stands_in_words_that_a_person_can_read(self):
        watcher = Watcher()
        watcher.see(0, 30, 10)
        assert json.loads(watcher.memory)["confirmed"] == SHORT


def alerts(views, **written):
    """Return the time and text of each alert that a watch raises over `views`."""
    state, values = WatchState(), regime_flip.form.parse(written)
    policy = regime_flip.policy_for(values)
    for view in views:
        reading = regime_flip.read(view, values, state.memory)
        state, events = step(state, reading, view.time_ms, policy)
        yield from ((view.time_ms, flip(event.hit)) for event in events)


def test_in_a_fall_through_the_longs_the_fuel_moves_to_the_other_side():
    rows = [long("ann", 90_000, at=96), short("bob", 80_000, at=99.5), short("cid", 10_000, at=103)]

    def views():
        for minute in range(60):
            spot = 100 if minute < 5 else 95.5 if minute < 40 else 95
            yield view_of(*rows[:1] if spot > 96 else rows[1:], spot=spot, time_ms=minute * MINUTE)

    assert list(alerts(views())) == [(15 * MINUTE, f"{LONG} → {SHORT}")]


def test_in_the_recorded_fall_of_5_february_it_tells_of_the_flip_to_longs():
    def views():
        board = Board(LAYER)
        for snapshot in Recording(shared_file("recordings/hyperliquid-positions-2026-02.csv.gz")).snapshots():
            if snapshot.time_ms > datetime(2026, 2, 6, tzinfo=UTC).timestamp() * 1000:
                return
            board.apply_all(snapshot.updates())
            yield board.view("BTC")

    told = [(datetime.fromtimestamp(time_ms / 1000, UTC).day, text) for time_ms, text in alerts(views())]
    assert told == [(5, f"{SHORT} → {LONG}")]


class TestWithoutBalanced:
    """By default only flips from side to side are told, however long it was even in between."""

    def test_that_it_evens_out_is_not_told(self):
        assert flips((0, 30, 10), (1, 20, 19), (100, 20, 19), balanced="no") == []

    def test_from_side_to_side_it_is_told_once_with_the_side_that_it_came_from(self):
        readings = [(0, 30, 10), (1, 20, 19), (100, 20, 19), (101, 10, 30), (200, 10, 30)]
        assert flips(*readings, balanced="no") == [(200, f"{SHORT} → {LONG}")]

    def test_back_on_the_old_side_nothing_has_flipped(self):
        readings = [(0, 30, 10), (1, 20, 19), (100, 20, 19), (101, 30, 10), (200, 30, 10)]
        assert flips(*readings, balanced="no") == []

    def test_what_was_even_from_the_start_and_then_leans_is_told(self):
        assert flips((0, 20, 19), (1, 30, 10), (100, 30, 10), balanced="no") == [
            (100, f"{BALANCED} → {SHORT}")
        ]

    def test_every_flip_of_side_is_told(self):
        readings = [(60 * number, *((30, 10) if number // 2 % 2 else (10, 30))) for number in range(8)]
        assert [told for _, told in flips(*readings, balanced="no")] == [
            f"{LONG} → {SHORT}",
            f"{SHORT} → {LONG}",
            f"{LONG} → {SHORT}",
        ]


def test_the_ratio_of_a_market_whose_coverage_is_known_is_scaled_and_says_so():
    # As known, longs for $6M stand against shorts for $30M. Five times as much of the shorts is known.
    rows = (long("a", 60_000, at=97), short("b", 300_000, at=104))
    assert scaled(view_of(*rows, spot=100)).key == SHORT
    hit = scaled(view_of(*rows, spot=100, open_interest=600_000))
    assert hit.text == "fuel evened out: ratio 1.00"
    assert "the ratio scaled by coverage" in hit.means
    assert hit.key == BALANCED


def scaled(view):
    return regime_flip.read(view, regime_flip.form.parse({"balanced": "yes"})).hits[0]
