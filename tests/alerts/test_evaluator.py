import sqlite3
from dataclasses import dataclass, replace
from typing import Annotated

import pytest
from alerts.stand_ins import ANN, BOB, saying
from markets import long, view_of
from structlog.testing import capture_logs

from liqbot.alerts.evaluation import STALE_MS, decode_state
from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.states import Status
from liqbot.market.depth import Depth
from liqbot.market.events import ClusterBorn, Observation
from liqbot.market.layer import Basis, Layer
from liqbot.rules.common_parameters import Policy
from liqbot.rules.parameters import Between, Usd
from liqbot.rules.rule import Hit, Need, Remembered, event_rule, rule

VIEW = view_of(long("ann", 2, at=95), spot=100)
MINUTE = 60_000


def at(minute, coin="BTC"):
    return replace(VIEW, coin=coin, time_ms=minute * MINUTE)


@dataclass(frozen=True)
class Seen:
    views: int = 0


@rule("third", policy=Policy(cooldown=0), memory=Seen)
def third(view, seen):
    """It speaks up at every third view."""
    count = seen.views + 1
    return Remembered([Hit(str(count), f"{view.coin} view {count}")] if count % 3 == 0 else [], Seen(count))


async def state_of(house, subscription):
    return decode_state(await house.store.alerts.state(subscription.watch))


async def test_a_rule_is_read_once_for_each_watch_however_many_subscribe_to_it(house):
    read = []

    @rule("counting")
    def counting(view, *, at_least: Usd = 5e6):
        """It counts."""
        read.append((view.coin, at_least))
        yield Hit("key", "text")

    house.with_rules(counting)
    for number in range(20):
        await house.subscribe(ANN._replace(native_id=str(number)), "counting")
    await house.subscribe(ANN, "counting", at_least="5,000,000")
    await house.subscribe(ANN, "counting", at_least="6M")
    due = await Evaluator(house.rules, house.store.alerts).take(at(0), now_ms=0)
    assert read == [("BTC", 5e6), ("BTC", 6e6)]
    assert due == 22


async def test_each_subscriber_of_a_watch_is_owed_each_of_its_alerts(house):
    house.with_rules(saying("both", "one", "two"), saying("other", "three"))
    await house.subscribe(ANN, "both")
    await house.subscribe(BOB, "both")
    await house.subscribe(BOB, "other")
    assert await Evaluator(house.rules, house.store.alerts).take(at(0), now_ms=0) == 5
    assert sorted(await house.due()) == [
        *(("ann", "BTC one"), ("ann", "BTC two")),
        *(("bob", "BTC one"), ("bob", "BTC three"), ("bob", "BTC two")),
    ]


async def test_a_watch_reads_only_the_views_of_its_coin(house):
    house.with_rules(saying("one", "text"))
    await house.subscribe(ANN, "one", "BTC")
    await house.subscribe(ANN, "one", "ETH")
    evaluator = Evaluator(house.rules, house.store.alerts)
    assert await evaluator.take(at(0, "SOL"), now_ms=0) == 0
    assert await evaluator.take(at(0, "ETH"), now_ms=0) == 1
    assert await house.due() == [("ann", "ETH text")]


async def test_a_watch_whose_condition_holds_already_alerts_at_the_next_view_and_then_no_more(house):
    house.with_rules(saying("one", "text"))
    evaluator = Evaluator(house.rules, house.store.alerts)
    await evaluator.take(at(0), now_ms=0)
    await house.subscribe(ANN, "one")
    assert [await evaluator.take(at(minute), now_ms=0) for minute in (1, 2, 3)] == [1, 0, 0]


async def test_state_and_memory_go_on_where_they_were_after_a_restart(house):
    house.with_rules(third, saying("slow", "text", hold=180))
    await house.subscribe(ANN, "third")
    slow = await house.subscribe(ANN, "slow")
    due = [await Evaluator(house.rules, house.store.alerts).take(at(minute), now_ms=0) for minute in range(6)]
    assert due == [0, 0, 1, 1, 0, 1]
    assert sorted(text for _, text in await house.due()) == ["BTC text", "BTC view 3", "BTC view 6"]
    assert (await state_of(house, slow)).status is Status.FIRING


