"""What options offer while somebody types."""

import asyncio

from liqbot.builtin import RULES
from liqbot.chat.discord.options import BY_NAME, found, of_parameter, of_settings, short_help
from liqbot.rules.parameters import Between, Parameter
from liqbot.rules.units import Unit

NEAR = next(rule for rule in RULES if rule.name == "near-cluster")
USD = Parameter("at_least", 5e6, "how heavy", unit=Unit.USD, bounds=Between(0, 1e12))


def offered(option, typed, **given):
    return dict(found(asyncio.run(option.offer(None, typed, given)), typed))


def test_what_begins_so_comes_before_what_contains_it():
    coins = {"kETHX": "", "ETH": "2,000", "BTC": "like ETH"}
    assert [value for value, _ in found(coins, "eth")] == ["ETH", "kETHX", "BTC"]


def test_at_most_twenty_five_are_offered_and_none_is_too_long():
    many = {f"{number}": "x" * 200 for number in range(60)} | {"y" * 101: "too long to be sent"}
    shown = found(many, "")
    assert len(shown) == 25
    assert all(len(label) <= 100 for _, label in shown)
    assert found({"y" * 101: ""}, "y") == []


def test_dollars_are_repeated_as_they_are_understood():
    assert offered(of_parameter(USD), "2.5m") == {"2.5m": "2.5m · is $2.5M"}
    assert offered(of_parameter(USD), "") == {"$5M": "$5M · default"}


def test_a_wrong_amount_is_told_while_it_is_typed():
    assert offered(of_parameter(USD), "lots") == {"$5M": "$5M · lots is not from $0 to $1T"}


def test_settings_are_completed_word_by_word():
    option = of_settings(lambda given: NEAR if given.get("rule") == "near-cluster" else None)
    assert "within=2%" in offered(option, "wi", rule="near-cluster")
    assert set(offered(option, "within=3 side=", rule="near-cluster")) >= {
        "within=3 side=either",
        "within=3 side=long",
    }
    assert "within=3 at_least=$2M" in offered(option, "within=3 ", rule="near-cluster")
    assert not any(
        text.startswith("within=3 within") for text in offered(option, "within=3 w", rule="near-cluster")
    )
    assert offered(option, "wi", rule="nothing") == {}


def test_choices_too_many_for_discord_are_completed():
    many = Parameter("which", "c0", choices=tuple(f"c{number}" for number in range(30)))
    option = of_parameter(many)
    assert option.choices == ()
    assert list(offered(option, "c29")) == ["c29"]


def test_help_is_never_empty_and_never_too_long():
    assert short_help("  ") == "…"
    assert len(short_help("word " * 50)) == 100


def test_where_a_layer_can_be_asked_for_the_options_say_so_and_write_what_a_prompt_takes():
    layer = [BY_NAME[name] for name in ("venue", "tier", "opened")]
    assert [list(option.write("25x")) for option in layer] == [["venue=25x"], ["tier=25x"], ["opened=25x"]]
