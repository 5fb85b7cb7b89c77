from dataclasses import replace
from itertools import pairwise, takewhile

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.alerts.evaluation import decode_state
from liqbot.alerts.states import KeyState, Reason, Status, WatchState, put_back, step
from liqbot.rules.common_parameters import Policy
from liqbot.rules.rule import Hit, Reading

FIRST, AGAIN = Reason.FIRST, Reason.AGAIN
ALWAYS = Policy(cooldown=0)


def hits(marks):
    """Return hits by key: `x` is one that would start an alert, `~` one that only keeps it on, `.` none."""
    return [Hit(key, "text", holding=mark == "~") for key, mark in marks.items() if mark != "."]


def play(views, policy, state=None):
    """Return the state after `views` (minute, marks by key), and what was told: (minute, key, reason)."""
    state, told = state or WatchState(), []
    for minute, marks in views:
        state, events = step(state, Reading(tuple(hits(marks))), minute * 60_000, policy)
        told += [(minute, event.hit.key, event.reason) for event in events]
    return state, told


def minutes(marks, key="key"):
    """Return views a minute apart, a mark each."""
    return [(minute, {key: mark}) for minute, mark in enumerate(marks)]


def told(marks, **policy):
    """Return the minutes and reasons of what is told of one key over `marks`."""
    return [(minute, reason) for minute, _, reason in play(minutes(marks), Policy(**policy))[1]]


@pytest.mark.parametrize(
    ("marks", "policy", "expected"),
    [
        # It is told once, as long as it lasts.
        (".....", {}, []),
        ("..x..", {}, [(2, FIRST)]),
        (".xxxxxxx", {}, [(1, FIRST)]),
        # A hit below the entry threshold keeps an alert on, and never starts one.
        ("~~~~~~~~", {"cooldown": 0}, []),
        ("x~~~x~~x", {"cooldown": 0}, [(0, FIRST)]),
        ("x~.~~x", {"cooldown": 0}, [(0, FIRST), (5, FIRST)]),
        # It must last for `hold`, without a break, at full strength.
        ("xxxxx", {"hold": 180}, [(3, FIRST)]),
        ("xx.xxxx", {"hold": 180}, [(6, FIRST)]),
        ("xx~xxxx", {"hold": 180}, [(6, FIRST)]),
        ("xxx", {"hold": 180}, []),
        # It must be gone for `recover` before it is over.
        ("x.x.x", {"cooldown": 0, "recover": 120}, [(0, FIRST)]),
        ("x..x", {"cooldown": 0, "recover": 120}, [(0, FIRST)]),
        ("x...x", {"cooldown": 0, "recover": 120}, [(0, FIRST), (4, FIRST)]),
        ("x.~.x", {"cooldown": 0, "recover": 120}, [(0, FIRST)]),
        ("x.....~x", {"cooldown": 0, "recover": 120}, [(0, FIRST), (7, FIRST)]),
        # In its cooldown it is not told; if it is back by then, it is told again.
        ("x.x.x.x", {"cooldown": 240}, [(0, FIRST), (4, AGAIN)]),
        ("x.xxxxx", {"cooldown": 240}, [(0, FIRST), (4, AGAIN)]),
        ("xxxxxxxx", {"cooldown": 240}, [(0, FIRST)]),
        ("xxx.x.x", {"cooldown": 240}, [(0, FIRST), (4, AGAIN)]),
        ("x....x", {"cooldown": 240}, [(0, FIRST), (5, FIRST)]),
        ("x.xx..x", {"cooldown": 240}, [(0, FIRST), (6, FIRST)]),
        # Both.
        ("xx.xxxxx", {"hold": 60, "cooldown": 240}, [(1, FIRST), (5, AGAIN)]),
    ],
)
def test_what_is_told_and_when(marks, policy, expected):
    assert told(marks, **policy) == expected


@pytest.mark.parametrize(
    ("marks", "policy", "statuses"),
    [
        ("..x.", {}, "quiet quiet firing quiet"),
        ("x~x", {}, "firing firing firing"),
        ("xxx.", {"hold": 120}, "pending pending firing quiet"),
        ("x.x..", {"recover": 120}, "firing recovering firing recovering recovering"),
        ("x...", {"recover": 120}, "firing recovering recovering quiet"),
        ("x.xx", {"cooldown": 180}, "firing quiet pending firing"),
    ],
)
def test_where_a_watch_stands_in_a_word(marks, policy, statuses):
    state, seen = WatchState(), []
    for minute, views in minutes(marks):
        state, _ = step(state, Reading(tuple(hits(views))), minute * 60_000, Policy(**policy))
        seen.append(state.status)
    assert " ".join(seen) == statuses


