"""For tests of plugins: a market in two lines, and a bot to talk to.

    def test_it_speaks_of_a_heavy_cluster(bot):
        bot.say("/subscribe near-wall BTC at_least=5M")
        bot.market(long("ann", 60_000, at=98), spot=100)
        assert bot.sent[0].title.startswith("BTC: ")

`bot` is a pytest fixture that is there wherever liqbot is installed; it has the plugin beside the test.
"""

from liqbot.testing.bot import PluginBot
from liqbot.testing.market import Position, long, market, short

__all__ = ["PluginBot", "Position", "long", "market", "short"]
