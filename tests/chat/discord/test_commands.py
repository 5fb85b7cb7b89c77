"""Slash commands made of the commands' one definition, whatever rules there are."""

from typing import Annotated

import discord
import pytest
from discord import app_commands

from liqbot.builtin import RULES
from liqbot.chat.answering import Answering
from liqbot.chat.bot_commands import COMMANDS
from liqbot.chat.command import Coin, CommandContext, Number, RuleName, Settings, Window, command
from liqbot.chat.discord.commands import ANOTHER_RULE, LETTERS, SlashCommands, letters
from liqbot.chat.discord.options import ALL_OF_THEM
from liqbot.chat.plugin_commands import chat_command
from liqbot.message import Message
from liqbot.plugin import Between, Help, Percent, rule
from liqbot.plugin import Coin as OtherCoin
from liqbot.plugin import command as plugin_command
from liqbot.rules.plugin_loading import Rules


class Host:
    """Remembers the lines that slash commands come to."""

    def __init__(self):
        self.lines = []

    async def typed(self, _interaction, line, role=None, _channel=None):
        self.lines.append(line if role is None else (line, role))

    def ask(self, _interaction):
        raise AssertionError("nobody completes here")


def tree_of(*rules, commands=COMMANDS):
    known = Rules()
    known.add(rules)
    assert known.errors == []
    client = discord.Client(intents=discord.Intents.none())
    tree, host = app_commands.CommandTree(client), Host()
    SlashCommands(tree, Answering(commands), known.by_name, host).add()
    return {item.name: item for item in tree.get_commands()}, tree, host


def made(name, **parameters):
    """Return a rule of that name with these parameters, each an annotation and a default."""

    def function(view, **_):
        """Something is there."""

    import inspect

    shown = [inspect.Parameter("view", inspect.Parameter.POSITIONAL_OR_KEYWORD)] + [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
        for key, (kind, default) in parameters.items()
    ]
    function.__signature__ = inspect.Signature(shown)
    function.__annotations__ = {key: kind for key, (kind, _) in parameters.items()}
    return rule(name)(function)


def options(slash, tree):
    return {option["name"]: option for option in slash.to_dict(tree)["options"]}


async def run(slash, host, **given):
    """Call a slash command as the library would, with options by the names that people see."""
    values = {
        key: given[parameter.display_name]
        for key, parameter in slash._params.items()
        if parameter.display_name in given
    }
    await slash.callback(None, **values)
    return host.lines[-1]


async def test_every_command_is_there_with_its_summary():
    slashes, tree, _ = tree_of(*RULES)
    assert set(slashes) == {item.name for item in COMMANDS}
    assert slashes["heatmap"].description == next(c for c in COMMANDS if c.name == "heatmap").summary
    assert all(letters(item.to_dict(tree)) <= LETTERS for item in slashes.values())


async def test_a_rule_is_a_subcommand_whose_parameters_are_options():
    slashes, tree, _ = tree_of(*RULES)
    near = slashes["subscribe"].get_command("near-cluster")
    shown = options(near, tree)
    assert list(shown)[:7] == ["coin", "within", "at_least", "size", "side", "single", "rearm"]
    assert (shown["within"]["min_value"], shown["within"]["max_value"]) == (0.1, 90)
    assert [choice["value"] for choice in shown["side"]["choices"]] == ["either", "long", "short"]
    assert shown["coin"]["required"]
    assert not shown["within"]["required"]
    assert {"silent", "digest", "venue", "role"} <= set(shown)


async def test_what_is_chosen_reads_as_it_would_be_typed():
    slashes, _, host = tree_of(*RULES)
    near = slashes["subscribe"].get_command("near-cluster")
    line = await run(near, host, coin="BTC", within=2.5, at_least="10 M", silent="yes")
    assert line == "/subscribe near-cluster BTC within=2.5 'at_least=10 M' silent=yes"
    assert await run(slashes["heatmap"], host, coin="kPEPE/USD:X", window="7d") == "/heatmap kPEPE/USD:X 7d"
    assert await run(slashes["unsubscribe"], host, number=3) == "/unsubscribe 3"
    assert await run(slashes["unsubscribe"], host, number=ALL_OF_THEM) == "/unsubscribe all"
    assert await run(slashes["unsubscribe"], host, number=0) == "/unsubscribe 0", "0 is not all"
    assert await run(slashes["edit"], host, number=ALL_OF_THEM) == "/edit -1"
    assert await run(slashes["help"], host) == "/help"


