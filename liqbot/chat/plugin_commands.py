"""Commands that plugins bring, for people like any other: `/NAME COIN [name=value …]`."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace

import structlog

from liqbot.chat.command import Coin, Command, CommandContext, Settings, command
from liqbot.message import Message
from liqbot.rules.contributions import PluginCommand
from liqbot.rules.hit import RuleFault
from liqbot.rules.parameters import ParameterError
from liqbot.service.errors import UserError
from liqbot.service.layers import LayerQuery
from liqbot.text import _

_log = structlog.get_logger()


def chat_command(brought: PluginCommand) -> Command:
    """Return a plugin's command as the chats know it; its function runs off the event loop."""

    async def answer(context: CommandContext, coin: Coin, settings: Settings) -> Message:
        try:
            values = brought.form.parse(settings)
        except ParameterError as error:
            raise UserError("{rule}: {reason} (/help {rule})", rule=brought.name, reason=error) from None
        view = context.services.markets.seen(coin, LayerQuery()).view
        try:
            return await asyncio.to_thread(brought.answer, view, values)
        except RuleFault as fault:  # it names the file and the line; a trace of ours would hide them
            _log.error("command_failed", command=brought.name, reason=str(fault))
            raise _failed(brought) from fault
        except Exception as error:
            _log.exception("command_failed", command=brought.name)
            raise _failed(brought) from error

    answer.__name__ = brought.name
    answer.__doc__ = "\n\n".join((*brought.text, *_parameters(brought)))
    return replace(command(answer), form=brought.form)


def _failed(brought: PluginCommand) -> UserError:
    return UserError(
        "The plugin of /{command} failed. The operator's log names the line.", command=brought.name
    )


def chat_commands(brought: Iterable[PluginCommand], taken: Iterable[str]) -> Iterator[Command]:
    """Yield the commands of plugins; one whose name is `taken` is left out, and the log says so."""
    names = set(taken)
    for one in brought:
        if one.name in names:
            _log.error("command_left_out", reason="its name is taken", command=one.name, file=one.file)
        else:
            yield chat_command(one)


def _parameters(brought: PluginCommand) -> Iterator[str]:
    for parameter in brought.form.parameters:
        default = parameter.show(parameter.default)
        told = "; ".join(part for part in (_(parameter.help), parameter.takes) if part)
        yield _(
            "{argument}: {names}. Default: {default}.", argument=parameter.name, names=told, default=default
        )