async def test_an_older_view_tells_nothing_and_leaves_the_memory_alone(house):
    house.with_rules(third)
    subscription = await house.subscribe(ANN, "third")
    evaluator = Evaluator(house.rules, house.store.alerts)
    for minute in (5, 6, 4, 3):
        assert await evaluator.take(at(minute), now_ms=0) == 0
    assert (await state_of(house, subscription)).memory == b'{"views":2}'
    assert await evaluator.take(at(7), now_ms=0) == 1


async def test_states_alerts_and_deliveries_are_written_together_or_not_at_all(house, monkeypatch):
    house.with_rules(third, saying("one", "text"))
    subscriptions = [await house.subscribe(ANN, "third"), await house.subscribe(ANN, "one")]
    evaluator = Evaluator(house.rules, house.store.alerts)

    def break_down(*_, **__):
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        own = "_write" if hasattr(house.store.alerts, "_write") else "_add"  # on PostgreSQL all at once
        broken.setattr(house.store.alerts, own, break_down)
        with pytest.raises(OSError, match="the disk is full"):
            await evaluator.take(at(0), now_ms=0)
    assert [await house.store.alerts.state(item.watch) for item in subscriptions] == [None, None]
    assert await house.store.deliveries.owed() == 0
    assert await evaluator.take(at(1), now_ms=0) == 1, "the alert is not lost: it goes out with the next view"


class TestFaults:
    @pytest.fixture
    def moody(self):
        """Return a rule that fails while `moody.fails` is set."""

        class Moody:
            fails = True

        mood = Moody()

        @rule("moody", policy=Policy(cooldown=0), memory=Seen)
        def moody(view, seen):
            """It fails as it likes."""
            if mood.fails:
                raise ZeroDivisionError(view.coin)
            return Remembered([Hit("key", f"{seen.views} views before")], Seen(seen.views + 1))

        mood.rule = moody
        return mood

    async def test_a_rule_that_fails_holds_up_no_other(self, house, moody):
        house.with_rules(moody.rule, saying("good", "text"))
        await house.subscribe(ANN, "moody")
        await house.subscribe(ANN, "good")
        assert await Evaluator(house.rules, house.store.alerts).take(at(0), now_ms=0) == 1

    async def test_its_watches_keep_their_state(self, house, moody):
        house.with_rules(moody.rule)
        subscription = await house.subscribe(ANN, "moody")
        evaluator = Evaluator(house.rules, house.store.alerts)
        moody.fails = False
        await evaluator.take(at(0), now_ms=0)
        before = await state_of(house, subscription)
        moody.fails = True
        await evaluator.take(at(1), now_ms=0)
        assert await state_of(house, subscription) == before
        moody.fails = False
        assert await evaluator.take(at(2), now_ms=0) == 0, "it fires still, as before the fault"

    async def test_faults_are_counted_by_rule_and_logged_once_with_the_line(self, house, moody):
        house.with_rules(moody.rule, saying("good", "text"))
        await house.subscribe(ANN, "moody")
        await house.subscribe(ANN, "good")
        evaluator = Evaluator(house.rules, house.store.alerts)
        with capture_logs() as logs:
            for minute in range(5):
                await evaluator.take(at(minute), now_ms=0)
        assert evaluator.faults == {"moody": 5}
        [entry] = logs
        assert (entry["log_level"], entry["rule"]) == ("error", "moody")
        assert f"{__file__}, line " in entry["reason"]

    async def test_a_rule_that_is_gone_is_a_fault_and_keeps_its_state(self, house):
        house.with_rules(saying("gone", "text"), saying("good", "text"))
        subscription = await house.subscribe(ANN, "gone")
        await house.subscribe(ANN, "good")
        evaluator = Evaluator(house.rules, house.store.alerts)
        await evaluator.take(at(0), now_ms=0)
        before = await state_of(house, subscription)
        rule_that_goes = house.rules.by_name.pop("gone")
        with capture_logs() as logs:
            await evaluator.take(at(1), now_ms=0)
        assert evaluator.faults == {"gone": 1}
        assert logs[0]["reason"] == "there is no rule gone any more"
        assert await state_of(house, subscription) == before
        house.rules.add([rule_that_goes])
        assert await evaluator.take(at(2), now_ms=0) == 0

    async def test_parameters_that_are_no_longer_allowed_harm_only_their_own_watch(self, house):
        def with_bounds(bounds):
            @rule("bounded")
            def bounded(view, *, at_least: bounds = 5e6):  # noqa: ARG001 - the shape of a rule
                """It has bounds."""
                yield Hit("key", str(at_least))

            return bounded

        house.with_rules(with_bounds(Usd))
        await house.subscribe(ANN, "bounded", at_least="100M")
        await house.subscribe(ANN, "bounded", at_least="7M")
        house.rules.by_name["bounded"] = with_bounds(Annotated[Usd, Between(0, 10e6)])
        evaluator = Evaluator(house.rules, house.store.alerts)
        with capture_logs() as logs:
            assert await evaluator.take(at(0), now_ms=0) == 1
        assert await house.due() == [("ann", "7000000.0")]
        assert logs[0]["reason"] == "at_least must be from $0 to $10M, not $100M"

    async def test_parameters_that_a_newer_version_of_the_rule_added_have_their_defaults(self, house):
        house.with_rules(saying("growing", "text"))
        await house.subscribe(ANN, "growing")

        @rule("growing")
        def growing(view, *, at_least: Usd = 5e6):  # noqa: ARG001 - the shape of a rule
            """It has grown."""
            yield Hit("key", str(at_least))

        house.rules.by_name["growing"] = growing
        await Evaluator(house.rules, house.store.alerts).take(at(0), now_ms=0)
        assert await house.due() == [("ann", "5000000.0")]

    async def test_a_state_that_cannot_be_read_begins_anew(self, house):
        house.with_rules(saying("one", "text"))
        subscription = await house.subscribe(ANN, "one")
        await house.store.alerts.commit(at(0), [(subscription.watch, b"\xc1")], [], now_ms=0)
        assert await Evaluator(house.rules, house.store.alerts).take(at(1), now_ms=0) == 1

    async def test_what_a_hit_cannot_carry_is_its_rules_fault_and_never_reaches_the_database(self, house):
        @rule("odd")
        def odd(view):
            """It says numbers."""
            yield Hit("key", view.spot)

        house.with_rules(odd, saying("good", "text"))
        await house.subscribe(ANN, "odd")
        await house.subscribe(ANN, "good")
        evaluator = Evaluator(house.rules, house.store.alerts)
        assert await evaluator.take(at(0), now_ms=0) == 1
        assert evaluator.faults == {"odd": 1}
        assert await house.due() == [("ann", "BTC text")]


