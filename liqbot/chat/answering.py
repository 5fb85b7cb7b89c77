"""Answering a line: finds the command, checks access and quotas, calls it, and turns errors into messages.

Not here: what an argument means (`arguments.py`), what a command is (`command.py`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from weakref import WeakValueDictionary

import structlog

from liqbot.chat.arguments import ALL, coin_of, read_arguments, settings_last
from liqbot.chat.command import Command, CommandContext, Kind
from liqbot.chat.input_cleaning import cleaned, words_of
from liqbot.message import Button, Message, Tone
from liqbot.rules.wording import nearest, quoted
from liqbot.service.chats import ChatKey
from liqbot.service.errors import UserError
from liqbot.text import _, ngettext, speaking

_log = structlog.get_logger()

EVERYTHING = "all"
"""The topic under which `/help` lists all commands and rules."""
OF_THE_PRESENT = ("status", "regime", "clusters", "trapped", "whales", "book", "stops", "cascade", "screener")
"""Commands that need the newest views alone, and are answered while the past is still being read."""
WITHOUT_MARKET = frozenset(
    [
        *("help", "start", "privacy", "watching", "look", "timezone", "limit", "grouping", "join", "admin"),
        *("mute", "quiet", "pause", "resume", "stop", "unsubscribe", "unwatch", "forget"),
    ]
)
"""Commands that have nothing to do with a market, and nothing waits for; plugins may have to do with them."""
AT_ONCE = 4
"""So many commands of one chat are worked on at once; more of them wait, and keep nobody else waiting."""
_AND = ("and", "&", "+", ",")
_ALIKE = 0.75
"""How alike a command must be to be suggested: no suggestion is better than a wrong one."""
_SYNONYMS = {
    "alerts": "subscriptions",
    "list": "subscriptions",
    "subs": "subscriptions",
    "sub": "subscribe",
    "unsub": "unsubscribe",
    "start": "help",
    "menu": "help",
    "commands": "help",
    "about": "help",
    "stop": "pause",
    "price": "clusters",
    "ratio": "regime",
    "stats": "status",
    "ping": "status",
    "watchlist": "watching",
    "wallet": "account",
    "address": "account",
    "positions": "account",
    "tz": "timezone",
    "heat": "heatmap",
    "chart": "heatmap",
    "levels": "clusters",
    "liq": "liquidations",
    "liqs": "liquidations",
    "settings": "status",
}
"""What other bots call it."""


class Answering:
    """The commands by name, and how a line finds its own."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self.commands = {command.name: command for command in commands}
        self._turns: WeakValueDictionary[ChatKey, asyncio.Semaphore] = WeakValueDictionary()

    def add(self, commands: Iterable[Command]) -> None:
        """Take up more commands."""
        self.commands |= {command.name: command for command in commands}

    async def answer(self, line: str, context: CommandContext) -> Message:
        """Return the answer to a line such as `/heatmap BTC 7d`. It never raises: what fails is said."""
        command: Command | None = None
        with speaking(context.language):
            try:
                await self.begun(line, context)
                command, words = self._find(line, context)
                _require_right(command, context)
                answer = await self._run(command, words, context)
                return replace(answer, private=answer.private or not command.public)
            except UserError as error:
                return refused(error, line)
            except Exception as error:  # noqa: BLE001 - a failing command must not take the chat down
                _log.exception("command_failed", command=command and command.name)
                return Message(
                    title=_("Something went wrong on our side. The operator's log has the details."),
                    lines=(type(error).__name__,),
                    tone=Tone.WARNING,
                    private=True,
                )

    async def begun(self, line: str, context: CommandContext) -> None:
        """Wait, in the first seconds of a bot, for the coins and plugins by which a line is understood."""
        startup, words = context.services.startup, words_of(line)
        command = self.command(words[0]) if words else None
        if command is None or command.name not in (*WITHOUT_MARKET, "status"):
            await startup.first_view()
        if command is None or command.name not in OF_THE_PRESENT:
            await startup.loaded()

    async def ready(self, line: str, context: CommandContext) -> None:
        """Wait, in the first seconds of a bot, until a line can be answered, at most as long as people wait.

        Whoever has a place among few asks for it behind this: who waits for the market is in nobody's way.
        """
        await self.begun(line, context)
        words = words_of(line)
        command = self.command(words[0]) if words else None
        if command is None or _needs_past(command):
            await context.services.startup.settled()

    async def _run(self, command: Command, words: list[str], context: CommandContext) -> Message:
        async def one(given: list[str]) -> Message:
            values = await read_arguments(command, given, context, lambda: self.topics(context))
            if _needs_past(command):
                await context.services.startup.require_past()  # what cannot be done was refused before
            turn = self._turns.setdefault(context.chat, asyncio.Semaphore(AT_ONCE))
            counted = command.draws and not context.is_owner
            quotas = context.services.quotas
            with quotas.drawing(context.chat, context.person) if counted else nullcontext():
                async with turn:
                    answer = await command.function(context, **values)
            if command.manages:
                await context.services.access.host(context.chat)
            return answer

        return await _of_each_coin(command, words, context, one)

    def command(self, name: str) -> Command | None:
        """Return the command that a word such as `/heatmap` names; None where there is none.

        `/my_levels` is `/my-levels`: not every platform takes hyphens.
        """
        bare = _bare(name)
        return self.commands.get(bare) or self.commands.get(bare.replace("_", "-"))

    def topics(self, context: CommandContext) -> dict[str, str]:
        """Return what `/help` can explain, each with its summary: every rule and every command."""
        rules = {name: rule.summary for name, rule in context.services.rules.by_name.items()}
        commands = {
            name: command.summary
            for name, command in self.commands.items()
            if context.is_owner or not command.owners
        }
        return rules | commands | {EVERYTHING: _("all commands and rules")}

    def _find(self, line: str, context: CommandContext) -> tuple[Command, list[str]]:
        words = words_of(line)
        if not words:
            raise UserError("Type a command. /help lists them.")
        command = self.command(words[0])
        heatmap = self.command("heatmap")
        coin = coin_of(words[0].removeprefix("/"), context)
        if command is None and heatmap is not None and coin is not None:
            return heatmap, [coin, *words[1:]]  # a bare coin
        if command is None:
            raise self._unknown(words)
        return command, words[1:]

    def _unknown(self, words: Sequence[str]) -> UserError:
        word, name = words[0], _bare(words[0])
        synonym = _SYNONYMS.get(name)
        near = synonym if synonym in self.commands else nearest(name, self.commands, cutoff=_ALIKE)
        if near is None:
            return UserError("There is no command {text}. /help lists the commands.", text=quoted(word))
        return UserError(
            "There is no command {text}. Did you mean {meant}?",
            text=quoted(word),
            meant=f"/{near}",
            suggestions=(" ".join([f"/{near}", *words[1:]]),),
        )


