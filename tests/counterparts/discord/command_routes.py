"""The REST routes of application commands: register, read, change, remove; for all places or one guild."""

from .limits import check_commands
from .nouns import Json
from .refusal import Refusal, missing_access
from .rest import Answered, Asked, Route
from .world import World

ALL = "/applications/{application_id}/commands"
OF_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
SUBCOMMANDS = (1, 2)


class CommandRoutes:
    """Keeps `world.commands`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def table(self) -> dict[tuple[str, str], Route]:
        table: dict[tuple[str, str], Route] = {}
        for base in (ALL, OF_GUILD):
            table |= {
                ("GET", base): self.list,
                ("PUT", base): self.replace,
                ("POST", base): self.upsert,
                ("GET", base + "/{command_id}"): self.get,
                ("PATCH", base + "/{command_id}"): self.change,
                ("DELETE", base + "/{command_id}"): self.delete,
            }
        return table

    def _scope(self, asked: Asked) -> str | None:
        """Return the guild's id, or None for the commands of all places."""
        if asked.id("application_id") != self._world.application_id:
            raise Refusal(403, 20012, "You are not authorized to perform this action on this application")
        if "guild_id" not in asked.request.match_info:
            return None
        if asked.id("guild_id") not in self._world.guilds:
            raise missing_access()
        return str(self._world.bots_guild(asked.id("guild_id")).id)

    def _in(self, scope: str | None) -> list[Json]:
        return [command for command in self._world.commands.values() if command.get("guild_id") == scope]

    def _one(self, asked: Asked) -> Json:
        scope = self._scope(asked)
        command = self._world.commands.get(asked.id("command_id"))
        if command is None or command.get("guild_id") != scope:
            raise Refusal(404, 10063, "Unknown application command")
        return command

    async def list(self, asked: Asked) -> Answered:
        return 200, self._in(self._scope(asked))

    async def get(self, asked: Asked) -> Answered:
        return 200, self._one(asked)

    async def replace(self, asked: Asked) -> Answered:
        scope = self._scope(asked)
        check_commands(asked.body)
        before = {(c["type"], c["name"]): c for c in self._in(scope)}
        made = [self._made(body, scope, before) for body in asked.body]
        for command in before.values():
            del self._world.commands[int(command["id"])]
        self._world.commands |= {int(command["id"]): command for command in made}
        return 200, made

    async def upsert(self, asked: Asked) -> Answered:
        scope = self._scope(asked)
        before = {(c["type"], c["name"]): c for c in self._in(scope)}
        command = self._made(asked.body, scope, before)
        others = [c for key, c in before.items() if key != (command["type"], command["name"])]
        check_commands([*others, asked.body])
        self._world.commands[int(command["id"])] = command
        return (200 if len(others) < len(before) else 201), command

    async def change(self, asked: Asked) -> Answered:
        command = self._one(asked)
        check_commands([command | asked.body])
        changed = self._made(command | asked.body, command.get("guild_id"), {})
        changed["id"] = command["id"]
        self._world.commands[int(command["id"])] = changed
        return 200, changed

    async def delete(self, asked: Asked) -> Answered:
        del self._world.commands[int(self._one(asked)["id"])]
        return 204, None

    def _made(self, body: Json, scope: str | None, before: dict[tuple[int, str], Json]) -> Json:
        """Return a command as stored; one of the same name keeps its id, and unchanged its version."""
        kind = body.get("type") or 1
        same = before.get((kind, body["name"]))
        permissions = body.get("default_member_permissions")
        command: Json = {
            "id": same["id"] if same else str(self._world.clock.snowflake()),
            "application_id": str(self._world.application_id),
            "type": kind,
            "name": body["name"],
            "description": body.get("description") or "",
            "default_member_permissions": None if permissions is None else str(permissions),
            "integration_types": body.get("integration_types") or [0],
            "nsfw": bool(body.get("nsfw")),
        }
        command |= {
            name: body[name] for name in ("name_localizations", "description_localizations") if body.get(name)
        }
        if scope is None:
            command["dm_permission"] = body.get("dm_permission") is not False
            command |= {"contexts": body["contexts"]} if body.get("contexts") is not None else {}
        else:
            command["guild_id"] = scope
        command |= {"options": [_option(option) for option in body["options"]]} if body.get("options") else {}
        unchanged = same is not None and {**same, "version": ""} == {**command, "version": ""}
        return command | {
            "version": same["version"] if unchanged and same else str(self._world.clock.snowflake())
        }


def _option(option: Json) -> Json:
    """Return an option as stored: without nulls, and without what is false by default."""
    made = {
        name: value for name, value in option.items() if value not in (None, [], {}) and value is not False
    }
    if "choices" in made:
        made["choices"] = [{k: v for k, v in choice.items() if v is not None} for choice in made["choices"]]
    if "options" in made or option["type"] in SUBCOMMANDS:
        made["options"] = [_option(inner) for inner in made.get("options") or []]
    return made
