"""What is told of an account between two looks: each thing once, with what moved it, and never of silence."""

from dataclasses import replace

import pytest
from accounts import ANN, held, state
from hypothesis import given
from hypothesis import strategies as st

from liqbot.alerts.account_reading import (
    DAY_MS,
    PATIENCE_MS,
    AccountMemory,
    differs,
    from_bytes,
    read_liquidation,
    read_state,
    read_waiting,
    thresholds,
    to_bytes,
)
from liqbot.alerts.account_rule import WATCH_ACCOUNT
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation, Provenance

MINUTE = 60_000
VALUES = WATCH_ACCOUNT.form.defaults()
FAR = held("BTC", 20, at=50_000, mark=100_000, entry=100_000)


class Reader:
    """Reads look after look, and keeps what is remembered as the database does."""

    def __init__(self, **values):
        self.values = VALUES | values
        self.memory = AccountMemory()
        self.time_ms = 0

    def see(self, *positions, minutes=1, **more):
        """Return what a look tells, some minutes after the one before, in a line each."""
        return [hit.text for hit in self.hits(*positions, minutes=minutes, **more)]

    def hits(self, *positions, minutes=1, **more):
        self.time_ms += round(minutes * MINUTE)
        self.memory, hits = read_state(
            from_bytes(to_bytes(self.memory)), state(*positions, time_ms=self.time_ms, **more), self.values
        )
        return hits

    def hear(self, price=50_000.0, size=20.0, coin="BTC", **more):
        told = Liquidation(coin, self.time_ms + 1_000, Side.LONG, price, size, account=ANN, **more)
        self.memory = read_liquidation(self.memory, told)


@pytest.fixture
def reader():
    reading = Reader()
    assert reading.see(FAR) == []
    return reading


class TestChanges:
    def test_a_position_that_is_opened_is_told_with_its_distance(self, reader):
        assert reader.see(FAR, held("ETH", -100, at=2_200, mark=2_000)) == [
            "ETH short $200k opened, 10% from liquidation"
        ]

    def test_one_that_is_closed_is_told_with_what_it_stood_at(self, reader):
        [hit] = reader.hits()
        assert hit.text == "BTC long $2M closed"
        assert "Its entry was 100,000" in hit.means
        assert "No liquidation was told of." in hit.means

    def test_one_that_is_reversed(self, reader):
        assert reader.see(held("BTC", -5, at=120_000, mark=100_000)) == [
            "BTC short $500k: reversed, 20% from liquidation"
        ]

    @pytest.mark.parametrize(
        ("size", "said"),
        [
            (26, ["BTC long $2.6M: up 30%, 50% from liquidation"]),
            (24, []),
            (14, ["BTC long $1.4M: down 30%, 50% from liquidation"]),
            (16, []),
        ],
    )
    def test_a_change_of_size_is_told_from_a_share_on(self, reader, size, said):
        assert reader.see(replace(FAR, size=size)) == said

    def test_small_steps_that_come_to_that_share_are_told_once(self, reader):
        said = [reader.see(replace(FAR, size=20 + step)) for step in range(1, 11)]
        assert [one for one in said if one] == [["BTC long $2.5M: up 25%, 50% from liquidation"]]

    def test_positions_that_are_too_small_are_left_out(self):
        reading = Reader(at_least=3e6)
        reading.see(FAR)
        assert reading.see() == []

    def test_what_could_not_be_read_has_not_changed(self, reader):
        assert reader.see(unread=("BTC",)) == []
        assert reader.see(FAR) == []

    def test_the_first_look_tells_of_no_change(self):
        assert Reader().see(FAR, held("ETH", 5, at=20)) == []

    def test_a_look_that_is_not_later_tells_nothing(self, reader):
        assert reader.see(minutes=0) == []
        assert reader.see(minutes=-5) == []

    def test_what_is_seen_after_a_long_silence_says_so(self, reader):
        [hit] = reader.hits(minutes=300)
        assert hit.caveat == "It was last looked at 5 h before."


def at(distance_pct, **more):
    """Return a long position so far from its liquidation."""
    return held("BTC", 20, at=100_000 * (1 - distance_pct / 100), mark=100_000, entry=100_000, **more)


class TestNear:
    def test_each_step_is_told_once(self, reader):
        assert reader.see(at(6)) == []
        assert reader.see(at(5)) == ["BTC long is 5% ($5,000) from liquidation"]
        assert reader.see(at(4.9)) == []
        assert reader.see(at(2.4)) == ["BTC long is 2.4% ($2,400) from liquidation"]
        assert reader.see(at(0.9)) == ["BTC long is 0.9% ($900) from liquidation"]
        assert reader.see(at(0)) == []

    def test_a_jump_over_several_steps_is_one_alert(self, reader):
        assert len(reader.see(at(0.5))) == 1
        assert reader.see(at(0.4)) == []

    def test_at_the_level_it_is_said_to_be_there(self, reader):
        assert reader.see(at(-1)) == ["BTC long is at its liquidation price"]

    def test_what_hovers_around_a_step_is_told_once_and_again_after_it_had_left(self, reader):
        assert reader.see(at(4.9))
        assert [reader.see(at(away)) for away in (5.3, 4.8, 6.2, 4.7)] == [[], [], [], []]
        assert reader.see(at(7)) == []
        assert reader.see(at(4.9))

    def test_one_that_is_near_at_the_first_look_is_told(self):
        assert Reader().see(at(3)) == ["BTC long is 3% ($3,000) from liquidation"]

    def test_one_that_is_opened_near_is_one_alert(self, reader):
        assert reader.see(FAR, held("ETH", 10, at=97, mark=100)) == [
            "ETH long $1k opened, 3% from liquidation"
        ]
        assert reader.see(FAR, held("ETH", 10, at=97, mark=100)) == []

    def test_near_is_what_was_asked_for(self):
        assert thresholds(5) == (5, 2.5, 1)
        reading = Reader(near=20.0)
        assert reading.see(at(19))
        assert reading.see(at(9.9))
        assert reading.see(at(3.9))

    def test_a_coin_that_cannot_be_read_keeps_its_steps(self, reader):
        assert reader.see(at(4.9))
        assert reader.see(unread=("BTC",)) == []
        assert reader.see(at(4.8)) == []


