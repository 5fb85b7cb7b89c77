"""Which coins are followed, and one more that somebody asks for while the bot runs."""

import pytest
from counterparts.hyperliquid import virtual
from sources.hyperliquid.virtual_source import VirtualSource

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


@pytest.mark.parametrize("door", [WithAccounts, WithCoins])
def test_the_source_has_the_doors_of_accounts_and_coins(tmp_path, door):
    assert isinstance(VirtualSource(tmp_path, crowd=0.05).source, door)
