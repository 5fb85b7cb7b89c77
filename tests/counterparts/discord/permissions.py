"""Who may do what where, computed as Discord documents it: roles, then the channel's overwrites."""

from collections.abc import Iterable

NAMES = {
    "add_reactions": 6,
    "administrator": 3,
    "attach_files": 15,
    "embed_links": 14,
    "manage_channels": 4,
    "manage_guild": 5,
    "manage_messages": 13,
    "mention_everyone": 17,
    "read_message_history": 16,
    "send_messages": 11,
    "send_messages_in_threads": 38,
    "use_application_commands": 31,
    "use_external_apps": 50,
    "view_channel": 10,
}

ALL = (1 << 53) - 1


def bits(names: Iterable[str] | int) -> int:
    """Return the bits of permission names; a number passes through."""
    if isinstance(names, int):
        return names
    unknown = sorted(set(names) - NAMES.keys())
    if unknown:
        raise ValueError(f"no such permission: {', '.join(unknown)}; known: {', '.join(sorted(NAMES))}")
    return sum(1 << NAMES[name] for name in set(names))


ADMINISTRATOR = bits(["administrator"])
VIEW = bits(["view_channel"])
SEND = bits(["send_messages"])
SEND_IN_THREADS = bits(["send_messages_in_threads"])
EMBED = bits(["embed_links"])
ATTACH = bits(["attach_files"])
HISTORY = bits(["read_message_history"])
MENTION_EVERYONE = bits(["mention_everyone"])
MANAGE_MESSAGES = bits(["manage_messages"])
MANAGE_GUILD = bits(["manage_guild"])
USE_COMMANDS = bits(["use_application_commands"])

ORDINARY = bits(
    [
        "view_channel",
        "send_messages",
        "send_messages_in_threads",
        "embed_links",
        "attach_files",
        "read_message_history",
        "add_reactions",
        "use_application_commands",
        "use_external_apps",
    ]
)


def effective(base: int, overwrites: Iterable[dict], *, everyone: int, roles: set[int], member: int) -> int:
    """Return the bits left after a channel's overwrites: everyone's, the roles' together, the member's."""
    if base & ADMINISTRATOR:
        return ALL
    by_id = {int(overwrite["id"]): overwrite for overwrite in overwrites}
    bits_now = _apply(base, [by_id[everyone]] if everyone in by_id else [])
    bits_now = _apply(bits_now, [by_id[role] for role in roles if role in by_id and role != everyone])
    bits_now = _apply(bits_now, [by_id[member]] if member in by_id else [])
    if not bits_now & VIEW:
        return 0  # who cannot see a channel can do nothing in it
    if not bits_now & (SEND | SEND_IN_THREADS):
        bits_now &= ~(EMBED | ATTACH | MENTION_EVERYONE)
    return bits_now


def _apply(base: int, overwrites: list[dict]) -> int:
    deny = allow = 0
    for overwrite in overwrites:
        deny |= int(overwrite["deny"])
        allow |= int(overwrite["allow"])
    return base & ~deny | allow