LIVE = Layer("Testex", Basis.MEASURED)
CROWD = [long(f"account {number}", 2, at=95) for number in range(10)]
KNOWN, HALF_READ = (replace(view_of(*rows, spot=100), layer=LIVE) for rows in (CROWD, CROWD[:4]))
"""A live market of ten positions, and the same while it is still being read after a restart."""


def live(minute, view=KNOWN):
    return replace(view, time_ms=minute * MINUTE)


@rule("crowded", policy=Policy(resolve=True, cooldown=0))
def crowded(view):
    """It speaks up where five positions or more are known."""
    count = view.accounts.long + view.accounts.short
    return [Hit("key", f"{count} positions")] if count >= 5 else []


@pytest.fixture
async def fired(house):
    """Return a watching whose watch has fired in a live market at minute 1, and its subscription."""
    house.with_rules(crowded)
    subscription = await house.subscribe(ANN, "crowded")
    evaluator = Evaluator(house.rules, house.store.alerts)
    assert await evaluator.take(live(1), now_ms=0) == 1
    await house.due()
    return evaluator, subscription


class TestNoData:
    async def test_a_live_market_that_falls_silent_is_no_data_and_no_resolve(self, house, fired):
        evaluator, subscription = fired
        await evaluator.miss("BTC", MINUTE + STALE_MS - 1)
        assert (await state_of(house, subscription)).status is Status.FIRING
        await evaluator.miss("BTC", MINUTE + STALE_MS)
        assert (await state_of(house, subscription)).status is Status.NO_DATA
        assert (await state_of(house, subscription)).blind_ms == MINUTE + STALE_MS
        assert await house.due() == []

    async def test_since_when_there_is_none_stays_as_it_was_first_noted(self, house, fired):
        evaluator, subscription = fired
        for minutes in (20, 30, 40):
            await evaluator.miss("BTC", minutes * MINUTE)
        assert (await state_of(house, subscription)).blind_ms == 20 * MINUTE

    async def test_only_the_watches_of_that_coin_have_none(self, house, fired):
        evaluator, subscription = fired
        await evaluator.miss("ETH", 60 * MINUTE)
        assert (await state_of(house, subscription)).status is Status.FIRING

    async def test_a_watch_that_has_not_seen_a_view_yet_has_nothing_to_miss(self, house):
        house.with_rules(crowded)
        subscription = await house.subscribe(ANN, "crowded")
        await Evaluator(house.rules, house.store.alerts).miss("BTC", 60 * MINUTE)
        assert await house.store.alerts.state(subscription.watch) is None

    async def test_where_it_still_holds_afterwards_nothing_is_told_twice(self, house, fired):
        evaluator, subscription = fired
        await evaluator.miss("BTC", 60 * MINUTE)
        assert await evaluator.take(live(61), now_ms=0) == 0
        assert (await state_of(house, subscription)).status is Status.FIRING

    async def test_where_it_is_over_afterwards_that_is_told(self, house, fired):
        evaluator, subscription = fired
        await evaluator.miss("BTC", 60 * MINUTE)
        few = live(62, HALF_READ)
        assert await evaluator.take(few, now_ms=0) == 1
        assert (await state_of(house, subscription)).status is Status.OK

    @pytest.mark.parametrize(
        ("layer", "minutes", "told"), [(LIVE, 14, 1), (LIVE, 15, 0), (VIEW.layer, 15, 1)]
    )
    async def test_over_a_gap_of_a_live_market_what_was_gone_is_to_be_seen_gone_anew(
        self, house, layer, minutes, told
    ):
        @rule("slow-end", policy=Policy(resolve=True))
        def ends_slowly(view):
            """It speaks up below 200."""
            return [Hit("key", "low")] if view.spot < 200 else []

        slow = replace(ends_slowly, policy=Policy(resolve=True, recover=10 * 60))
        house.with_rules(slow)
        await house.subscribe(ANN, "slow-end", resolved="yes")
        evaluator = Evaluator(house.rules, house.store.alerts)
        high = replace(KNOWN, spot=300.0, layer=layer)
        await evaluator.take(live(1, replace(KNOWN, layer=layer)), now_ms=0)
        assert await evaluator.take(live(2, high), now_ms=0) == 0, "recovering"
        assert await evaluator.take(live(2 + minutes, high), now_ms=0) == told

    @pytest.mark.parametrize("lost", ["depth", "funding", "open_interest"])
    async def test_what_a_rule_needs_and_nobody_knows_for_a_while_is_no_resolve(self, house, lost):
        need = {"depth": Need.BOOK, "funding": Need.FUNDING, "open_interest": Need.OPEN_INTEREST}[lost]

        @rule("reads", policy=Policy(resolve=True, cooldown=0), needs=[need])
        def reads(view):
            """It speaks up where that is known."""
            return [Hit("key", "known")] if getattr(view, lost) is not None and view.spot < 200 else []

        book = Depth.of("BTC", "Test", 0, [(99.0, 1.0)], [(101.0, 1.0)])
        known = replace(KNOWN, spot=100.0, depth=book, funding=1e-5, open_interest=9.0)
        house.with_rules(reads)
        subscription = await house.subscribe(ANN, "reads")
        evaluator = Evaluator(house.rules, house.store.alerts)
        assert await evaluator.take(live(1, known), now_ms=0) == 1
        assert await evaluator.take(live(2, replace(known, **{lost: None})), now_ms=0) == 0
        assert (await state_of(house, subscription)).status is Status.NO_DATA
        assert await evaluator.take(live(3, known), now_ms=0) == 0
        assert (await state_of(house, subscription)).status is Status.FIRING
        assert await evaluator.take(live(4, replace(known, spot=300.0)), now_ms=0) == 1


