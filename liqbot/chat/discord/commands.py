"""Slash commands, made of the one definition of every command.

A command that takes a rule and its settings becomes a group with a subcommand for each rule, whose parameters
are its options: what Discord can show, bound and complete. Rules that do not fit into Discord's limits are
reached through one more subcommand, where the rule is completed and its settings are written as text.
"""

import inspect
import shlex
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, cast

import discord
import structlog
from discord import app_commands

from liqbot.chat.answering import Answering
from liqbot.chat.command import Argument, Command, CommandContext, Kind
from liqbot.chat.discord import options
from liqbot.chat.discord.options import CHANNEL, HELP, NAME, OFFERED, ROLE, Given, Option
from liqbot.chat.discord.places import Chosen
from liqbot.rules.rule import Rule
from liqbot.service import delivery_options
from liqbot.text import _

_log = structlog.get_logger()

MOST = 100
"""Most commands of a bot."""
LETTERS = 8000
"""Most characters of a command: of all its names, descriptions and choices."""
ANOTHER_RULE = "another_rule"
"""The subcommand for rules that do not fit. No rule can be called so: their names have hyphens."""
_TERSE = 48
"""Of a description, where a command would have too many characters otherwise."""

Slash: TypeAlias = app_commands.Command[Any, ..., None] | app_commands.Group
Tree: TypeAlias = app_commands.CommandTree[Any]


class Host(Protocol):
    """What slash commands are answered by."""

    async def typed(
        self,
        interaction: discord.Interaction[Any],
        line: str,
        role: discord.Role | None = None,
        channel: Chosen | None = None,
    ) -> None:
        """Answer a line as if it had been typed; `channel` is where it shall apply, here where it is None."""
        ...

    def ask(self, interaction: discord.Interaction[Any]) -> CommandContext:
        """Return who asks, and where."""
        ...


class SlashCommands:
    """The slash commands of a bot, made anew whenever they are asked for, in the language that is spoken."""

    def __init__(self, tree: Tree, answering: Answering, rules: Mapping[str, Rule], host: Host) -> None:
        self._tree = tree
        self._answering = answering
        self._rules = rules
        self._host = host

    @property
    def commands(self) -> Sequence[Command]:
        """The bot's commands that Discord has room for."""
        known = list(self._answering.commands.values())
        if len(known) > MOST:
            _log.error("discord_commands_left_out", most=MOST)
        return known[:MOST]

    def made(self) -> Iterator[Slash]:
        """Make a slash command for each of the bot's commands."""
        for command in self.commands:
            try:
                yield _Maker(command, self._answering, self._rules, self._host, self._tree).make()
            except (TypeError, ValueError, discord.DiscordException) as error:  # a plugin's harms only itself
                _log.error("discord_command_left_out", command=command.name, reason=str(error))

    def add(self) -> None:
        """Add all of them to the tree."""
        for slash in self.made():
            try:
                self._tree.add_command(slash)
            except (TypeError, ValueError, discord.DiscordException) as error:
                _log.error("discord_command_left_out", command=slash.name, reason=str(error))


def letters(payload: Mapping[str, Any]) -> int:
    """Return how many characters a command has as Discord counts them."""
    own = sum(len(str(payload.get(name) or "")) for name in ("name", "description"))
    chosen = payload.get("choices") or ()
    own += sum(len(str(choice["name"])) + len(str(choice["value"])) for choice in chosen)
    return own + sum(letters(option) for option in payload.get("options") or ())


