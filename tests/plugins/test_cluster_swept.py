import pytest
from markets import MINUTE, board_of, long, price, seen
from plugins.examples import FOLDER, examples
from plugins.examples import event_hits as hits

from liqbot.rules.parameters import ParameterError
from liqbot.testing import PluginBot
from liqbot.testing import long as holding


def swept_by(spot):
    """A market in which price goes to `spot`, past $10M of longs at 95."""
    board = board_of(long("ann", 100_000, at=95), long("bob", 1, at=60), spot=100)
    board.observe("BTC")
    board.apply(price(spot, time_ms=MINUTE))
    board.apply(seen(long("bob", 1, at=60), time_ms=MINUTE, flat=("ann",)))
    return board.observe("BTC")


def test_it_speaks_when_price_has_gone_through():
    [hit] = hits("cluster-swept", swept_by(94))
    assert hit.text == "$10M of long liquidations at 95.00 were swept"
    assert (hit.side, hit.holding) == ("long", False)


def test_a_cluster_whose_positions_were_closed_was_not_swept():
    assert hits("cluster-swept", swept_by(99)) == ()


def test_size_and_side_are_asked_for():
    assert hits("cluster-swept", swept_by(94), at_least="20M") == ()
    assert hits("cluster-swept", swept_by(94), side="short") == ()
    assert hits("cluster-swept", board_of(long("ann", 1, at=95)).observe("BTC")) == ()


def test_only_what_means_something_for_an_event_is_offered():
    rule = examples().rules.by_name["cluster-swept"]
    assert [parameter.name for parameter in rule.form.parameters] == ["at_least", "side", "cooldown"]
    for name in ("for", "repeat", "resolved"):
        with pytest.raises(ParameterError, match=f"there is no {name} here: it tells of events"):
            rule.form.parse({name: "10m"})


def test_the_bot_tells_of_each_sweep_once(tmp_path):
    bot = PluginBot(tmp_path)
    bot.load(FOLDER / "cluster_swept.py")
    bot.say("/subscribe cluster-swept BTC")
    bot.market(holding("ann", 100_000, at=95), spot=100)
    for spot in (94, 94, 93):
        bot.market(spot=spot)
    assert [message.title for message in bot.sent] == ["BTC: $10M of long liquidations at 95.00 were swept"]
    bot.close()