class TestStillBeingRead:
    async def test_a_market_that_knows_far_fewer_positions_after_a_restart_is_no_resolve(self, house, fired):
        _, subscription = fired
        evaluator = Evaluator(house.rules, house.store.alerts)
        for minute in (2, 3, 40, 60):
            assert await evaluator.take(live(minute, HALF_READ), now_ms=0) == 0
            assert (await state_of(house, subscription)).status is Status.NO_DATA
        assert await evaluator.take(live(61), now_ms=0) == 0
        assert (await state_of(house, subscription)).status is Status.FIRING

    async def test_after_an_hour_it_is_believed(self, house, fired):
        evaluator, _ = fired
        assert await evaluator.take(live(2, HALF_READ), now_ms=0) == 0
        assert await evaluator.take(live(61, HALF_READ), now_ms=0) == 1
        assert [text for _, text in await house.due()] == ["10 positions"]

    async def test_half_as_many_are_believed_at_once(self, house, fired):
        evaluator, _ = fired
        half = replace(view_of(*CROWD[:5], spot=300), layer=LIVE)
        assert await evaluator.take(live(2, half), now_ms=0) == 0
        assert (await state_of(house, fired[1])).status is Status.FIRING

    async def test_a_market_that_is_not_live_is_believed_at_once(self, house):
        house.with_rules(crowded)
        await house.subscribe(ANN, "crowded")
        evaluator = Evaluator(house.rules, house.store.alerts)
        simulated = VIEW.layer
        await evaluator.take(live(1, replace(KNOWN, layer=simulated)), now_ms=0)
        assert await evaluator.take(live(2, replace(HALF_READ, layer=simulated)), now_ms=0) == 1

    async def test_a_new_watch_is_told_what_is_known(self, house):
        house.with_rules(saying("one", "text"))
        await house.subscribe(ANN, "one")
        assert await Evaluator(house.rules, house.store.alerts).take(live(1, HALF_READ), now_ms=0) == 1