class _Maker:
    """Makes the slash command of one command."""

    def __init__(
        self, command: Command, answering: Answering, rules: Mapping[str, Rule], host: Host, tree: Tree
    ) -> None:
        self._tree = tree
        self._command = command
        self._answering = answering
        self._rules = rules
        self._host = host
        kinds = [argument.kind for argument in command.arguments]
        self._rule = next((item for item in command.arguments if item.kind is Kind.RULE), None)
        self._by_rule = self._rule is not None and Kind.SETTINGS in kinds and bool(rules)

    def make(self) -> Slash:
        if not self._by_rule:
            return self._plain()
        fitting = [rule for rule in self._rules.values() if self._fits(rule)]
        for room in (HELP, _TERSE):
            group = self._group(fitting, room)
            if self._size(group) <= LETTERS:
                return group
        while self._size(self._group(fitting, _TERSE)) > LETTERS:
            fitting.pop()
        return self._group(fitting, _TERSE)

    def _plain(self) -> Slash:
        arguments = self._command.arguments
        own = [self._option(argument) for argument in arguments]
        if self._rule is None and any(argument.kind is Kind.SETTINGS for argument in arguments):
            plain = [argument for argument in arguments if argument.kind is not Kind.SETTINGS]
            form = self._command.form
            if self._command.manages and form is None:  # what it takes depends on the subscription
                return self._slash(self._command.name, self._command.summary, own, room=HELP, known={})
            named = [options.BY_NAME[name] for name in self._command.takes]
            taken = named if form is None else map(options.of_parameter, form.parameters)
            own = [*(self._option(argument) for argument in plain), *taken]
        return self._slash(self._command.name, self._command.summary, own, room=HELP, known={})

    def _group(self, fitting: Sequence[Rule], room: int) -> app_commands.Group:
        group = app_commands.Group(
            name=self._command.name,
            description=options.short_help(self._command.summary),
            default_permissions=_default_permissions(self._command),
        )
        shown = fitting if len(fitting) == len(self._rules) <= OFFERED else fitting[: OFFERED - 1]
        for rule in shown:
            group.add_command(self._for_rule(rule, room))
        if len(shown) < len(self._rules):
            group.add_command(self._for_another_rule(room))
        return group

    def _for_rule(self, rule: Rule, room: int) -> app_commands.Command[Any, ..., None]:
        return self._slash(
            rule.name, rule.summary, self._options_of(rule), room=room, known={Kind.RULE: rule.name}
        )

    def _for_another_rule(self, room: int) -> app_commands.Command[Any, ..., None]:
        return self._slash(
            ANOTHER_RULE, _("A rule of another name."), self._options_of(None), room=room, known={}
        )

    def _options_of(self, rule: Rule | None) -> list[Option]:
        """Return the options where the rule is known, or where it is one of them."""
        own: list[Option] = []
        for argument in self._command.arguments:
            if argument.kind is Kind.SETTINGS:
                continue
            if rule is None or argument is not self._rule:
                own.append(self._option(argument))
        if rule is None:
            own.append(options.of_settings(self._chosen_rule))
        else:
            taken = [*rule.form.parameters, *delivery_options.CHOICES]
            own += [options.of_parameter(parameter) for parameter in taken]
        more = [options.of_parameter(delivery_options.ONCE), options.UNTIL]
        last = [options.VENUE, ROLE, CHANNEL]
        if len(own) + len(more) + len(last) > OFFERED:
            more = []  # these can be given afterwards, with /edit
        return [*own, *more, *last]

    def _option(self, argument: Argument) -> Option:
        changes_one = any(other.kind is Kind.SETTINGS for other in self._command.arguments)
        may_be_all = argument.kind is Kind.NUMBER and not changes_one
        return options.of_argument(argument, self._answering.topics, may_be_all=may_be_all)

    def _fits(self, rule: Rule) -> bool:
        """Return whether every parameter of a rule can be an option beside the command's own."""
        names = [option.name for option in self._options_of(rule)]
        good = all(name.isascii() and len(name) <= NAME for name in [*names, rule.name])
        return good and len(set(names)) == len(names) <= OFFERED

    def _chosen_rule(self, given: Given) -> Rule | None:
        name = given.get(self._rule.name) if self._rule else None
        return self._rules.get(str(name).lower())

    def _slash(
        self, name: str, summary: str, own: Sequence[Option], *, room: int, known: Mapping[Kind, str]
    ) -> app_commands.Command[Any, ..., None]:
        """Return a slash command with options `own`; `known` are arguments that are none of them."""

        async def typed(interaction: discord.Interaction[Any], given: Given) -> None:
            role, channel = given.get(ROLE.name), given.get(CHANNEL.name)
            await self._host.typed(
                interaction,
                self._line(own, given, known),
                role if isinstance(role, discord.Role) else None,
                channel if isinstance(channel, Chosen) else None,
            )

        slash = _slash_command(
            name=name, summary=summary, own=own, room=room, typed=typed, ask=self._host.ask
        )
        slash.default_permissions = _default_permissions(self._command)
        return slash

    def _size(self, group: app_commands.Group) -> int:
        return letters(group.to_dict(self._tree))

    def _line(self, own: Sequence[Option], given: Given, known: Mapping[Kind, str]) -> str:
        """Return the line that the same wish would be at the prompt."""
        by_name = {option.name: option for option in own}
        words = [f"/{self._command.name}"]
        gap: list[str] = []
        for argument in self._command.arguments:
            if argument.kind in known:
                words.append(known[argument.kind])
            elif argument.kind is not Kind.SETTINGS:
                value = given.get(argument.name)
                # What comes later in the line needs a word in each place before it.
                gap.append(str(argument.default))
                if value is not None:
                    words += [*gap[:-1], *by_name[argument.name].write(value)]
                    gap = []
        arguments = {
            argument.name for argument in self._command.arguments if argument.kind is not Kind.SETTINGS
        }
        for option in own:
            value = given.get(option.name)
            if option.name not in arguments and value is not None:
                words += option.write(value)
        return shlex.join(words)


