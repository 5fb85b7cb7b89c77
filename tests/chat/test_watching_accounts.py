"""Watching accounts, as somebody types it, and what comes to the chat then."""

from dataclasses import replace

import pytest
from accounts import ANN, BOB, AccountVenue, held, state
from chat.stand_ins import NOW_MS, SOMEBODY_ELSE, Room, as_text
from databases import all_written
from watchers import FAR, NEAR, watchers

from liqbot.app.shared_sources import DistantSource, SharedAccounts
from liqbot.market.side import Side
from liqbot.market.updates import Liquidation
from liqbot.message import Tone
from liqbot.operations.market_export import write_export
from liqbot.people_settings import QuotaSettings


@pytest.fixture
def venue():
    return AccountVenue(state(FAR, time_ms=NOW_MS, equity_usd=312_000.0))


@pytest.fixture
async def room(address, venue):
    async with watchers(address, venue) as room:
        yield room


class TestWatch:
    async def test_it_says_what_is_told_how_often_it_looks_and_how_things_stand(self, room, venue):
        answer = await room.say(f"/watch {ANN} name=whale")
        assert as_text(answer) == (
            "Watching whale as #1\n"
            "Positions opened, closed, reversed, changed by 25%, within 5% of liquidation, or liquidated.\n"
            "You are warned at 5%, 2.5% and 1% from liquidation.\n"
            "It is looked at every 5 s.\n"
            "Its past trades are not known here, and no large liquidation of it was seen in 7 days.\n"
            "BTC long $2M, 20x cross: 80,000: 20% or $20,000 away\n"
            f"{ANN}\n"
            "The address is kept until /unwatch or /forget. See /privacy"
        )
        assert answer.private
        assert venue.wanted == [ANN]

    async def test_one_that_the_venue_streams_is_said_to_be(self, room, venue):
        venue.is_pushed = lambda _account: True
        assert "Its venue streams it to this bot" in await room.text(f"/watch {ANN}")

    async def test_a_venue_that_is_silent_is_watched_all_the_same(self, room, venue):
        venue.is_silent = True
        text = await room.text(f"/watch {ANN}")
        assert "Right now: not seen yet; it comes with the first look" in text
        assert venue.wanted == [ANN]

    async def test_asked_for_again_it_changes_what_is_given(self, room, venue):
        await room.say(f"/watch {ANN} name=whale near=10%")
        assert await room.title(f"/watch {ANN}") == "Already watching whale as #1"
        answer = await room.say("/watch whale near=3% silent=yes")
        assert answer.title == "Changed #1, whale"
        assert "You are warned at 3%, 1.5% and 0.6% from liquidation." in answer.lines
        assert "Alerts come so: silent." in answer.lines
        assert venue.wanted == [ANN]

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("/watch", "Which account? Type its address"),
            ("/watch 0x12", "has 40 digits after 0x, not 2"),
            ("/watch BTC", "BTC is a coin, and this takes an account."),
            (f"/watch {ANN} near=200%", "near must be from 0.1% to 90%"),
            (f"/watch {ANN} name=0x12", "name must be a name of at most 24 letters, digits and hyphens"),
            (f"/watch {ANN} name={'a' * 25}", "name must be a name"),
            (f"/watch {ANN} for=5m", "there is no for here: it tells of events"),
            (f"/watch {ANN} venue=binance", "there is no parameter 'venue'"),
        ],
    )
    async def test_what_it_does_not_take_is_refused(self, room, venue, line, said):
        answer = await room.say(line)
        assert answer.tone is Tone.WARNING
        assert said in answer.title
        assert venue.wanted == []

    async def test_two_accounts_cannot_have_one_name(self, room):
        await room.say(f"/watch {ANN} name=whale")
        taken = "#1 is called 'Whale' already."
        assert await room.title(f"/watch {BOB} name=Whale") == taken
        await room.say(f"/watch {BOB}")
        assert await room.title("/edit 2 name=Whale") == taken
        assert taken in await room.text(f"/import watch {BOB} name=Whale near=3%")
        assert (await room.title("/edit 1 near=3%")).startswith("Changed: #1")

    async def test_a_name_that_is_a_coins_as_well_is_the_accounts_in_this_chat(self, room):
        await room.say(f"/watch {ANN} name=BTC")
        assert (await room.title("/account btc")).startswith("BTC: 1 position")
        assert await room.title("/test watch BTC") == "A test alert of watch BTC is on its way"
        assert await room.title("/unwatch BTC") == "Not watched any more"

    async def test_who_subscribes_to_an_account_is_told_how_it_is_done(self, room):
        answer = await room.say(f"/subscribe watch {ANN}")
        assert answer.title == "An account is watched with /watch and its address."
        assert [button.command for button in answer.actions] == [f"/watch {ANN}"]

    async def test_a_name_stands_for_the_address_in_this_chat_alone(self, room):
        await room.say(f"/watch {ANN} name=whale")
        assert (await room.title("/account Whale")).startswith("whale: 1 position")
        assert "Did you mean whale?" in await room.title("/account wale")
        assert "'whale' is no address" in await room.title("/account whale", SOMEBODY_ELSE)

    async def test_a_chat_and_the_bot_watch_so_many(self, address, venue):
        quotas = QuotaSettings(accounts=2, accounts_in_all=3)
        async with watchers(address, venue, quotas=quotas) as room:
            for number in range(2):
                assert (await room.say(f"/watch 0x{number:040x}")).tone is Tone.NEUTRAL
            refused = await room.title(f"/watch {ANN}")
            assert refused.startswith("A chat can watch 2 accounts here")
            assert (await room.title(f"/watch 0x{0:040x} near=3%")).startswith("Changed #1")
            await room.say(f"/watch {ANN}", SOMEBODY_ELSE)
            assert "as many accounts as it can" in await room.title(f"/watch {BOB}", SOMEBODY_ELSE)
            assert (await room.title(f"/watch 0x{1:040x}", SOMEBODY_ELSE)).startswith("Watching")

    async def test_a_bot_without_a_venue_of_accounts_says_so(self, store):
        assert "none of its sources tells who holds what" in await Room(store).title(f"/watch {ANN}")