class TestKeeping:
    async def test_each_observation_that_was_read_is_written_down(self, house):
        house.with_rules(saying("one", "text"))
        subscription = await house.subscribe(ANN, "one")
        evaluator = Evaluator(house.rules, house.store.alerts)
        for minute in range(4):
            await evaluator.take(at(minute), now_ms=0)
            assert (await state_of(house, subscription)).time_ms == minute * MINUTE

    async def test_a_change_is_written_at_once(self, house):
        house.with_rules(crowded)
        subscription = await house.subscribe(ANN, "crowded")
        evaluator = Evaluator(house.rules, house.store.alerts)
        for seconds, view, status in ((1, KNOWN, Status.FIRING), (2, HALF_READ, Status.OK)):
            simulated = replace(view, layer=VIEW.layer, time_ms=seconds * 1_000)
            await evaluator.take(simulated, now_ms=0)
            assert (await state_of(house, subscription)).status is status

    async def test_what_a_rule_remembers_is_written_at_once(self, house):
        house.with_rules(third)
        subscription = await house.subscribe(ANN, "third")
        evaluator = Evaluator(house.rules, house.store.alerts)
        for seconds in (1, 2):
            await evaluator.take(replace(VIEW, time_ms=seconds * 1_000), now_ms=0)
        assert (await state_of(house, subscription)).memory == b'{"views":2}'


class TestRestart:
    @pytest.mark.parametrize("seconds", [1, 30, 59, 61, 299])
    async def test_in_the_middle_of_for_it_goes_on_counting(self, house, seconds):
        house.with_rules(saying("slow", "text", hold=300))
        await house.subscribe(ANN, "slow")
        evaluator = Evaluator(house.rules, house.store.alerts)
        for second in range(seconds + 1):
            assert await evaluator.take(replace(VIEW, time_ms=second * 1_000), now_ms=0) == 0
        # Killed: nothing is closed, and what was only in its head is gone.
        with house.as_a_kill_leaves_it() as store:
            reborn = Evaluator(house.rules, store.alerts)
            assert await reborn.take(replace(VIEW, time_ms=299_999), now_ms=0) == 0
            assert await reborn.take(replace(VIEW, time_ms=300_000), now_ms=0) == 1

    async def test_while_it_was_down_a_short_time_what_is_gone_is_told_once(self, house):
        house.with_rules(crowded)
        await house.subscribe(ANN, "crowded")
        known = live(1, replace(KNOWN, layer=VIEW.layer))
        assert await Evaluator(house.rules, house.store.alerts).take(known, now_ms=0) == 1
        with house.as_a_kill_leaves_it() as store:
            reborn = Evaluator(house.rules, store.alerts)
            few = replace(HALF_READ, layer=VIEW.layer)
            assert [await reborn.take(live(minute, few), now_ms=0) for minute in (2, 3)] == [1, 0]


