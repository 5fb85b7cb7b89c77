"""Commands of plugins, as a chat sees them."""

from typing import Annotated

import pytest
from chat.stand_ins import ME, as_text
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from structlog.testing import capture_logs

from liqbot.chat.answering import Answering
from liqbot.chat.bot_commands import COMMANDS
from liqbot.chat.command import CommandContext
from liqbot.chat.console.prompt import LineCompleter
from liqbot.chat.plugin_commands import chat_command, chat_commands
from liqbot.chat.telegram.menu import menu
from liqbot.plugin import Between, Coin, Help, Message, Percent, command


@command("depth")
def depth(
    view,
    *,
    within: Annotated[Percent, Between(1, 9), Help("how near")] = 2.0,
    other: Annotated[Coin, Help("another coin")] = "",
):
    """How much lies within `within`."""
    if within == 9:
        raise ValueError("too much")
    return Message(f"{view.coin} {within:g} {other}".rstrip())


@pytest.fixture
def answering():
    return Answering((*COMMANDS, chat_command(depth)))


@pytest.fixture
def say(room, answering):
    async def say(line):
        return as_text(await answering.answer(line, CommandContext(ME, room.services)))

    return say


async def test_it_takes_a_coin_and_its_own_parameters(say):
    assert await say("/depth btc") == "BTC 2"
    assert await say("/depth BTC within=3% other=eth") == "BTC 3 ETH"


async def test_hyphens_of_a_name_may_be_underscores(room):
    @command("what-now")
    def what_now(view):
        """What now."""
        return Message(f"{view.coin} now")

    answering = Answering((*COMMANDS, chat_command(what_now)))
    for name in ("/what-now", "/what_now", "/WHAT_NOW"):
        assert (await answering.answer(f"{name} BTC", CommandContext(ME, room.services))).title == "BTC now"
    [entry] = menu([answering.commands["what-now"]], "", managing=False)
    assert entry.command == "what_now", "Telegram takes no hyphens"


async def test_a_wrong_value_is_answered_with_the_bounds(say):
    assert await say("/depth BTC within=10") == ("depth: within must be from 1% to 9%, not 10% (/help depth)")
    assert "there is no parameter 'near'" in await say("/depth BTC near=1")


async def test_where_the_plugin_fails_that_is_said_and_logged(say):
    with capture_logs() as logs:
        assert "The plugin of /depth failed" in await say("/depth BTC within=9")
    assert [entry["event"] for entry in logs] == ["command_failed"]


async def test_the_console_completes_its_parameters(room, answering):
    completer = LineCompleter(answering, CommandContext(ME, room.services))

    async def completed(text):
        found = completer.get_completions_async(Document(text), CompleteEvent())
        return [(one.text, one.display_meta_text) async for one in found]

    assert await completed("/depth BTC ") == [
        ("within=", "how near; from 1% to 9%"),
        ("other=", "another coin; a coin such as ETH, or any"),
    ]
    assert await completed("/depth BTC within=") == [("within=2%", "default")]


def test_a_name_that_the_house_has_is_left_out_and_logged():
    def heatmap(view):
        """It has a name that is taken."""
        return Message(view.coin)

    with capture_logs() as logs:
        assert list(chat_commands([command("heatmap")(heatmap)], ["heatmap"])) == []
    assert logs[0]["command"] == "heatmap"