class TestAlerts:
    async def test_near_liquidation_says_what_it_holds_how_far_it_is_and_what_moved_it(self, room):
        await room.say(f"/watch {ANN} name=whale")
        assert await room.look(FAR) == []
        assert await room.look(replace(FAR, mark=90_000), minutes=10) == []
        [message] = await room.look(NEAR, minutes=10, equity_usd=90_000.0)
        assert as_text(message) == (
            "whale: BTC long is 4.8% ($4,000) from liquidation\n"
            "Price moved it: BTC fell 16% to 84,000 in 20 min.\n"
            "Position: BTC long $1.7M, 20x cross, entry 104,000\n"
            "Liquidation: 80,000: 4.8% or $4,000 away, a loss of $80k\n"
            "Mark: 84,000\n"
            "Profit: −$400k\n"
            "Worth as margin: $90k\n"
            f"{ANN}"
        )
        assert message.tone is Tone.LONGS
        assert message.provenance == "watch A1 · Hyperliquid"
        assert [button.command for button in message.actions] == [
            f"/account {ANN}",
            "/mute 1h",
            "/unsubscribe 1",
            "/why 1",
        ]
        assert len(message.title) <= 80

    async def test_a_liquidation_and_a_close_are_told_apart(self, room):
        await room.say(f"/watch {ANN}")
        await room.look(FAR, held("ETH", -300, at=2_500, mark=2_000))
        told = Liquidation("BTC", room.now_ms + 30_000, Side.LONG, 80_000.0, 20.0, account=ANN)
        assert await room.tell(told) == []
        [message] = await room.look()
        assert {
            "0xa11c…0001: BTC long liquidated at 80,000: $1.6M",
            "0xa11c…0001: ETH short $600k closed",
        } == {line.split(" ", 3)[3] for line in message.lines}

    async def test_other_positions_are_named_beside(self, room):
        await room.say(f"/watch {ANN}")
        others = [held(f"C{number}", 10, at=90 - number, mark=100) for number in range(5)]
        await room.look(FAR, *others)
        [message] = await room.look(NEAR, *others)
        assert (
            "Also holds: C0 long $1k (10% away), C1 long $1k (11% away), C2 long $1k (12% away) and 2 more"
            in message.text
        )

    async def test_every_chat_hears_by_its_own_name_and_settings(self, room, venue):
        await room.say(f"/watch {ANN} name=mine near=10%")
        await room.say(f"/watch {ANN} name=whale", SOMEBODY_ELSE)
        assert venue.wanted == [ANN]
        await room.look(FAR)
        await room.look(replace(FAR, mark=88_000))
        await room.look(NEAR)
        assert sorted(room.got, key=lambda one: one[0]) == [
            ("me", "mine: BTC long is 9.1% ($8,000) from liquidation"),
            ("me", "mine: BTC long is 4.8% ($4,000) from liquidation"),
            ("somebody else", "whale: BTC long is 4.8% ($4,000) from liquidation"),
        ]

    async def test_silence_closes_nothing_and_says_nothing(self, room):
        await room.say(f"/watch {ANN}")
        await room.look(FAR)
        room.wait(1)
        assert await room.tell() == []
        assert await room.look(FAR) == []
        assert "as it stood" not in (await room.text(f"/account {ANN}")).lower()

    async def test_a_muted_chat_gets_it_afterwards_in_one_message(self, room):
        await room.say(f"/watch {ANN} name=whale")
        await room.look(FAR)
        await room.say("/mute 1h")
        assert await room.look(NEAR) == []
        assert await room.look() == []
        room.wait(2)
        [message] = await room.tell()
        assert message.title == "2 alerts while muted"
        assert [line.split(" ", 3)[3] for line in message.lines] == [
            "whale: BTC long is 4.8% ($4,000) from liquidation",
            "whale: BTC long $1.7M closed",
        ]

    async def test_why_and_the_alert_itself_can_be_asked_for(self, room):
        await room.say(f"/watch {ANN} name=whale")
        await room.look(FAR)
        await room.look(NEAR)
        text = await room.text("/why A1")
        assert f"You asked for: watch {ANN} name=whale" in text
        assert "within 5% of liquidation" in text
        text = await room.text("/alert A1")
        assert "Now: BTC long $1.7M (4.8% away)" in text
        assert await room.title("/alert A1", SOMEBODY_ELSE) != ""

    async def test_it_is_a_subscription_like_any_other(self, room):
        await room.say(f"/watch {ANN} name=whale near=3%")
        await room.look(FAR)
        text = await room.text("/subscriptions")
        assert f"#1 watch {ANN} name=whale near=3%: quiet" in text
        assert "Now: BTC long $2M (20% away)" in text
        assert (await room.title("/edit 1 near=4%")).startswith(f"Changed: #1 watch {ANN}")
        assert await room.title("/pause 1") != ""
        assert await room.look(replace(FAR, mark=83_000)) == []
        shared = (await room.say("/share")).lines[0]
        assert shared == f"/import watch {ANN} name=whale near=4%"
        assert (await room.text(shared, SOMEBODY_ELSE)).startswith("1 subscription taken over")
        ended = await room.text("/unsubscribe 1")
        assert f"To have it again: /watch {ANN} name=whale near=4%" in ended


