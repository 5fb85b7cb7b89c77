"""When a chat wants to hear."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.alerts.hold_policy import HOUR_MS, HoldReason, hold, hold_digest, local_time, zone
from liqbot.store.chats import ChatSettings


def at(text):
    """Return a time in UTC as ms."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NOON = at("2026-03-10 12:00")
NIGHT = (23 * 60, 7 * 60)


def held(settings=None, now_ms=NOON, *, digest="off", lately=0, first_ms=None):
    return hold(settings or ChatSettings(), digest, lately, first_ms, now_ms)


def test_as_a_rule_an_alert_goes_out_at_once():
    assert held() is None


def test_while_muted_it_is_held_until_that_ends():
    assert held(ChatSettings(mute_until_ms=NOON + 5)) == (NOON + 5, HoldReason.MUTED)
    assert held(ChatSettings(mute_until_ms=NOON)) is None


@pytest.mark.parametrize(
    ("zone", "now", "until"),
    [
        ("UTC", "2026-03-10 23:00", "2026-03-11 07:00"),
        ("UTC", "2026-03-10 22:59", None),
        ("UTC", "2026-03-11 06:59", "2026-03-11 07:00"),
        ("UTC", "2026-03-11 07:00", None),
        ("Asia/Tokyo", "2026-03-10 14:00", "2026-03-10 22:00"),
        ("Asia/Tokyo", "2026-03-10 22:00", None),
        ("Asia/Kolkata", "2026-03-10 17:30", "2026-03-11 01:30"),
        # Clocks in New York go forward on 8 March at 7:00 UTC: the night is an hour shorter.
        ("America/New_York", "2026-03-08 04:30", "2026-03-08 11:00"),
        ("America/New_York", "2026-03-07 04:30", "2026-03-07 12:00"),
    ],
)
def test_in_quiet_hours_it_is_held_until_the_chats_morning(zone, now, until):
    expected = None if until is None else (at(until), HoldReason.QUIET)
    assert held(ChatSettings(zone, quiet=NIGHT), at(now)) == expected


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-10-25 00:10", "2026-10-25 00:50"),
        ("2026-10-25 00:55", None),
        # Clocks in Berlin go back at 1:00 UTC, and show 2:10 to 2:50 once more.
        ("2026-10-25 01:10", "2026-10-25 01:50"),
        ("2026-10-25 01:50", None),
    ],
)
def test_where_clocks_show_an_hour_twice_both_are_quiet(now, until):
    settings = ChatSettings("Europe/Berlin", quiet=(23 * 60, 2 * 60 + 50))
    assert held(settings, at(now)) == (None if until is None else (at(until), HoldReason.QUIET))


def test_quiet_hours_may_lie_within_a_day():
    lunch = ChatSettings(quiet=(12 * 60, 13 * 60))
    assert held(lunch, NOON) == (NOON + HOUR_MS, HoldReason.QUIET)
    assert held(lunch, NOON + HOUR_MS) is None


def test_a_digest_comes_with_the_hour_or_in_the_morning():
    assert held(digest="hourly", now_ms=NOON + 1) == (NOON + HOUR_MS, HoldReason.DIGEST)
    assert held(digest="daily") == (at("2026-03-11 08:00"), HoldReason.DIGEST)
    assert held(ChatSettings("Asia/Tokyo"), digest="daily") == (at("2026-03-10 23:00"), HoldReason.DIGEST)


def test_beyond_the_hourly_limit_it_is_held_until_there_is_room():
    settings = ChatSettings(hourly_limit=3)
    assert held(settings, lately=2, first_ms=NOON - 10) is None
    assert held(settings, lately=3, first_ms=NOON - 10) == (NOON - 10 + HOUR_MS, HoldReason.LIMIT)


def test_of_several_reasons_the_longest_counts():
    settings = ChatSettings(mute_until_ms=NOON + 5, hourly_limit=1)
    assert held(settings, lately=1, first_ms=NOON - 10) == (NOON - 10 + HOUR_MS, HoldReason.LIMIT)
    assert held(settings, digest="hourly") == (NOON + HOUR_MS, HoldReason.DIGEST)


def test_a_digest_that_is_due_waits_for_quiet_hours_and_mute_but_for_no_limit():
    assert hold_digest(ChatSettings(hourly_limit=1), NOON) is None
    assert hold_digest(ChatSettings(mute_until_ms=NOON + 5), NOON) == (NOON + 5, HoldReason.MUTED)


@given(
    st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York", "Australia/Lord_Howe", "no zone at all"]),
    st.tuples(st.integers(0, 1439), st.integers(0, 1439)),
    st.integers(at("2026-01-01"), at("2027-01-01")),
    st.sampled_from(["off", "hourly", "daily"]),
)
def test_whatever_is_held_is_held_for_a_while_that_ends(zone, quiet, now_ms, digest):
    settings = ChatSettings(zone, quiet=quiet)
    for _ in range(4):
        wait = held(settings, now_ms, digest=digest)
        if wait is None:
            return
        assert now_ms < wait[0] <= now_ms + 50 * HOUR_MS
        now_ms, digest = wait[0], "off"
    raise AssertionError("it is held for ever")


def test_a_time_zone_that_is_none_counts_as_utc():
    assert zone("Nowhere/City") is None
    assert zone("../etc/passwd") is None
    assert local_time(ChatSettings("Nowhere/City"), NOON).hour == 12