def _default_permissions(command: Command) -> discord.Permissions | None:
    if command.owners:
        return discord.Permissions(administrator=True)
    return discord.Permissions(manage_guild=True) if command.manages else None


def _slash_command(
    *,
    name: str,
    summary: str,
    own: Sequence[Option],
    room: int,
    typed: Callable[[discord.Interaction[Any], Given], Awaitable[None]],
    ask: Callable[[discord.Interaction[Any]], CommandContext],
) -> app_commands.Command[Any, ..., None]:
    """Return a slash command whose options discord.py reads from a signature made for it."""
    keys = {f"option_{place}": option for place, option in enumerate(own)}

    async def callback(interaction: discord.Interaction[Any], **values: object) -> None:
        await typed(interaction, {option.name: values.get(key) for key, option in keys.items()})

    empty = inspect.Parameter.empty
    parameters = [
        inspect.Parameter(
            key,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=option.takes,
            default=empty if option.required else None,
        )
        for key, option in keys.items()
    ]
    first = inspect.Parameter(
        "interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction
    )
    cast("Any", callback).__signature__ = inspect.Signature([first, *parameters])
    app_commands.rename(**{key: option.name for key, option in keys.items()})(callback)
    app_commands.describe(**{key: options.short_help(item.help, room) for key, item in keys.items()})(
        callback
    )
    app_commands.choices(
        **{
            key: [app_commands.Choice(name=choice, value=choice) for choice in option.choices]
            for key, option in keys.items()
            if option.choices
        }
    )(callback)
    completions: dict[str, Any] = {
        key: _completion(option, ask) for key, option in keys.items() if option.offer is not None
    }
    app_commands.autocomplete(**completions)(callback)
    return app_commands.Command(name=name, description=options.short_help(summary, room), callback=callback)


def _completion(
    option: Option, ask: Callable[[discord.Interaction[Any]], CommandContext]
) -> Callable[[discord.Interaction[Any], str], Awaitable[list[app_commands.Choice[Any]]]]:
    offer = option.offer
    if offer is None:
        raise TypeError(f"option {option.name} completes nothing")

    async def complete(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[Any]]:
        given: dict[str, object] = dict(iter(interaction.namespace))
        context = ask(interaction)
        community = "" if interaction.guild_id is None else str(interaction.guild_id)
        if not context.services.access.may_look(context.chat, context.person, community=community):
            return []
        # Of a number, the beginning is a number too, or whatever was typed.
        offered = await offer(context, str(current), given)
        return [
            app_commands.Choice(name=label, value=int(value) if option.takes is int else value)
            for value, label in options.found(offered, str(current))
        ]

    return complete