def test_a_watch_stands_where_its_most_pressing_key_does():
    def standing(**keys):
        return WatchState(keys).status

    on, off = KeyState(on=True), KeyState(sent_ms=1)
    going, coming = KeyState(on=True, changing_ms=1), KeyState(changing_ms=1)
    assert standing(a=coming, b=going, c=on, d=off) is Status.FIRING
    assert standing(a=coming, b=going, d=off) is Status.RECOVERING
    assert standing(a=coming, d=off) is Status.PENDING
    assert standing(d=off) is standing() is Status.OK


def test_each_key_has_an_alert_of_its_own():
    views = [(0, {"a": "x", "b": "."}), (1, {"a": "x", "b": "x"}), (2, {"a": ".", "b": "x"}), (3, {"a": "x"})]
    assert play(views, ALWAYS)[1] == [(0, "a", FIRST), (1, "b", FIRST), (3, "a", FIRST)]


def test_an_event_carries_the_hit_of_the_view_that_set_it_off():
    early, late = Hit("key", "early"), Hit("key", "late")
    state, _ = step(WatchState(), Reading((early,)), 0, Policy(hold=60))
    _, [event] = step(state, Reading((late,)), 60_000, Policy(hold=60))
    assert event.hit is late


def test_the_rules_memory_is_kept_as_it_is():
    state, _ = step(WatchState(memory=b"old"), Reading((), b"new"), 0, Policy())
    assert state.memory == b"new"


@pytest.mark.parametrize("marks", [{"key": "x"}, {"other": "x"}, {}])
def test_a_view_older_than_the_newest_changes_nothing_and_tells_nothing(marks):
    state, _ = play(minutes("..x.x"), Policy())
    assert step(state, Reading(tuple(hits(marks)), b"memory"), 3 * 60_000, Policy()) == (state, [])


def test_the_same_view_twice_tells_nothing_twice():
    state, _ = play([(0, {"key": "x"})], ALWAYS)
    assert step(state, Reading(tuple(hits({"key": "x"}))), 0, ALWAYS) == (state, [])


def test_a_pause_in_which_nothing_was_seen_goes_on_counting():
    assert play([(0, {"key": "x"}), (600, {"key": "x"})], Policy(hold=3_600))[1] == [(600, "key", FIRST)]


def test_a_state_that_another_version_wrote_begins_anew_rather_than_never_alerting_again():
    assert decode_state(None) == WatchState()
    for stored in (
        b"",
        b"\xc1",
        msgspec.msgpack.encode({"keys": {"key": "firing"}}),
        msgspec.msgpack.encode([1]),
    ):
        assert decode_state(stored) == WatchState()


policies = st.builds(
    Policy,
    hold=st.sampled_from([0, 60, 150, 600]),
    recover=st.sampled_from([0, 60, 150, 600]),
    cooldown=st.sampled_from([0, 60, 300, 3_600]),
)
marks = st.sampled_from("xx~.")


def laid_out(steps):
    """Return views of three keys, minutes to hours apart."""
    minute, views = 0, []
    for later, *by_key in steps:
        minute += later
        views.append((minute, dict(zip("abc", by_key, strict=True))))
    return views


histories = st.lists(st.tuples(st.sampled_from([1, 1, 1, 2, 5, 90]), marks, marks, marks), max_size=40).map(
    laid_out
)


def events_of(key, events):
    return [minute for minute, told_key, _ in events if told_key == key]


def marks_of(key, views):
    return [(minute, by_key.get(key, ".")) for minute, by_key in views]


@given(histories, policies)
def test_two_alerts_of_a_key_are_at_least_its_cooldown_apart(views, policy):
    _, events = play(views, policy)
    for key in "abc":
        assert all((b - a) * 60 >= policy.cooldown for a, b in pairwise(events_of(key, events)))


@given(histories, policies)
def test_between_two_alerts_of_a_key_it_was_gone_for_as_long_as_the_policy_asks(views, policy):
    _, events = play(views, policy)
    for key in "abc":
        for sent, sent_again in pairwise(events_of(key, events)):
            between = [
                (minute, mark) for minute, mark in marks_of(key, views) if sent <= minute <= sent_again
            ]
            assert longest_gap(between) * 60 >= policy.recover


