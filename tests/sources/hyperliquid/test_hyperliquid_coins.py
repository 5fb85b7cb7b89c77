"""Which coins are followed, and one more that somebody asks for while the bot runs."""

import pytest
from counterparts.hyperliquid import virtual
from counterparts.hyperliquid.builder import Builder
from sources.hyperliquid.virtual_source import VirtualSource

from liqbot.sources.hyperliquid import batches
from liqbot.sources.source import Followed, WithAccounts, WithCoins


def test_a_coin_that_is_asked_for_is_followed_within_the_operators_limit(tmp_path):
    source = VirtualSource(tmp_path, crowd=0.05, coins=("BTC",), coins_on_request=1).source
    answers = []

    async def ask():
        answers.append(await source.follow("ETH"))
        async with source.client:
            await source.feed.ask()
        answers.extend([await source.follow(coin) for coin in ("ETH", "ETH", "BTC", "NOPE", "SOL")])

    virtual.run(ask())
    assert answers == [
        Followed.NOT_YET,
        Followed.FOLLOWED,
        Followed.ALREADY,
        Followed.ALREADY,
        Followed.NO_MARKET,
        Followed.FULL,
    ]
    assert source.coins == ("BTC", "ETH")


def test_a_coin_that_is_let_go_makes_room_for_another_and_what_the_operator_named_stays(tmp_path):
    source = VirtualSource(tmp_path, crowd=0.05, coins=("BTC",), coins_on_request=1).source

    async def ask():
        async with source.client:
            await source.feed.ask()
        await source.follow("ETH")
        await source.unfollow("BTC")
        await source.unfollow("ETH")
        assert source.coins == ("BTC",)
        assert await source.follow("SOL") is Followed.FOLLOWED

    virtual.run(ask())
    assert source.coins == ("BTC", "SOL")
    assert {"ETH", "SOL"} <= set(source.listed)


@pytest.mark.parametrize("door", [WithAccounts, WithCoins])
def test_the_source_has_the_doors_of_accounts_and_coins(tmp_path, door):
    assert isinstance(VirtualSource(tmp_path, crowd=0.05).source, door)


class Dexed(VirtualSource):
    """All coins, of an exchange that has two builder-deployed dexes besides its own."""

    def __init__(self, folder, *, batches="unknown", **settings):
        super().__init__(folder, crowd=0.01, coins=("all",), **settings)
        self.exchange.dexes = {name: Builder(name, self.market.names) for name in ("xyz", "flx")}
        self.exchange.step(10)
        self.exchange.faults.batches = batches


@pytest.mark.parametrize(
    ("options", "with_dexes"),
    [
        pytest.param({"weight_per_minute": 0}, True, marks=pytest.mark.long),
        ({"weight_per_minute": 1000, "batches": "served"}, True),
        ({"weight_per_minute": 1000}, False),
    ],
)
def test_all_coins_are_followed_and_other_dexes_where_a_look_is_cheap(tmp_path, options, with_dexes):
    run = Dexed(tmp_path, **options)
    run.follow(lambda: run.minute >= 3.5)
    own = {coin.name for coin in run.market.coins()}
    dexes = {"xyz:TSLA", "flx:TSLA"}
    assert set(run.source.coins) == (own | dexes if with_dexes else own)
    assert run.source.coins[0] in own
    assert set(run.source.coins) <= set(run.board.coins)
    held = {coin for coins in run.holdings.held.values() for coin in coins}
    assert (dexes <= held) is with_dexes
    assert run.source.report().lacking == {}


@pytest.mark.long
def test_where_a_look_becomes_dear_other_dexes_are_asked_of_who_holds_there_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "PROBE_AGAIN_S", 60.0)
    run, asked = Dexed(tmp_path, weight_per_minute=1000, batches="served"), {}

    def until():
        if run.minute >= 2.5:
            run.exchange.faults.batches = "null"
        if run.minute >= 2.5 and not asked and not run.source.poller.batches.served:
            asked.update({dex: counter.copy() for dex, counter in run.exchange.asked.items()}, now=run.minute)
        return bool(asked) and run.minute >= asked["now"] + 2

    run.follow(until)
    holders = set(run.exchange.dexes["xyz"]._numbers)
    since = {name for name, times in run.exchange.asked["xyz"].items() if times > asked["xyz"][name]}
    assert since
    assert since <= holders
    held = {name for name, coins in run.holdings.held.items() if "xyz:TSLA" in coins}
    assert held == holders
