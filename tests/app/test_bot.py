"""The bot: what sources tell becomes views, views become alerts, alerts reach chats."""

import asyncio

import pytest
from app.stand_ins import LIVE, ME, Told, beat, subscribe
from markets import HOUR, MINUTE
from platforms import Paper

from liqbot.alerts.platform import ChatGone
from liqbot.app import bot as bot_room
from liqbot.charts.studio import DrawingError, Studio
from liqbot.chat.command import CommandContext
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.side import Side
from liqbot.market.updates import Beat, Liquidation
from liqbot.sources.source import SourceError
from liqbot.store.chats import ChatKey
from liqbot.store.errors import StoreError
from liqbot.store.opening import open_store

OTHER = Layer("Otherex", Basis.MEASURED)
YOU = ChatKey("here", "you")
ELSEWHERE = ChatKey("there", "them")


async def status(bot):
    message = await bot.answering.answer("/status", CommandContext(ME, bot.services))
    return "\n".join(message.lines)


async def played(bot):
    """Run a bot until its sources have told all and what is due has been sent."""
    async with bot:
        await bot.until(lambda: False)
        await bot.drain()
    return bot


# From sources to views


async def test_views_stand_on_the_desk_and_in_history(bot_of):
    async with bot_of(Told([*beat(1), *beat(HOUR, 101), *beat(HOUR + MINUTE, 102)])) as bot:
        await bot.until(lambda: False)
        assert bot.beats == 3
        assert bot.ended
        view = bot.services.markets.views["BTC"]
        assert view.spot == 102
        assert (await bot.store.history.grid(view, 24 * HOUR)).spot.tolist() == [100, 101, 102]


async def test_waiting_ends_as_soon_as_what_is_waited_for_holds(bot_of):
    more = asyncio.Event()
    source = Told([*beat(1), more, *beat(2, 50), asyncio.Event()])
    async with bot_of(source) as bot:
        await bot.until(lambda: "BTC" in bot.services.markets.views)
        assert not bot.ended
        waiting = asyncio.create_task(bot.until(lambda: bot.services.markets.views["BTC"].spot == 50))
        await source.waiting.wait()
        assert not waiting.done()
        more.set()
        await waiting


async def test_the_past_that_a_source_makes_up_is_history_but_nobody_is_alerted_of_it(bot_of):
    chat = Paper()
    bot = bot_of(Told([*beat(1, near=99), *beat(9 * HOUR, near=99)], live_from_ms=9 * HOUR), here=chat)
    await subscribe(bot)
    async with bot:
        await bot.until(lambda: False)
        assert bot.services.markets.views == {}
        assert await bot.store.history.coins() == ["BTC"]
    assert chat.messages == []


async def test_of_a_coin_that_two_sources_know_the_first_gives_the_view(bot_of):
    before = asyncio.Event()
    first = Told([before, *beat(5, 100), asyncio.Event()], name="first")
    second = Told([*beat(1, 7), asyncio.Event()], name="second", layer=OTHER)
    async with bot_of(first, second) as bot:
        await bot.until(lambda: bool(bot.services.markets.views))
        assert bot.services.markets.views["BTC"].layer == OTHER
        before.set()
        await bot.until(lambda: bot.beats == 2)
        assert bot.services.markets.views["BTC"].spot == 100


async def test_the_second_source_never_replaces_a_view_of_the_first(bot_of):
    after = asyncio.Event()
    first = Told([*beat(5, 100), asyncio.Event()], name="first")
    second = Told([after, *beat(9, 7)], name="second", layer=OTHER)
    async with bot_of(first, second) as bot:
        await bot.until(lambda: bool(bot.services.markets.views))
        after.set()
        await bot.until(lambda: bot.beats == 2)
        assert bot.services.markets.views["BTC"].spot == 100
        assert (await bot.store.history.newest("BTC")).layer == OTHER


async def test_when_the_first_source_has_failed_the_second_takes_over(bot_of):
    failing, after = asyncio.Event(), asyncio.Event()
    first = Told([*beat(5, 100), failing, SourceError("gone")], name="first")
    second = Told([after, *beat(9, 7)], name="second", layer=OTHER)
    async with bot_of(first, second) as bot:
        await bot.until(lambda: bool(bot.services.markets.views))
        failing.set()
        await bot.until(lambda: first.closed == 1)
        after.set()
        await bot.until(lambda: False)
        assert bot.services.markets.views["BTC"].spot == 7


# Sources that fail


async def test_a_source_that_cannot_go_on_shows_in_the_status_and_the_rest_goes_on(bot_of):
    more = asyncio.Event()
    bad = Told([SourceError("told: the key was refused")], name="bad", layer=OTHER)
    async with bot_of(bad, Told([*beat(1), more, *beat(2)])) as bot:
        await bot.until(
            lambda: bot.services.status.sources[0].state != "starting" and bool(bot.services.markets.views)
        )
        said = await status(bot)
        assert "source bad: stopped: told: the key was refused" in said
        assert "told (Testex, measured): running" in said
        assert bot.failure is None
        more.set()
        await bot.until(lambda: bot.beats == 2)