async def test_a_command_of_a_plugin_has_its_own_parameters_as_options():
    @plugin_command("what-if")
    def what_if(
        view,
        *,
        move: Annotated[Percent, Between(-50, 50), Help("by how much")] = 5.0,
        other: Annotated[OtherCoin, Help("another coin")] = "",
    ):
        """What if."""
        return Message(f"{view.coin} {move} {other}")

    slashes, tree, host = tree_of(*RULES, commands=[*COMMANDS, chat_command(what_if)])
    assert list(options(slashes["what-if"], tree)) == ["coin", "move", "other"]
    line = await run(slashes["what-if"], host, coin="BTC", move=-3.0, other="eth")
    assert line == "/what-if BTC move=-3.0 other=eth"


async def test_what_somebody_writes_stays_one_word():
    slashes, _, host = tree_of(*RULES)
    assert await run(slashes["heatmap"], host, coin="BTC 7d; rm") == "/heatmap 'BTC 7d; rm'"
    assert await run(slashes["help"], host, topic='"') == "/help '\"'"


async def test_an_argument_that_is_left_out_before_one_that_is_given_has_its_default():
    @command()
    async def compare(ask: CommandContext, window: Window = "24h", number: Number = 1) -> Message:
        """Compare."""

    slashes, _, host = tree_of(commands=(compare,))
    assert await run(slashes["compare"], host, number=7) == "/compare 24h 7"


async def test_more_rules_than_discord_takes_are_reached_by_name():
    slashes, tree, host = tree_of(*(made(f"rule-{number}") for number in range(40)))
    group = slashes["subscribe"]
    assert len(group.commands) <= 25
    assert letters(group.to_dict(tree)) <= LETTERS
    other = group.get_command(ANOTHER_RULE)
    line = await run(other, host, rule="rule-39", coin="BTC", settings="for=10m silent=yes")
    assert line == "/subscribe rule-39 BTC for=10m silent=yes"


async def test_rules_with_very_many_words_still_fit_into_eight_thousand_letters():
    wordy = Annotated[Percent, Between(1, 99), Help("what this is about " * 5)]
    rules = [
        made(f"wordy-{number}", **{f"parameter_{k}": (wordy, 5.0) for k in range(15)}) for number in range(20)
    ]
    slashes, tree, _ = tree_of(*rules)
    assert LETTERS / 2 < letters(slashes["subscribe"].to_dict(tree)) <= LETTERS
    assert slashes["subscribe"].get_command(ANOTHER_RULE) is not None


@pytest.mark.parametrize(
    "odd",
    [
        made("odd", coin=(Percent, 1.0)),
        made("odd", **{f"p{number}": (Percent, 1.0) for number in range(24)}),
        made("odd", **{"p" * 33: (Percent, 1.0)}),
        made("odd" * 12),
    ],
)
async def test_a_rule_that_discord_cannot_show_is_reached_by_name_and_harms_no_other(odd):
    slashes, _, _ = tree_of(*RULES, odd)
    names = [item.name for item in slashes["subscribe"].commands]
    assert names == [*(rule.name for rule in RULES), ANOTHER_RULE]


async def test_a_parameter_in_capitals_is_written_small_and_means_the_same():
    slashes, _, host = tree_of(made("loud", LEVEL=(Percent, 1.0)))
    assert await run(slashes["subscribe"].get_command("loud"), host, coin="BTC", level=2.0) == (
        "/subscribe loud BTC LEVEL=2.0"
    )


async def test_without_any_rule_the_rule_is_typed():
    slashes, tree, _ = tree_of()
    assert list(options(slashes["subscribe"], tree)) == ["rule", "coin", "settings"]


async def test_a_hundred_and_one_commands_are_cut_to_a_hundred():
    async def function(ask: CommandContext) -> Message:
        """Nothing."""

    def named(number):
        function.__name__ = f"c{number}"
        return command()(function)

    slashes, _, _ = tree_of(commands=[named(number) for number in range(101)])
    assert len(slashes) == 100


async def test_a_command_that_discord_cannot_show_harms_no_other():
    async def FAR_too_LOUD_and_far_too_long_a_name(  # noqa: N802 - that is the point
        ask: CommandContext, rule: RuleName, coin: Coin
    ) -> Message:
        """Nothing."""

    @command(manages=True)
    async def fine(ask: CommandContext, rule: RuleName, settings: Settings) -> Message:
        """Fine."""

    slashes, _, _ = tree_of(*RULES, commands=(command()(FAR_too_LOUD_and_far_too_long_a_name), fine))
    assert list(slashes) == ["fine"]


async def test_only_commands_that_manage_are_for_managers():
    slashes, tree, _ = tree_of(*RULES)
    for item in COMMANDS:
        needed = slashes[item.name].to_dict(tree)["default_member_permissions"]
        wanted = discord.Permissions(manage_guild=item.manages, administrator=item.owners).value or None
        assert needed == wanted
