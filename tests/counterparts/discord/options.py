"""A slash command as a user fills it in: Discord's own client refuses what the command does not take."""

from dataclasses import dataclass, field
from typing import Any

from .nouns import Json, Member, User
from .world import World

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER = range(1, 11)

MENUS = {5: USER, 6: ROLE, 7: MENTIONABLE, 8: CHANNEL}  # a select component's type -> what its values name


class NotPossible(Exception):  # noqa: N818 - says what a user cannot do
    """A user could not do this in Discord's client; the message says why."""


@dataclass
class Filled:
    """The options of an interaction, and the things they name."""

    options: list[Json]
    resolved: Json = field(default_factory=dict)


class Form:
    """Fills in one command for one user in one place."""

    def __init__(self, world: World, user: User, guild_id: int | None) -> None:
        self._world = world
        self._user = user
        self._guild = world.guilds.get(guild_id or 0)
        self._resolved: Json = {}

    def fill(
        self, command: Json, path: list[str], given: dict[str, Any], *, focused: str | None = None
    ) -> Filled:
        """Return the wire's options. `path` names the subcommand, `focused` the option being typed in."""
        definitions = command.get("options") or []
        if path:
            name, *rest = path
            inner = next(
                (o for o in definitions if o["name"] == name and o["type"] in (SUBCOMMAND, GROUP)), None
            )
            if inner is None:
                raise NotPossible(f"{command['name']} has no subcommand {name}")
            filled = self.fill(inner, rest, given, focused=focused)
            return Filled([{"name": name, "type": inner["type"], "options": filled.options}], filled.resolved)
        if any(o["type"] in (SUBCOMMAND, GROUP) for o in definitions):
            raise NotPossible(f"{command['name']} needs one of its subcommands")
        known = {o["name"] for o in definitions}
        if unknown := sorted(set(given) - known):
            raise NotPossible(
                f"{command['name']} has no option {', '.join(unknown)}; it has {', '.join(sorted(known))}"
            )
        missing = [o["name"] for o in definitions if o.get("required") and o["name"] not in given]
        if missing and focused is None:
            raise NotPossible(f"{command['name']} requires {', '.join(missing)}")
        options = [
            self._option(o, given[o["name"]], o["name"] == focused) for o in definitions if o["name"] in given
        ]
        return Filled(options, self._resolved)

    def choose(self, component: Json, values: list[str]) -> Json:
        """Return the things that the values of a user, role, mentionable or channel menu name."""
        for value in values:
            self._resolve({"name": component["custom_id"], "type": MENUS[component["type"]]}, int(value))
        return self._resolved

    def _option(self, definition: Json, value: Any, focused: bool) -> Json:  # noqa: FBT001 - one caller
        made: Json = {"name": definition["name"], "type": definition["type"], "value": value}
        if focused:
            if not definition.get("autocomplete"):
                raise NotPossible(f"{definition['name']} does not offer autocomplete")
            return {**made, "value": str(value), "focused": True}
        self._check(definition, value)
        if definition["type"] in (USER, CHANNEL, ROLE, MENTIONABLE):
            made["value"] = str(value)
            self._resolve(definition, int(value))
        return made

    def _check(self, definition: Json, value: Any) -> None:
        name, kind = definition["name"], definition["type"]
        types = {STRING: str, INTEGER: int, BOOLEAN: bool, NUMBER: (int, float)}
        is_number = kind in (INTEGER, NUMBER)
        if kind in types and (not isinstance(value, types[kind]) or (is_number and isinstance(value, bool))):
            raise NotPossible(f"{name} does not take {value!r}")
        choices = [choice["value"] for choice in definition.get("choices") or []]
        if choices and value not in choices:
            raise NotPossible(f"{name} offers {choices}, not {value!r}")
        size, low, high = (
            (value, "min_value", "max_value") if is_number else (value, "min_length", "max_length")
        )
        if kind == STRING:
            size = len(value)
        if kind in (STRING, INTEGER, NUMBER):
            if definition.get(low) is not None and size < definition[low]:
                raise NotPossible(f"{name} is at least {definition[low]}, not {value!r}")
            if definition.get(high) is not None and size > definition[high]:
                raise NotPossible(f"{name} is at most {definition[high]}, not {value!r}")

    def _resolve(self, definition: Json, value: int) -> None:
        world, guild = self._world, self._guild
        if definition["type"] == ROLE or (
            guild and definition["type"] == MENTIONABLE and value in guild.roles
        ):
            if guild is None or value not in guild.roles:
                raise NotPossible(f"{definition['name']}: there is no role {value} here")
            self._resolved.setdefault("roles", {})[str(value)] = guild.roles[value].wire()
        elif definition["type"] == CHANNEL:
            self._resolve_channel(definition, value)
        else:
            user = world.user(value)
            self._resolved.setdefault("users", {})[str(value)] = user.wire()
            if guild and value in guild.members:
                self._resolved.setdefault("members", {})[str(value)] = self._member(guild.members[value])

    def _resolve_channel(self, definition: Json, value: int) -> None:
        channel = self._world.channels.get(value)
        if channel is None or self._guild is None or channel.guild_id != self._guild.id:
            raise NotPossible(f"{definition['name']}: there is no channel {value} here")
        allowed = definition.get("channel_types") or []
        if allowed and channel.kind not in allowed:
            raise NotPossible(f"{definition['name']} takes channel types {allowed}, not {channel.kind}")
        wire = {name: part for name, part in channel.wire().items() if name != "permission_overwrites"}
        held = str(self._world.allowed(channel, self._user))
        self._resolved.setdefault("channels", {})[str(value)] = wire | {"permissions": held}

    def _member(self, member: Member) -> Json:
        wire = member.wire(with_user=False)
        guild = self._guild
        bits = (
            sum({role: guild.roles[role].permissions for role in [guild.id, *member.roles]}.values())
            if guild
            else 0
        )
        return {name: value for name, value in wire.items() if name not in ("mute", "deaf")} | {
            "permissions": str(bits)
        }