def longest_gap(between):
    """Return the length in minutes of the longest run of views without the key; -1 where there is none."""
    longest, since = -1, None
    for minute, mark in between:
        since = None if mark != "." else minute if since is None else since
        longest = longest if since is None else max(longest, minute - since)
    return longest


@given(histories, policies)
def test_what_is_told_held_at_full_strength_for_as_long_as_the_policy_asks(views, policy):
    _, events = play(views, policy)
    for key in "abc":
        for sent in events_of(key, events):
            before = [(minute, mark) for minute, mark in marks_of(key, views) if minute <= sent]
            run = list(takewhile(lambda view: view[1] == "x", reversed(before)))
            assert (sent - run[-1][0]) * 60 >= policy.hold


@given(histories, policies)
def test_a_hit_below_the_entry_threshold_never_starts_an_alert(views, policy):
    weak = [(minute, {key: "~" for key, mark in marks.items() if mark != "."}) for minute, marks in views]
    assert play(weak, policy)[1] == []


@given(histories, policies)
def test_what_holds_long_enough_after_a_long_quiet_is_always_told(views, policy):
    state, _ = play(views, policy)
    late = [(100_000 + minute, {"a": "x"} if minute >= 600 else {}) for minute in range(0, 1_200, 5)]
    _, events = play(late, policy, state)
    assert [key for _, key, _ in events] == ["a"]


@given(histories, policies)
def test_keys_do_not_meddle_with_each_other(views, policy):
    _, events = play(views, policy)
    for key in "abc":
        alone = [(minute, {key: by_key.get(key, ".")}) for minute, by_key in views]
        assert events_of(key, play(alone, policy)[1]) == events_of(key, events)


@given(histories, policies)
def test_what_is_over_is_forgotten_with_its_cooldown(views, policy):
    state, _ = play(views, policy)
    after, _ = play([(100_000, {}), (200_000, {})], policy, state)
    assert after.keys == {}


@given(histories, policies, st.data())
def test_a_restart_at_any_point_changes_nothing(views, policy, data):
    cut = data.draw(st.integers(0, len(views)))
    state, before = play(views[:cut], policy)
    restored = decode_state(msgspec.msgpack.encode(state))
    assert restored == state
    end, after = play(views[cut:], policy, restored)
    assert (end, before + after) == play(views, policy)


@given(histories, policies, st.data())
def test_views_that_arrive_late_change_nothing(views, policy, data):
    shuffled, newest = [], -1
    for minute, by_key in views:
        shuffled.append((minute, by_key))
        newest = max(newest, minute)
        if newest > 0 and data.draw(st.booleans()):
            shuffled.append((data.draw(st.integers(0, newest - 1)), {"a": "x", "b": "."}))
    assert play(shuffled, policy) == play(views, policy)


# Told again, and told that it is over


def hit(value, key="key"):
    return Hit(key, f"worth {value}", value=value)


def tell_values(values, **policy):
    """Return (minute, reason, text) of what is told of one key; None for a value: it is gone."""
    state, told = WatchState(), []
    for minute, value in enumerate(values):
        reading = Reading(() if value is None else (hit(value),))
        state, events = step(state, reading, minute * 60_000, Policy(cooldown=0, **policy))
        told += [(minute, event.reason, event.hit.text) for event in events]
    return told


def test_what_grows_a_lot_is_told_again_and_from_there_on_anew():
    assert tell_values([10, 15, 20, 30, 39, 40], escalate=2) == [
        (0, Reason.FIRST, "worth 10"),
        (2, Reason.ESCALATED, "worth 20"),
        (5, Reason.ESCALATED, "worth 40"),
    ]
    assert tell_values([10, 100], escalate=0) == [(0, Reason.FIRST, "worth 10")]


def test_what_lasts_is_told_again_where_that_was_asked_for():
    assert [minute for minute, _, _ in tell_values([1] * 8, repeat=180)] == [0, 3, 6]
    assert [reason for _, reason, _ in tell_values([1] * 4, repeat=180)] == [Reason.FIRST, Reason.REPEAT]


def test_that_it_is_over_is_told_where_that_was_asked_for_and_once_only():
    assert tell_values([7, 8, None, None, None], resolve=True, recover=60) == [
        (0, Reason.FIRST, "worth 7"),
        (3, Reason.RESOLVED, "worth 7"),
    ]
    assert tell_values([7, None, None]) == [(0, Reason.FIRST, "worth 7")]


# Apart, where the keys differ