class TestWhatMovedIt:
    def test_price(self, reader):
        [hit] = reader.hits(replace(FAR, mark=52_000), minutes=120)
        assert hit.means == "Price moved it: BTC fell 48% to 52,000 in 2 h."

    def test_its_own_trade(self, reader):
        [hit] = reader.hits(replace(FAR, size=24, liquidation=97_000), minutes=30)
        assert hit.means == "Its own trading moved it: from BTC long $2M to BTC long $2.4M in 30 min."

    def test_its_margin(self, reader):
        [hit] = reader.hits(replace(FAR, liquidation=97_000), minutes=30)
        assert hit.means == (
            "Its liquidation price moved from 50,000 to 97,000 in 30 min without a trade in BTC: "
            "margin was taken out, or other positions lost."
        )

    def test_both(self, reader):
        [hit] = reader.hits(replace(FAR, liquidation=70_000, mark=72_000), minutes=30)
        assert hit.means.startswith(
            "Price and the account itself moved it: BTC fell 28% to 72,000 in 30 min."
        )
        assert "from 50,000 to 70,000" in hit.means

    def test_it_is_told_of_at_most_a_day(self, reader):
        for _ in range(3):
            assert reader.see(replace(FAR, mark=90_000), minutes=DAY_MS / MINUTE) == []
        [hit] = reader.hits(replace(FAR, mark=52_000), minutes=60)
        assert "BTC fell 42.2% to 52,000" in hit.means


class TestLiquidations:
    def test_one_that_was_told_is_no_close(self, reader):
        reader.hear()
        [hit] = reader.hits()
        assert hit.text == "BTC long liquidated at 50,000: $1M"
        assert hit.means == "BTC fell 50% to 50,000 in 1 s."
        assert hit.caveat == ""

    def test_its_fills_are_added_up(self, reader):
        reader.hear(price=50_000, size=15)
        reader.hear(price=46_000, size=5)
        assert reader.see() == ["BTC long liquidated at 49,000: $980k"]

    def test_what_is_left_of_it_is_said(self, reader):
        reader.hear(size=4)
        [hit] = reader.hits(replace(FAR, size=16))
        assert hit.text == "BTC long liquidated in part at 50,000: $200k"
        assert "BTC long $1.6M is left." in hit.means

    def test_one_that_was_inferred_is_called_so(self, reader):
        reader.hear(provenance=Provenance.INFERRED)
        [hit] = reader.hits()
        assert hit.caveat.startswith("Inferred: price crossed its level")

    def test_a_look_from_before_it_does_not_lose_it(self, reader):
        reader.hear()
        assert reader.see(FAR, minutes=0.01) == []
        assert reader.see() == ["BTC long liquidated at 50,000: $1M"]

    def test_where_no_look_follows_it_is_told_all_the_same_and_once(self, reader):
        reader.hear()
        heard_ms = reader.time_ms + 1_000
        memory, hits = read_waiting(reader.memory, heard_ms + PATIENCE_MS - 1)
        assert (memory, hits) == (reader.memory, ())
        reader.memory, [hit] = read_waiting(reader.memory, heard_ms + PATIENCE_MS)
        assert hit.text == "BTC long liquidated at 50,000: $1M"
        assert "It held BTC long $2M before; what is left is not known yet." in hit.means
        assert read_waiting(reader.memory, heard_ms + 10 * PATIENCE_MS) == (reader.memory, ())
        assert reader.see(minutes=20) == []

    def test_one_of_another_coin_explains_nothing(self, reader):
        reader.hear(coin="ETH")
        assert reader.see() == ["BTC long $2M closed"]


def test_what_merely_moves_with_prices_is_no_difference(reader):
    before = reader.memory
    reader.see(replace(FAR, mark=90_000, liquidation=51_000))
    assert not differs(before, reader.memory)
    reader.see(replace(FAR, size=21))
    assert differs(before, reader.memory)


def test_what_cannot_be_read_of_a_memory_begins_anew():
    assert from_bytes(b"\xc1") == from_bytes(None) == AccountMemory()


@given(st.lists(st.tuples(st.floats(-30, 30), st.floats(0.1, 30)), max_size=12))
def test_nothing_is_told_twice_of_a_look_that_is_repeated(looks):
    reading = Reader()
    for size, away in looks:
        position = held("BTC", size or 1.0, at=100 - away * (1 if size >= 0 else -1), mark=100)
        reading.see(position)
        assert reading.see(position) == []


def test_of_many_at_once_what_was_liquidated_comes_first_then_what_is_near_the_largest_first():
    small, large = held("ETH", 1, at=90, mark=100), held("SOL", 50, at=90, mark=100)
    reader = Reader()
    reader.see(FAR, small, large, held("XRP", 9_000, at=None, mark=100))
    reader.hear()
    hits = reader.hits(replace(small, mark=91), replace(large, mark=91))
    assert [hit.key for hit in hits] == ["liquidated:BTC", "near:SOL", "near:ETH", "closed:XRP"]


@pytest.mark.parametrize("level", [0.0, -5.0])
def test_a_level_that_no_price_can_reach_is_none(level):
    reader = Reader()
    assert reader.see(held("ETH", 1, at=level, mark=100)) == []
    assert held("ETH", 1, at=level, mark=100).distance() is None
