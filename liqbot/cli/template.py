"""What `liqbot plugins new` writes: a working rule, its test, and a word on both."""

RULE = '''"""{name}: what it watches, in a line."""

from collections.abc import Iterator
from typing import Annotated

from liqbot.plugin import Between, Help, Hit, MarketView, Percent, Usd, price, rule, usd

__version__ = "0.1"


@rule("{name}")
def {function}(
    view: MarketView,
    *,
    within: Annotated[Percent, Between(0.1, 50), Help("how near to spot")] = 2.0,
    at_least: Annotated[Usd, Help("minimum size")] = 5_000_000,
) -> Iterator[Hit]:
    """A cluster of at least `at_least` lies within `within` of spot."""
    for cluster in view.clusters.within(within):
        if cluster.usd >= at_least:
            yield Hit(
                key=cluster.id,
                text=f"{{usd(cluster.usd)}} of {{cluster.side}} liquidations at {{price(cluster.price)}}",
                means="What that means for a trader, in a line.",
                value=cluster.usd,
                side=cluster.side,
            )
'''

TEST = '''"""What {name} promises."""

from liqbot.testing import long, short


def test_a_heavy_cluster_near_spot_is_told(bot):
    bot.say("/subscribe {name} BTC at_least=5M")
    bot.market(long("ann", 60_000, at=99), short("bob", 1_000, at=140), spot=100)
    assert [message.title for message in bot.sent] == ["BTC: $6M of long liquidations at 99.00"]


def test_a_light_one_and_one_far_away_are_not(bot):
    bot.say("/subscribe {name} BTC at_least=5M")
    bot.market(long("ann", 40_000, at=99), short("bob", 90_000, at=140), spot=100)
    assert bot.sent == []


def test_a_wrong_value_is_answered_with_the_bounds(bot):
    answer = bot.say("/subscribe {name} BTC within=90%")
    assert "within must be from 0.1% to 50%, not 90%" in answer.title
'''

README = """# {name}

What it watches, and what an alert of it means for a trader.

- `liqbot plugins check {folder}` says whether it loads, how fast it is, and whether it looks ahead.
- `liqbot plugins test {folder}` runs its tests.
- `liqbot plugins replay {folder} --since 7d` shows when it would have fired.

In a chat: `/subscribe {name} BTC within=2% at_least=5M`.
"""