async def test_when_every_source_has_failed_the_bot_says_why(bot_of):
    errors = [SourceError("one"), SourceError("two")]
    async with bot_of(Told([errors[0]]), Told([errors[1]], layer=OTHER)) as bot:
        await bot.until(lambda: False)
        assert bot.ended
        assert bot.failure is errors[0]


async def test_a_source_that_ends_is_no_failure(bot_of):
    bot = await played(bot_of(Told(beat(1))))
    assert bot.failure is None
    assert bot_of().failure is None


# Alerts


async def test_an_alert_reaches_every_chat_that_subscribed_with_its_picture(bot_of):
    here, there = Paper(), Paper()
    bot = bot_of(Told([*beat(1, near=90), *beat(60_000, near=99)]), here=here, there=there)
    for chat in (ME, YOU, ELSEWHERE):
        await subscribe(bot, chat)
    await played(bot)
    assert [chat for chat, _ in here.messages] == [ME, YOU]
    ((chat, message),) = there.messages
    assert chat == ELSEWHERE
    assert message.title.startswith("BTC: single account, $10M of long liquidations at 99")
    assert message.picture.alt == "BTC over 24h"
    assert message.time_ms == 60_000


async def test_an_alert_whose_picture_cannot_be_drawn_goes_out_without_it(bot_of, monkeypatch):
    async def broken(*_):
        raise DrawingError("no ink")

    monkeypatch.setattr(Studio, "heatmap", broken)
    chat = Paper()
    bot = bot_of(Told(beat(1, near=99)), here=chat)
    await subscribe(bot)
    await played(bot)
    ((_, message),) = chat.messages
    assert message.picture is None


async def test_a_chat_that_fails_holds_up_no_other(bot_of):
    good, bad = Paper(), Paper(ChatGone("the chat is gone"))
    bot = bot_of(Told(beat(1, near=99)), here=bad, there=good)
    await subscribe(bot, ME)
    await subscribe(bot, ELSEWHERE)
    async with bot:
        await good.has_got(1)
        await bot.drain()
        assert await bot.store.deliveries.owed() == 0


# Restarts


async def test_what_is_still_owed_is_delivered_after_a_restart_and_not_told_anew(bot_of):
    first = bot_of(Told(beat(1, near=99)))  # no chat is there to send it to
    await subscribe(first)
    async with first:
        await first.until(lambda: False)
        assert await first.store.deliveries.owed() == 1
    chat = Paper()
    second = bot_of(Told(beat(2, near=99)), here=chat)  # it still holds: no second alert
    async with second:
        await chat.has_got(1)
        await second.until(lambda: False)
        await second.drain()
        assert await second.store.deliveries.owed() == 0
    assert [(where, message.time_ms) for where, message in chat.messages] == [(ME, 1)]


async def test_what_was_being_sent_when_the_bot_stopped_is_sent_again(bot_of, monkeypatch):
    monkeypatch.setattr(bot_room, "DRAIN_S", 0)
    stuck = Paper("hangs")
    first = bot_of(Told(beat(1, near=99)), here=stuck)
    await subscribe(first)
    async with first:
        await stuck.tried.wait()
    chat = Paper()
    async with bot_of(Told(), here=chat):
        await chat.has_got(1)
    assert len(chat.messages) == 1


async def test_the_clusters_of_a_live_market_keep_their_identities(bot_of):
    first = await played(bot_of(Told([*beat(1, near=90), *beat(HOUR, near=91)])))
    second = await played(bot_of(Told(beat(2 * HOUR, near=92))))
    ids = [[cluster.id for cluster in bot.services.markets.views["BTC"].clusters] for bot in (first, second)]
    assert ids[0] == ids[1] != []
    assert second.services.markets.views["BTC"].clusters[0].since_ms == 1


class Resuming(Told):
    """A source that goes on where the last beat that was written down had read to."""

    resumed = None

    def resume(self, cursor):
        self.resumed = cursor


async def test_a_source_goes_on_where_the_last_beat_that_was_written_down_had_read_to(bot_of):
    first, second = Resuming([*beat(1)[:2], Beat(1, "line 7")]), Resuming(beat(2))
    await played(bot_of(first))
    await played(bot_of(second))
    assert (first.resumed, second.resumed) == ("", "line 7")


async def test_what_another_version_remembered_is_left_out(bot_of, settings):
    store = open_store(settings.database)
    await store.memories.save(Told().layer, {"BTC": b'{"from": "another version"'})
    await store.close()
    bot = await played(bot_of(Told(beat(1))))
    assert bot.services.markets.views["BTC"].clusters