class TestChanges:
    async def test_a_new_name_is_no_reason_to_tell_again_and_nothing_is_missed_meanwhile(self, room):
        await room.say(f"/watch {ANN} name=whale")
        await room.look(FAR, held("ETH", 10, at=1_000, mark=2_000))
        await room.look(NEAR, held("ETH", 10, at=1_000, mark=2_000))
        await room.say("/watch whale name=shark")
        [message] = await room.look(replace(NEAR, mark=83_900))
        assert message.title == "shark: ETH long $20k closed"
        await room.say("/edit 1 name=tuna")
        assert await room.look(replace(NEAR, mark=83_800)) == []

    async def test_other_steps_are_told_where_they_are_new(self, room):
        await room.say(f"/watch {ANN} name=whale")
        await room.look(FAR)
        await room.look(NEAR)
        await room.say("/edit 1 near=4%")
        assert await room.look(replace(NEAR, mark=83_900)) == []
        [message] = await room.look(replace(NEAR, mark=81_500))
        assert message.title == "whale: BTC long is 1.8% ($1,500) from liquidation"


class TestAfterARestart:
    async def test_nothing_is_told_twice_and_nothing_is_lost(self, address, venue):
        async with watchers(address, venue) as room:
            await room.say(f"/watch {ANN} name=whale")
            await room.look(FAR)
            assert len(await room.look(NEAR)) == 1
        again = AccountVenue()
        async with watchers(address, again) as room:
            room.wait(1)
            await room.role.settle()
            assert again.known[ANN].positions == (NEAR,)
            assert await room.look(replace(NEAR, mark=83_900)) == []
            [message] = await room.look()
            assert message.title == "whale: BTC long $1.7M closed"

    async def test_a_liquidation_that_no_look_had_shown_is_told(self, address, venue):
        async with watchers(address, venue) as room:
            await room.say(f"/watch {ANN}")
            await room.look(FAR)
            await room.tell(Liquidation("BTC", room.now_ms + 1, Side.LONG, 80_000.0, 20.0, account=ANN))
        async with watchers(address, AccountVenue()) as room:
            room.wait(0.2)
            await room.role.settle()
            [message] = await room.look()
            assert "liquidated at 80,000" in message.title