def tell_by_key(views, **policy):
    """Return (minute, key) of what is told of views, each a value by key."""
    state, said = WatchState(), []
    for minute, values in enumerate(views):
        reading = Reading(tuple(hit(value, key) for key, value in values.items()))
        state, events = step(state, reading, minute * 60_000, Policy(cooldown=0, **policy))
        said += [(minute, event.hit.key) for event in events]
    return said


def test_an_alert_that_comes_too_soon_after_another_waits_and_is_told_where_it_still_holds():
    assert tell_by_key([{"a": 5}, {"a": 5, "b": 5}, {"a": 5, "b": 5}, {"b": 5}], apart=180) == [
        (0, "a"),
        (3, "b"),
    ]
    assert tell_by_key([{"a": 5}, {"b": 5}, {}, {}], apart=180) == [(0, "a")]


def test_of_one_key_only_its_cooldown_counts():
    assert tell_by_key([{"a": 5}, {}, {"a": 5}], apart=3600) == [(0, "a"), (2, "a")]


def test_a_clock_that_was_ahead_makes_nothing_wait_longer():
    policy, hour = Policy(cooldown=0, apart=3600), 3_600_000
    state, _ = step(WatchState(), Reading((hit(5, "a"),)), 48 * hour, policy)
    state = put_back(state, 1 * hour)
    told = {}
    for now_ms in (2 * hour - 1, 2 * hour):
        state, events = step(state, Reading((hit(5, "b"),)), now_ms, policy)
        told[now_ms] = [event.hit.key for event in events]
    assert told == {2 * hour - 1: [], 2 * hour: ["b"]}


def test_of_several_at_once_the_largest_is_told():
    assert tell_by_key([{"a": 5, "b": 9, "c": 7}], apart=180) == [(0, "b")]
    assert tell_by_key([{"a": 5, "b": 9, "c": 7}]) == [(0, "a"), (0, "b"), (0, "c")]


def test_what_is_far_larger_waits_for_nothing():
    views = [{"a": 5}, {"a": 5, "b": 9}, {"a": 5, "b": 10}]
    assert tell_by_key(views, apart=600, escalate=2) == [(0, "a"), (2, "b")]
    assert tell_by_key(views, apart=600) == [(0, "a")]


@given(histories, policies, st.sampled_from([60, 300, 3_600]))
def test_two_alerts_of_different_keys_are_as_far_apart_as_the_policy_asks(views, policy, apart):
    _, events = play(views, replace(policy, apart=apart))
    assert all((b - a) * 60 >= apart for (a, one, _), (b, other, _) in pairwise(events) if one != other)


# No data


def blind(state, minute):
    return step(state, None, minute * 60_000, ALWAYS)


def test_no_data_is_never_a_resolve_and_tells_nothing():
    state, _ = play([(0, {"key": "x"})], Policy(resolve=True))
    assert state.status is Status.FIRING
    for minute in range(1, 100):
        state, events = blind(state, minute)
        assert events == []
    assert state.status is Status.NO_DATA
    assert state.blind_ms == 60_000
    assert state.keys["key"].on
    state, told = play([(100, {"key": "x"})], Policy(resolve=True), state)
    assert (state.status, told) == (Status.FIRING, [])


def test_what_was_gone_before_the_data_went_has_to_be_seen_gone_anew():
    policy = Policy(recover=120, resolve=True, cooldown=0)
    state, _ = play([(0, {"key": "x"}), (1, {})], policy)
    assert state.status is Status.RECOVERING
    state, _ = blind(state, 2)
    state, told = play([(60, {})], policy, state)
    assert (state.status, told) == (Status.RECOVERING, [])
    state, told = play([(62, {})], policy, state)
    assert told == [(62, "key", Reason.RESOLVED)]


def test_what_was_pending_goes_on_counting_through_a_time_without_data():
    state, _ = play([(0, {"key": "x"})], Policy(hold=180))
    state, _ = blind(state, 1)
    assert play([(3, {"key": "x"})], Policy(hold=180), state)[1] == [(3, "key", FIRST)]


def test_of_events_with_one_key_the_first_is_told_while_it_cools_down_and_each_where_it_does_not():
    hits = (Hit("key", "first"), Hit("key", "second"), Hit("other", "third"))

    def told(cooldown):
        policy = Policy(cooldown=cooldown, is_event=True)
        return [event.hit.text for event in step(WatchState(), Reading(hits), 60_000, policy)[1]]

    assert told(3600) == ["first", "third"]
    assert told(0) == ["first", "second", "third"]