def _needs_past(command: Command) -> bool:
    return command.name not in WITHOUT_MARKET and command.name not in OF_THE_PRESENT


def _coins(words: Sequence[str], context: CommandContext) -> tuple[list[str], Sequence[str]]:
    """Return the coins that words begin with, as `BTC,ETH`, `BTC, ETH` or `BTC ETH`, and the other words."""
    coins = [coin for coin in words[0].split(",") if coin] if words else []
    rest = list(words[1:])
    while rest and (rest[0] in _AND or coin_of(rest[0].strip(","), context) is not None):
        word = rest.pop(0)
        coins += [coin for coin in word.split(",") if coin and word not in _AND]
    return coins, rest


async def _of_each_coin(
    command: Command,
    words: list[str],
    context: CommandContext,
    answer: Callable[[list[str]], Awaitable[Message]],
) -> Message:
    """Return the answer to a command for one coin, or for several, as `BTC,ETH` or `all`.

    What shows a market shows one: then each is a button.
    """
    lines = each_coin(command, words, context)
    if len(lines) < 2:
        return await answer(lines[0])
    if not command.manages:
        raise UserError(
            "One coin at a time.", suggestions=tuple(" ".join([f"/{command.name}", *line]) for line in lines)
        )
    answers = [await _or_refused(answer(line)) for line in lines]
    if all(one.tone is Tone.WARNING for one in answers):
        return answers[0]  # nothing was done, and most likely for one reason
    done = [one for one in answers if one.tone is not Tone.WARNING]
    shared = [line for line in done[0].lines if all(line in one.lines for one in done)]
    lines = [line for one in answers for line in (one.title, *one.lines[:1]) if line not in shared]
    return Message(
        ngettext("{count} coin", "{count} coins", len(answers)),
        (*lines, *shared),
        actions=(Button(_("Subscriptions"), "/subscriptions"),),
    )


def each_coin(command: Command, words: list[str], context: CommandContext) -> list[list[str]]:
    """Return the words of a command for each coin that they name, as `BTC,ETH` or `all`."""
    kinds, words = [argument.kind for argument in command.arguments], settings_last(command, words)
    place = next((at for at, kind in enumerate(kinds) if kind in (Kind.COIN, Kind.SUBJECT)), len(words))
    coins, rest = _coins(words[place:], context)
    if command.manages and [coin.lower() for coin in coins] == [ALL] and coin_of(coins[0], context) is None:
        coins = list(context.services.markets.coins)
    distinct: dict[str, str] = {}
    for coin in coins:
        distinct.setdefault((coin_of(coin, context) or coin).lower(), coin)
    if len(coins) < 2:
        return [words]
    return [[*words[:place], coin, *rest] for coin in distinct.values()]


async def _or_refused(answering: Awaitable[Message]) -> Message:
    """Return an answer, or why there is none: one bad coin does not take the others with it."""
    try:
        return await answering
    except UserError as error:
        return refused(error)


def refused(error: UserError, line: str = "") -> Message:
    """Return what a person reads whose `line` cannot be done; what was probably meant is a button."""
    suggestions = error.suggestions
    if error.instead is not None and line:
        wrong, *meant = error.instead
        suggestions = (*suggestions, *(_corrected(line, wrong, right) for right in meant))
    actions = tuple(Button(meant, meant) for meant in suggestions if meant)
    if error.again and line:
        plain = cleaned(line)
        same = plain if plain.startswith("/") else f"/{plain}"
        actions = (Button(_("Try again"), same, renews=True), *actions)
    return Message(title=str(error), tone=Tone.WARNING, actions=actions, private=True)


def _corrected(line: str, wrong: str, right: str) -> str:
    """Return a line with another word in the place of a wrong one; empty where that word is not in it."""
    plain = cleaned(line)
    if wrong not in plain:
        return ""
    corrected = plain.replace(wrong, right, 1)
    return corrected if corrected.startswith("/") else f"/{corrected}"


def _bare(name: str) -> str:
    return name.removeprefix("/").lower()


def _require_right(command: Command, context: CommandContext) -> None:
    if command.owners and not context.is_owner:
        raise UserError("/{command} is for the owners of this bot.", command=command.name)
    if command.manages and not context.may_manage:
        raise UserError("/{command} is for those who manage this chat.", command=command.name)