class TestWatchingAndUnwatch:
    async def test_the_list_has_the_one_in_most_danger_first(self, room):
        await room.say(f"/watch {ANN} name=whale")
        await room.say(f"/watch {BOB}")
        await room.look(FAR)
        await room.tell(state(held("SOL", 10, at=96, mark=100), account=BOB, time_ms=room.now_ms))
        answer = await room.say("/watching")
        assert as_text(answer) == (
            "2 accounts are watched here\n"
            "#2 0xb0b0…0002, every 5 s\n"
            "SOL long $1k, 10x cross  96.00: 4% or $4.00 away\n"
            "#1 whale, every 5 s\n"
            "BTC long $2M, 20x cross  80,000: 20% or $20,000 away"
        )
        room.wait(1)
        assert "whale, every 5 s, 1 h old" in await room.text("/watching")

    async def test_who_watches_none_is_told_how_to_begin(self, room):
        answer = await room.say("/watching")
        assert answer.title == "This chat watches no account"
        assert [button.command for button in answer.actions] == [f"/watch {ANN}"]

    @pytest.mark.parametrize("named", [ANN, "whale", "1", "#1", f"https://hypurrscan.io/address/{ANN}"])
    async def test_one_is_ended_by_number_name_or_address(self, room, venue, named):
        await room.say(f"/watch {ANN} name=whale near=3%")
        text = await room.text(f"/unwatch {named}")
        assert text == f"Not watched any more\nTo have it again: /watch {ANN} name=whale near=3%"
        assert venue.wanted == []
        assert "watches no account" in await room.title("/unwatch whale")

    async def test_zero_is_no_account_and_ends_nothing(self, room, venue):
        await room.say(f"/watch {ANN} name=whale near=3%")
        assert (await room.say("/unwatch 0")).tone is Tone.WARNING
        assert await room.title("/watching") != "This chat watches no account"
        assert venue.wanted != []

    async def test_who_does_not_manage_a_chat_may_look_but_not_watch(self, room):
        assert (
            "is for those who manage this chat" in (await room.say(f"/watch {ANN}", may_manage=False)).title
        )
        assert (await room.say(f"/account {ANN}", may_manage=False)).tone is Tone.NEUTRAL


