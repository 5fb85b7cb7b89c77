"""Commands that plugins bring, for people like any other: `/NAME COIN [name=value …]`."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace

import structlog

from liqbot.chat.command import Ask, Coin, Command, Refusal, Settings, command
from liqbot.message import Message
from liqbot.rules.contributions import PluginCommand
from liqbot.rules.parameters import ParameterError

_log = structlog.get_logger()


def chat_command(brought: PluginCommand) -> Command:
    """Return a plugin's command as the chats know it; its function runs off the event loop."""

    async def answer(ask: Ask, coin: Coin, settings: Settings) -> Message:
        try:
            values = brought.form.parse(settings)
        except ParameterError as error:
            raise Refusal(f"{brought.name}: {error} — see /help {brought.name}") from None
        try:
            return await asyncio.to_thread(brought.answer, ask.desk.views[coin], values)
        except Exception as error:
            _log.exception("a plugin's command failed", command=brought.name)
            raise Refusal(
                f"The plugin of /{brought.name} failed; the operator's log names the line"
            ) from error

    answer.__name__ = brought.name
    answer.__doc__ = "\n\n".join((*brought.text, *_parameters(brought)))
    return replace(command(answer), form=brought.form)


def chat_commands(brought: Iterable[PluginCommand], taken: Iterable[str]) -> Iterator[Command]:
    """Yield the commands of plugins; one whose name is `taken` is left out, and the log says so."""
    names = set(taken)
    for one in brought:
        if one.name in names:
            _log.error("a plugin's command is left out: its name is taken", command=one.name, file=one.file)
        else:
            yield chat_command(one)


def _parameters(brought: PluginCommand) -> Iterator[str]:
    for parameter in brought.form.parameters:
        told = (parameter.help, parameter.takes, f"usually {parameter.show(parameter.default)}")
        yield f"{parameter.name} — {'; '.join(part for part in told if part)}"
