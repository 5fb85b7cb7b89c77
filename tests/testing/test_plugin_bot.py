"""The bot for tests of plugins."""

import pytest

from liqbot.rules.hit import RuleFault
from liqbot.testing import PluginBot, long, market, short

RULE = '''
from liqbot.plugin import *

@rule("heavy", policy=Policy(cooldown=0))
def heavy(view, *, at_least: Usd = 5_000_000):
    """A cluster of at least `at_least`."""
    for cluster in view.clusters:
        if cluster.usd >= at_least:
            yield Hit(cluster.id, f"{cluster.side} {usd(cluster.usd)}")
'''


@pytest.fixture
def made(tmp_path):
    bot = PluginBot(tmp_path)
    yield bot
    bot.close()


def with_rule(bot, folder, text=RULE):
    (folder / "heavy.py").write_text(text)
    bot.load(folder / "heavy.py")
    return bot


def test_a_market_takes_two_lines():
    view = market(long("ann", 2, at=95), short("bob", 1, at=104), spot=100, funding=0.0001)
    assert (view.ratio, view.funding) == (100 / 200, 0.0001)


def test_an_account_has_one_position():
    with pytest.raises(ValueError, match="an account has one position in BTC"):
        market(long("ann", 2, at=95), short("ann", 1, at=104))


def test_what_is_typed_is_answered_and_alerts_arrive(made, tmp_path):
    bot = with_rule(made, tmp_path)
    assert bot.say("/subscribe heavy BTC").title == "Subscribed to heavy BTC as #1"
    bot.market(long("ann", 60_000, at=98))
    assert [message.title for message in bot.sent] == ["BTC: long $6M"]
    bot.market(spot=100)
    bot.market(short("bob", 70_000, at=103), after="1h")
    assert [message.title for message in bot.sent] == ["BTC: long $6M", "BTC: short $7M"]


def test_a_market_is_all_there_is_of_a_coin_and_the_others_stay(made):
    made.market(long("ann", 60_000, at=98), coin="ETH", spot=50)
    view = made.market(long("bob", 1, at=98))
    assert [other.coin for other in view.neighbours] == ["ETH"]
    assert made.market().open_usd.long == 0


def test_a_rule_that_fails_is_raised_with_its_line(made, tmp_path):
    bot = with_rule(made, tmp_path, RULE.replace("yield", "1 / 0; yield"))
    bot.say("/subscribe heavy BTC")
    with pytest.raises(RuleFault, match=r"heavy.py, line 9\): ZeroDivisionError"):
        bot.market(long("ann", 60_000, at=98))


def test_a_plugin_that_cannot_be_loaded_is_named_with_its_line(made, tmp_path):
    with pytest.raises(AssertionError, match=r"heavy.py, line 2: ZeroDivisionError"):
        with_rule(made, tmp_path, "x = 1\n1 / 0\n")