@pytest.mark.parametrize("origin", [Origin.SIMULATED, Origin.RECORDED])
async def test_a_market_that_is_not_live_begins_anew(bot_of, settings, origin):
    layer, chat = Layer("Testex", Basis.MEASURED, origin), Paper()
    for _ in range(2):
        bot = bot_of(Told(beat(HOUR, near=99), layer=layer), here=chat)
        await subscribe(bot)
        await played(bot)
    assert len(chat.messages) == 2
    store = open_store(settings.database)
    assert len(await store.history.grid(bot.services.markets.views["BTC"], 24 * HOUR)) == 1
    await store.close()


# Shutting down


async def test_it_shuts_down_in_order_while_a_source_waits(bot_of, monkeypatch):
    events = []
    source, chat = Told([*beat(1, near=99), asyncio.Event()]), Paper()
    bot = bot_of(source, here=chat)
    await subscribe(bot)
    drain, close = bot.drain, bot.store.close

    async def draining(*arguments):
        events.append(f"sources over: {source.closed}")
        await drain(*arguments)
        events.append(f"delivered: {len(chat.messages)}")

    async def closing():
        events.append("store closed")
        await close()

    monkeypatch.setattr(bot, "drain", draining)
    monkeypatch.setattr(bot.store, "close", closing)
    async with bot:
        await source.waiting.wait()
    assert events == ["sources over: 1", "delivered: 1", "store closed"]
    assert bot.ended
    with pytest.raises(StoreError, match="closed"):
        await bot.store.subscriptions.count()


async def test_it_shuts_down_when_what_it_was_for_fails(bot_of):
    source = Told([*beat(1), asyncio.Event()])
    bot = bot_of(source)

    async def fail():
        async with bot:
            await source.waiting.wait()
            raise KeyError("boom")

    with pytest.raises(KeyError, match="boom"):
        await fail()
    assert source.closed == 1
    with pytest.raises(StoreError, match="closed"):
        await bot.store.subscriptions.count()


async def test_it_lets_go_of_the_database_when_its_shutdown_is_cut_short(bot_of, monkeypatch):
    bot = bot_of(Told([asyncio.Event()]))

    async def cut(*_):
        raise asyncio.CancelledError

    monkeypatch.setattr(bot, "drain", cut)
    await bot.__aenter__()
    with pytest.raises(asyncio.CancelledError):
        await bot.__aexit__(None, None, None)
    with pytest.raises(StoreError, match="closed"):
        await bot.store.subscriptions.count()


async def test_no_task_and_no_thread_is_left(bot_of):
    before = asyncio.all_tasks()
    bot = await played(bot_of(Told(beat(1, near=99)), here=Paper()))
    assert asyncio.all_tasks() == before
    with pytest.raises(RuntimeError, match="shutdown"):
        bot.engine.executor.submit(int)


# What is kept and not yet read


async def test_a_view_that_was_kept_when_the_bot_was_killed_is_read_after_the_start(bot_of, monkeypatch):
    now_ms = bot_room.clock_ms() - 10 * MINUTE
    chat = Paper()
    bot = bot_of(Told(beat(now_ms)), here=chat)
    await subscribe(bot)
    await played(bot)
    killed = bot_of(Told(beat(now_ms + 2 * MINUTE, near=99.5)), here=Paper())

    async def dead(*_, **__):
        raise asyncio.CancelledError

    async with killed:
        monkeypatch.setattr(killed.evaluator, "take", dead)
        await killed.until(lambda: False)
    assert chat.messages == []
    await played(bot_of(Told([]), here=chat))
    assert len(chat.messages) == 1


async def test_what_rules_could_not_read_while_the_database_failed_they_read_with_the_next_view(
    bot_of, monkeypatch
):
    chat = Paper()
    bot = bot_of(Told([*beat(1), *beat(2 * MINUTE, near=99.5), *beat(4 * MINUTE, near=99.5)]), here=chat)
    await subscribe(bot)
    take, tries = bot.evaluator.take, []

    async def failing(view, *more, **named):
        tries.append(view.time_ms)
        if len(tries) == 2:
            raise StoreError("the disk is full")
        return await take(view, *more, **named)

    monkeypatch.setattr(bot.evaluator, "take", failing)
    await played(bot)
    assert tries == [1, 2 * MINUTE, 2 * MINUTE, 4 * MINUTE]
    assert len(chat.messages) == 1


async def test_what_two_sources_have_happen_at_once_is_logged_once_each(bot_of):
    def told():
        for minute in range(8):
            *updates, ending = beat(minute * MINUTE + 1)
            yield from [*updates, Liquidation("BTC", ending.time_ms, Side.LONG, 99.0, 50_000), ending]

    both = [Told(told(), name=layer.venue, layer=layer) for layer in (LIVE, OTHER)]
    bot = bot_of(*both)
    record, logged = bot.store.events.record, []

    async def slowly(events, *more):
        await asyncio.sleep(0)
        logged.extend(events)
        await record(events, *more)
        await asyncio.sleep(0)

    bot.store.events.record = slowly
    await played(bot)
    assert {event.layer for event in logged} == {LIVE, OTHER}
    assert len({id(event) for event in logged}) == len(logged)