class TestPrivacy:
    async def test_privacy_names_the_addresses_and_forget_removes_them_everywhere(self, room, venue):
        await room.say(f"/watch {ANN} name=whale")
        await room.look(FAR)
        await room.look(NEAR)
        assert "Of these, the address of 1 account, and what this chat calls it." in await room.text(
            "/privacy"
        )
        await room.say("/forget yes")
        assert venue.wanted == []
        assert venue.newest(ANN) is None
        assert room.role.watched == []
        written = all_written(room.store)
        assert ANN.encode() not in written
        assert b"whale" not in written

    async def test_what_somebody_else_watches_stays(self, room, venue):
        await room.say(f"/watch {ANN} name=whale")
        await room.say(f"/watch {ANN}", SOMEBODY_ELSE)
        await room.say("/forget yes")
        assert venue.wanted == [ANN]
        await room.look(FAR)
        [message] = await room.look()
        assert message.title == "0xa11c…0001: BTC long $2M closed"

    async def test_alerts_of_accounts_are_nobody_elses(self, room):
        await room.say(f"/watch {ANN}")
        await room.look(FAR)
        await room.look()
        assert await room.services.alerts.latest(None, 10) == []
        assert await room.services.alerts.latest(ANN, 10) == []


class Deaf:
    """Calls that nobody answers."""

    async def ask(self, _kind, _subject, _within_s):
        return None


class TestBesides:
    async def test_a_process_that_follows_no_source_leaves_the_looking_to_another(self, address, venue):
        async with watchers(address, venue) as room:
            distant = SharedAccounts(venue, DistantSource("x", Deaf(), lambda: False), may_lead=False)
            away = Room(room.store, places=[replace(venue.place, watch=distant)])
            assert (await away.title(f"/watch {ANN} name=whale")) == "Watching whale as #1"
            assert venue.looks == []
            assert "nothing is known of this account yet" in await away.title(f"/account {BOB}")
            await room.role.settle()
            await room.look(FAR)
            assert "BTC long $2M, 20x cross" in await away.text("/watching")
            assert (await away.title("/account whale")).startswith("whale: 1 position, 20%")
            [message] = await room.look(NEAR)
            assert message.title == "whale: BTC long is 4.8% ($4,000) from liquidation"

    async def test_a_trade_taken_on_it_is_one_in_its_coin(self, room):
        await room.say(f"/watch {ANN} name=whale")
        await room.look(FAR)
        await room.look(NEAR)
        assert (await room.say("/took 1 64000 62000 66000")).tone is Tone.NEUTRAL
        assert "BTC" in await room.text("/journal")

    async def test_a_coin_of_another_dex_is_told_whole(self, room):
        await room.say(f"/watch {ANN}")
        await room.look(FAR)
        [message] = await room.look(FAR, held("xyz:TSLA", 10, at=90, mark=100))
        assert message.title == "0xa11c…0001: xyz:TSLA long $1k opened, 10% from liquidation"
        assert "Position: xyz:TSLA long $1k, 10x cross, entry 100.00" in message.text

    async def test_an_export_of_the_market_has_none_of_it(self, room, address, tmp_path):
        await room.say(f"/watch {ANN} name=whale")
        await room.look(FAR)
        await room.look(NEAR)
        await room.store.close()
        written = write_export(
            address, tmp_path / "export", ["alerts"], coin=None, since_ms=0, form="csv",
            progress=lambda *_: None,
        )  # fmt: skip
        assert written == {"alerts": 0}
        for file in (tmp_path / "export").iterdir():
            assert ANN not in file.read_text(encoding="utf-8")
            assert "whale:" not in file.read_text(encoding="utf-8")

    async def test_help_names_what_it_takes(self, room):
        text = await room.text("/help watch")
        assert "near: how near to liquidation you are warned; again at half and a fifth" in text
        assert "name: what this chat calls the account" in text
        assert ANN not in text