class TestCache:
    async def test_a_watch_that_is_removed_and_made_anew_begins_anew(self, house):
        house.with_rules(saying("one", "text"))
        evaluator = Evaluator(house.rules, house.store.alerts)
        before = await house.subscribe(ANN, "one")
        assert [await evaluator.take(at(minute), now_ms=0) for minute in (1, 2)] == [1, 0]
        await house.store.subscriptions.unsubscribe(ANN, before.number)
        again = await house.subscribe(ANN, "one")
        assert again.watch.id != before.watch.id, "the database gives no number twice"
        assert [await evaluator.take(at(minute), now_ms=0) for minute in (3, 4)] == [1, 0]

    async def test_another_watch_that_comes_in_its_place_knows_nothing_of_it(self, house):
        house.with_rules(third, saying("one", "text"))
        evaluator = Evaluator(house.rules, house.store.alerts)
        before = await house.subscribe(ANN, "third")
        for minute in (1, 2):
            await evaluator.take(at(minute), now_ms=0)
        await house.store.subscriptions.unsubscribe(ANN, before.number)
        other = await house.subscribe(ANN, "one")
        assert other.watch.id != before.watch.id
        assert await evaluator.take(at(3), now_ms=0) == 1
        assert (await state_of(house, other)).memory is None

    async def test_a_state_that_another_has_written_is_read_anew(self, house):
        house.with_rules(saying("one", "text"))
        await house.subscribe(ANN, "one")
        evaluator = Evaluator(house.rules, house.store.alerts)
        assert await evaluator.take(at(1), now_ms=0) == 1
        await house.store.alerts.forget_states()
        assert await evaluator.take(at(2), now_ms=0) == 1

    async def test_what_could_not_be_written_is_not_believed(self, house, monkeypatch):
        house.with_rules(third)
        subscription = await house.subscribe(ANN, "third")
        evaluator = Evaluator(house.rules, house.store.alerts)
        await evaluator.take(at(1), now_ms=0)

        def locked(*_, **__):
            raise sqlite3.OperationalError("database is locked")

        with monkeypatch.context() as broken:
            broken.setattr(house.store.alerts, "commit_all", locked)
            with pytest.raises(sqlite3.OperationalError):
                await evaluator.take(at(2), now_ms=0)
        await evaluator.take(at(3), now_ms=0)
        assert (await state_of(house, subscription)).memory == b'{"views":2}'


@event_rule("each")
def each(view, events):
    """It tells each event."""
    for event in events:
        yield Hit("key", f"{view.coin} at {event.time_ms}")


BORN = ClusterBorn(coin="BTC", layer=VIEW.layer, time_ms=MINUTE, cluster=VIEW.clusters[0])


async def test_what_has_been_read_is_not_read_again_though_it_is_offered_again(house):
    house.with_rules(each)
    await house.subscribe(ANN, "each")
    assert await Evaluator(house.rules, house.store.alerts).take(at(1), 0, (BORN,)) == 1
    again = Evaluator(house.rules, house.store.alerts)
    assert await again.take(at(1), 0, (BORN,), is_late=True) == 0
    assert await again.take(at(1), 0, (BORN,)) == 0
    assert await again.take(at(2), 0, (replace(BORN, time_ms=2 * MINUTE),)) == 1


async def test_coins_that_are_read_together_are_read_as_one_by_one(house):
    house.with_rules(third, saying("says", "so"))
    for coin in ("BTC", "ETH"):
        for name in ("third", "says"):
            await house.subscribe(ANN, name, coin=coin)
    alone, together = Evaluator(house.rules, house.store.alerts), Evaluator(house.rules, house.store.alerts)
    told = {}
    for evaluator in (alone, together):
        told[evaluator] = []
        for minute in range(4):
            views = [at(minute, coin) for coin in ("BTC", "ETH", "SOL")]
            if evaluator is alone:
                due = [await evaluator.take(view, now_ms=0) for view in views]
            else:
                due = [await evaluator.take_all([Observation(view) for view in views], now_ms=0)]
            assert sum(due) == await house.store.deliveries.owed()
            told[evaluator] += await house.due()
        assert await evaluator.read_until_of(["BTC", "SOL"], VIEW.layer) == {"BTC": 3 * MINUTE}
        await house.store.alerts.forget_states()
    assert sorted(told[alone]) == sorted(told[together]) != []


async def test_what_was_kept_before_a_kill_is_read_after_it_by_those_who_were_there(house):
    house.with_rules(each)
    await house.subscribe(ANN, "each")
    await Evaluator(house.rules, house.store.alerts).take(at(1), 0)
    await house.subscribe(BOB, "each", cooldown="1h")
    after = Evaluator(house.rules, house.store.alerts)
    assert await after.take(at(2), 0, (replace(BORN, time_ms=2 * MINUTE),), is_late=True) == 1
    assert [chat for chat, _ in await house.due()] == ["ann"]
