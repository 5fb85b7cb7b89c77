"""The bot's commands, per scope and language, and its descriptions."""

import re

from counterparts.telegram.refusals import bad

from .access import readable
from .registry import method

MOST_COMMANDS = 100
DESCRIPTIONS = {"description": 512, "short_description": 120, "name": 64}


@method
def set_my_commands(api, call):
    commands = call.value("commands")
    if not isinstance(commands, list):
        raise bad("can't parse commands JSON object")
    if len(commands) > MOST_COMMANDS:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    kept = [_command(command) for command in commands]
    key = _key(api, call)
    if kept:
        api.commands[key] = kept
    else:
        api.commands.pop(key, None)
    api.changed.fire()
    return True


@method
def get_my_commands(api, call):
    return api.commands.get(_key(api, call), [])


@method
def delete_my_commands(api, call):
    api.commands.pop(_key(api, call), None)
    return True


def menu(api, chat, user, language):
    """Return the commands that a user sees in a chat: of the narrowest scope, in their language."""
    if chat.type == "private":
        scopes = [("chat", chat.id, None), ("all_private_chats", None, None)]
    else:
        admin = chat.status_of(user) in ("creator", "administrator")
        scopes = [("chat_member", chat.id, user)]
        scopes += [("chat_administrators", chat.id, None)] if admin else []
        scopes += [("chat", chat.id, None)]
        scopes += [("all_chat_administrators", None, None)] if admin else []
        scopes += [("all_group_chats", None, None)]
    for scope in [*scopes, ("default", None, None)]:
        for code in (language, ""):
            if (found := api.commands.get((*scope, code))) is not None:
                return found
    return []


def _command(command):
    if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"].removeprefix("/")):
        raise bad("BOT_COMMAND_INVALID")
    if not 1 <= len(command["description"]) <= 256:
        raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    return command | {"command": command["command"].removeprefix("/")}


def _key(api, call):
    """Return what a set of commands is kept under: scope, chat, user, language."""
    scope = call.value("scope") or {"type": "default"}
    language = call.text("language_code")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad("invalid language code specified")
    chat = None
    if "chat_id" in scope:
        place = readable(api.world, scope["chat_id"])
        if place.type == "channel":
            raise bad("can't change commands in channel chats")
        chat = place.id
    return scope["type"], chat, scope.get("user_id"), language


def _described(field):
    def set_it(api, call):
        text = call.text(field)
        if len(text) > DESCRIPTIONS[field]:
            raise bad(f"{field.replace('_', ' ')} is too long")
        api.descriptions[field, call.text("language_code")] = text
        return True

    def get_it(api, call):
        text = api.descriptions.get((field, call.text("language_code")), "")
        return {field: text or (api.world.bot["first_name"] if field == "name" else "")}

    set_it.__name__, get_it.__name__ = f"set_my_{field}", f"get_my_{field}"
    method(set_it)
    method(get_it)


for one in DESCRIPTIONS:
    _described(one)
