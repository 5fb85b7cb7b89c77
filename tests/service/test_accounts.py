"""What is answered about one account, how often it is looked at, and what is said where it cannot be."""

import asyncio

import pytest
from accounts import ANN, BOB, LIVE, AccountVenue, held, state

from liqbot.market.layer import Basis, Layer, Origin
from liqbot.people_settings import QuotaSettings
from liqbot.service.account_answer import account_answer
from liqbot.service.accounts import Accounts, NoAccountError, NoAnswerError
from liqbot.service.errors import UserError
from liqbot.service.quotas import Quotas
from liqbot.store.chats import ChatKey

NOW_MS = 1_000_000
SIMULATED = Layer("Sandbox", Basis.MEASURED, Origin.SIMULATED)
ME = ChatKey("here", "me")


class Clock:
    ms = NOW_MS

    def __call__(self):
        return self.ms


@pytest.fixture
def clock():
    return Clock()


def accounts_of(clock, *venues, **more):
    quotas = Quotas(QuotaSettings(looks=3), clock)
    return Accounts([venue.place for venue in venues], clock, quotas, **more)


def test_distances_are_told_in_percent_in_dollars_of_price_and_as_a_loss():
    [one] = account_answer(state(held(size=2, at=95, mark=100, entry=110)), LIVE).positions
    assert (one.side, one.usd, one.distance_pct, one.distance_usd) == ("long", 200, 5, pytest.approx(5))
    assert (one.loss_usd, one.profit_usd) == (pytest.approx(10), -20)
    [one] = account_answer(state(held(size=-3, at=130, mark=104, entry=100)), LIVE).positions
    assert (one.side, one.distance_pct, one.distance_usd) == ("short", pytest.approx(25), pytest.approx(26))
    assert (one.loss_usd, one.profit_usd) == (pytest.approx(78), -12)


def test_the_nearest_to_its_liquidation_comes_first_and_what_no_price_liquidates_last():
    answer = account_answer(
        state(held("SOL", at=None), held("ETH", at=60), held("BTC", at=98), held("XRP", -1, at=99)), LIVE
    )
    assert [one.coin for one in answer.positions] == ["XRP", "BTC", "ETH", "SOL"]
    assert answer.nearest.distance_pct == 0
    assert (answer.long_usd, answer.short_usd) == (600, 100)


async def test_an_account_is_looked_at_when_it_is_asked_for(clock):
    venue = AccountVenue(state(held(), time_ms=NOW_MS))
    answer = await accounts_of(clock, venue).account(ANN.upper().replace("X", "x"))
    assert (answer.account, answer.venue, answer.is_newest) == (ANN, "Hyperliquid", True)
    assert answer.watched_every_s is None
    assert venue.looks == [ANN]


async def test_who_asks_at_the_same_time_or_seconds_later_costs_no_further_look(clock):
    venue = AccountVenue(state(held(), time_ms=NOW_MS))
    accounts = accounts_of(clock, venue)
    await asyncio.gather(*(accounts.account(ANN, ME) for _ in range(20)))
    clock.ms += 4_000
    await accounts.account(ANN, ME)
    assert venue.looks == [ANN]
    clock.ms += 4_000
    await accounts.account(ANN, ME)
    assert venue.looks == [ANN, ANN]


async def test_one_that_is_watched_is_not_looked_at_besides_while_its_state_is_fresh(clock):
    venue = AccountVenue()
    venue.watch(ANN)
    venue.tell(state(held(), time_ms=NOW_MS - 3_000))
    answer = await accounts_of(clock, venue).account(ANN)
    assert (answer.watched_every_s, venue.looks) == (5, [])


async def test_what_was_told_since_a_look_of_seconds_ago_is_answered(clock):
    venue = AccountVenue(state(held(at=80), time_ms=NOW_MS - 9_000))
    venue.watch(ANN)
    accounts = accounts_of(clock, venue)
    await accounts.account(ANN)
    venue.tell(state(held(at=90), time_ms=NOW_MS - 8_000))
    assert (await accounts.account(ANN)).nearest.distance_pct == pytest.approx(10)


async def test_looks_are_limited_by_chat_and_for_all_programs_together(clock):
    venue = AccountVenue()
    accounts = accounts_of(clock, venue)
    for number in range(3):
        await accounts.account(f"0x{number:040x}", ME)
    with pytest.raises(UserError, match="more than 3 looks at accounts a minute here"):
        await accounts.account(ANN, ME)
    await accounts.account(ANN, ChatKey("here", "you"))
    for number in range(10, 13):
        await accounts.account(f"0x{number:040x}")
    with pytest.raises(UserError, match="more than 3 looks"):
        await accounts.account(BOB)


async def test_a_venue_that_does_not_answer_is_no_empty_account(clock):
    venue = AccountVenue()
    venue.is_silent = True
    with pytest.raises(NoAnswerError, match="Hyperliquid does not answer at present, and nothing is known"):
        await accounts_of(clock, venue).account(ANN)
    venue.watch(ANN, known=state(held(), time_ms=NOW_MS - 1_200_000))
    answer = await accounts_of(clock, venue).account(ANN)
    assert (answer.is_newest, answer.time_ms, len(answer.positions)) == (False, NOW_MS - 1_200_000, 1)


async def test_a_look_that_takes_too_long_or_fails_is_no_answer(clock):
    class Stuck(AccountVenue):
        async def look(self, _account):
            await asyncio.Event().wait()

    class Failing(AccountVenue):
        async def look(self, _account):
            raise OSError

    for venue in (Stuck(), Failing()):
        with pytest.raises(NoAnswerError):
            await accounts_of(clock, venue, patience_s=0.01).account(ANN)


async def test_without_a_source_that_knows_accounts_it_is_said_which_does(clock):
    with pytest.raises(NoAccountError, match="none of its sources tells who holds what"):
        await accounts_of(clock).account(ANN)


async def test_a_simulated_market_knows_its_own_accounts_and_an_exchange_takes_all_others(clock):
    sandbox = AccountVenue(state(held("ETH"), account=BOB), layer=SIMULATED, knows=[BOB])
    live = AccountVenue(state(held()))
    both = accounts_of(clock, live, sandbox)
    assert (await both.account(BOB)).provenance == "Sandbox, simulated"
    assert (await both.account(ANN)).venue == "Hyperliquid"
    with pytest.raises(NoAccountError, match=f"Sandbox has no account {ANN}. Try one of {BOB}") as refused:
        await accounts_of(clock, sandbox).account(ANN)
    assert refused.value.instead == (ANN, BOB)
