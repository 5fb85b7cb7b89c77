"""What users do: run a command, type in an option, press a button, choose from a menu."""

from typing import Any

from . import limits, permissions
from .interactions import AUTOCOMPLETE, COMMAND, COMPONENT, Interaction, Interactions
from .messages import Messages, Post
from .nouns import DM, Channel, Json, User
from .options import MENUS, Form, NotPossible
from .world import World

IN_GUILD, IN_BOT_DM = 0, 1
GUILD_INSTALL, USER_INSTALL = 0, 1


class Actions:
    """Makes interactions, and sends them to the bot."""

    def __init__(self, world: World, messages: Messages, interactions: Interactions) -> None:
        self._world = world
        self._messages = messages
        self._interactions = interactions

    def run(self, user: User, channel: Channel, name: str, options: dict[str, Any]) -> Interaction:
        """A user sends `/name options`; subcommands follow the name after spaces."""
        command, path = self._command(user, channel, name)
        filled = Form(self._world, user, channel.guild_id).fill(command, path, options)
        data: Json = {"id": command["id"], "name": command["name"], "type": 1}
        data |= {"options": filled.options} if filled.options else {}
        data |= {"resolved": filled.resolved} if filled.resolved else {}
        return self._send(COMMAND, user, channel, data, command=command)

    def type_in(
        self, user: User, channel: Channel, name: str, *, option: str, text: str, options: dict[str, Any]
    ) -> Interaction:
        """A user has typed `text` into an option, after filling in others."""
        command, path = self._command(user, channel, name)
        filled = Form(self._world, user, channel.guild_id).fill(
            command, path, {**options, option: text}, focused=option
        )
        data = {"id": command["id"], "name": command["name"], "type": 1, "options": filled.options}
        return self._send(AUTOCOMPLETE, user, channel, data, command=command)

    def use_component(self, user: User, post: Post, custom_id: str, values: list[str] | None) -> Interaction:
        """A user presses the button, or chooses `values` in the menu, with this custom_id (or label)."""
        if post.seen_by not in (None, user.id):
            raise NotPossible(f"only the user {post.seen_by} sees this message")
        component = _component_of(post, custom_id)
        data: Json = {"custom_id": component["custom_id"], "component_type": component["type"]}
        if component["type"] != limits.BUTTON:
            _check_values(component, values or [])
            data["values"] = values
        if component["type"] in MENUS:
            data["resolved"] = Form(self._world, user, post.channel.guild_id).choose(component, values or [])
        return self._send(COMPONENT, user, post.channel, data, post=post)

    def visible_commands(self, user: User, channel: Channel) -> list[Json]:
        """Return the commands that Discord's client would offer a user in a channel."""
        return [
            command
            for command in self._world.commands.values()
            if self._why_not(command, user, channel) is None
        ]

    def _command(self, user: User, channel: Channel, name: str) -> tuple[Json, list[str]]:
        first, *path = name.removeprefix("/").split()
        reasons = []
        for command in self._world.commands.values():
            if command["name"] == first and command["type"] == 1:
                why_not = self._why_not(command, user, channel)
                if why_not is None:
                    return command, path
                reasons.append(why_not)
        registered = ", ".join(sorted(command["name"] for command in self._world.commands.values())) or "none"
        raise NotPossible("; ".join(reasons) or f"there is no command /{first}; registered: {registered}")

    def _why_not(self, command: Json, user: User, channel: Channel) -> str | None:
        name = command["name"]
        context = IN_BOT_DM if channel.kind == DM else IN_GUILD
        contexts = command.get("contexts")
        if contexts is not None and context not in contexts:
            return f"/{name} is not offered in context {context}, only in {contexts}"
        if contexts is None and context == IN_BOT_DM and command.get("dm_permission") is False:
            return f"/{name} is not offered in direct messages"
        if not self._owners(command, user, channel):
            return f"/{name} is not installed here: neither in the server nor by the user"
        if "guild_id" in command and command["guild_id"] != str(channel.guild_id):
            return f"/{name} belongs to another server"
        return self._why_hidden(command, user, channel) if context == IN_GUILD else None

    def _why_hidden(self, command: Json, user: User, channel: Channel) -> str | None:
        held = self._world.allowed(channel, user)
        needed = command.get("default_member_permissions")
        if not held & permissions.USE_COMMANDS:
            return "the user may not use application commands here"
        if needed is not None and (
            held & int(needed) != int(needed) or (needed == "0" and held != permissions.ALL)
        ):
            return f"/{command['name']} is hidden from the user: it needs permissions {needed}"
        return None

    def _owners(self, command: Json | None, user: User, channel: Channel) -> Json:
        """Return who installed the bot so that it is heard here: `authorizing_integration_owners`."""
        kinds = (command or {}).get("integration_types", [GUILD_INSTALL])
        guild = self._world.guilds.get(channel.guild_id or 0)
        owners: Json = {}
        if (guild is not None and guild.present) and GUILD_INSTALL in kinds:
            owners[str(GUILD_INSTALL)] = str(guild.id)
        if channel.kind == DM and GUILD_INSTALL in kinds and self._world.meets(user):
            owners[str(GUILD_INSTALL)] = "0"
        if user.installed and USER_INSTALL in kinds:
            owners[str(USER_INSTALL)] = str(user.id)
        return owners

    def _send(
        self,
        kind: int,
        user: User,
        channel: Channel,
        data: Json,
        *,
        command: Json | None = None,
        post: Post | None = None,
    ) -> Interaction:
        clock = self._world.clock
        owners = (
            self._owners(command, user, channel) if post is None else self._owners_of(post, user, channel)
        )
        name = data.get("name") or data.get("custom_id") or ""
        interaction = Interaction(
            clock.snowflake(), kind, user, channel, owners, name, clock.now(), message=post
        )
        self._interactions.add(interaction)
        payload = self._payload(interaction, data)
        self._world.dispatch("INTERACTION_CREATE", payload, guild_id=channel.guild_id, intents=0)
        return interaction

    def _owners_of(self, post: Post, user: User, channel: Channel) -> Json:
        metadata = post.wire.get("interaction_metadata")
        return metadata["authorizing_integration_owners"] if metadata else self._owners(None, user, channel)

    def _payload(self, interaction: Interaction, data: Json) -> Json:
        world, channel, user = self._world, interaction.channel, interaction.user
        payload: Json = {
            "id": str(interaction.id),
            "application_id": str(world.application_id),
            "type": interaction.kind,
            "token": interaction.token,
            "version": 1,
            "data": data,
            "channel_id": str(channel.id),
            "channel": {k: v for k, v in channel.wire().items() if k != "permission_overwrites"},
            "app_permissions": str(world.allowed(channel, world.bot) or permissions.ORDINARY),
            "locale": user.locale,
            "entitlements": [],
            "authorizing_integration_owners": interaction.owners,
            "context": IN_BOT_DM if channel.kind == DM else IN_GUILD,
            "attachment_size_limit": limits.ATTACHMENT_BYTES,
        }
        if interaction.message is not None:
            payload["message"] = {k: v for k, v in interaction.message.wire.items() if k != "nonce"}
        if channel.guild_id is None:
            return {**payload, "user": user.wire()}
        guild = world.guilds[channel.guild_id]
        member = guild.members[user.id].wire() | {"permissions": str(world.allowed(channel, user))}
        place = {"id": str(guild.id), "locale": guild.locale, "features": []}
        return {
            **payload,
            "guild_id": str(guild.id),
            "guild": place,
            "guild_locale": guild.locale,
            "member": member,
        }


def _component_of(post: Post, name: str) -> Json:
    found = [component for _, component in limits.walk(post.wire["components"]) if "custom_id" in component]
    for component in found:
        if name in (component["custom_id"], component.get("label")):
            if component.get("disabled"):
                raise NotPossible(f"{name} is disabled")
            return component
    names = (
        ", ".join(f"{c.get('label') or c.get('placeholder') or ''} ({c['custom_id']})" for c in found)
        or "nothing"
    )
    raise NotPossible(f"there is no {name} on this message; it has {names}")


def _check_values(component: Json, values: list[str]) -> None:
    low, high = component.get("min_values", 1), component.get("max_values", 1)
    if not low <= len(values) <= high:
        raise NotPossible(f"{component['custom_id']} takes {low} to {high} values, not {len(values)}")
    offered = [option["value"] for option in component.get("options") or []]
    if offered and not set(values) <= set(offered):
        raise NotPossible(f"{component['custom_id']} offers {offered}, not {values}")
