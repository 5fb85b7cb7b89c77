"""Users, roles, guilds, channels, and how each is written on the wire."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

TEXT, DM, VOICE, CATEGORY, NEWS, PUBLIC_THREAD, PRIVATE_THREAD, FORUM = 0, 1, 2, 4, 5, 11, 12, 15
THREADS = (10, PUBLIC_THREAD, PRIVATE_THREAD)
KINDS = {"text": TEXT, "voice": VOICE, "category": CATEGORY, "news": NEWS, "forum": FORUM}


@dataclass
class User:
    """Somebody, or a bot. `takes_dms`: has not blocked the bot; `installed`: added it for themselves."""

    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    takes_dms: bool = True
    installed: bool = False

    def wire(self) -> Json:
        return {
            "id": str(self.id),
            "username": self.name,
            "avatar": None,
            "discriminator": "0000" if self.bot else "0",
            "public_flags": 0,
            "flags": 0,
            "global_name": None if self.bot else self.name.title(),
            "primary_guild": None,
            **({"bot": True} if self.bot else {}),
        }


@dataclass
class Role:
    """A role; the one with its guild's id is everyone's."""

    id: int
    name: str
    permissions: int
    position: int = 0
    mentionable: bool = False

    def wire(self) -> Json:
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(self.permissions),
            "position": self.position,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": False,
            "mentionable": self.mentionable,
            "icon": None,
            "unicode_emoji": None,
            "flags": 0,
        }


@dataclass
class Member:
    """A user in a guild, with the roles held there."""

    user: User
    joined_at: str
    roles: list[int] = field(default_factory=list)

    def wire(self, *, with_user: bool = True) -> Json:
        return {
            "avatar": None,
            "banner": None,
            "communication_disabled_until": None,
            "flags": 0,
            "joined_at": self.joined_at,
            "nick": None,
            "pending": False,
            "premium_since": None,
            "roles": [str(role) for role in self.roles],
            "mute": False,
            "deaf": False,
            **({"user": self.user.wire()} if with_user else {}),
        }


@dataclass
class Channel:
    """A channel, a thread (with a `parent_id`) or a direct message (with `recipients`)."""

    id: int
    kind: int
    name: str = ""
    guild_id: int | None = None
    parent_id: int | None = None
    owner_id: int | None = None
    position: int = 0
    overwrites: list[Json] = field(default_factory=list)
    recipients: list[User] = field(default_factory=list)
    archived: bool = False
    locked: bool = False
    created_at: str = ""
    last_message_id: int | None = None
    messages: dict[int, Any] = field(default_factory=dict)

    @property
    def is_thread(self) -> bool:
        return self.kind in THREADS

    def wire(self) -> Json:
        last = None if self.last_message_id is None else str(self.last_message_id)
        if self.kind == DM:
            people = [user.wire() for user in self.recipients]
            common = {"id": str(self.id), "type": DM, "name": None, "last_message_id": last, "flags": 0}
            return {**common, "recipients": people}
        common = {
            "id": str(self.id),
            "type": self.kind,
            "name": self.name,
            "guild_id": str(self.guild_id),
            "flags": 0,
        }
        parent = None if self.parent_id is None else str(self.parent_id)
        if self.is_thread:
            return {**common, "parent_id": parent, "last_message_id": last, **self._thread_fields()}
        common |= {"position": self.position, "permission_overwrites": self.overwrites, "parent_id": parent}
        if self.kind == CATEGORY:
            return common
        common |= {"rate_limit_per_user": 0, "last_message_id": last, "nsfw": False}
        if self.kind == VOICE:
            return {**common, "bitrate": 64000, "user_limit": 0, "rtc_region": None}
        common["topic"] = None
        if self.kind == FORUM:
            empty = {"default_reaction_emoji": None, "default_sort_order": None, "default_forum_layout": 0}
            return {**common, "available_tags": [], **empty}
        return common

    def _thread_fields(self) -> Json:
        return {
            "owner_id": str(self.owner_id),
            "rate_limit_per_user": 0,
            "message_count": len(self.messages),
            "member_count": 1,
            "total_message_sent": len(self.messages),
            "thread_metadata": {
                "archived": self.archived,
                "archive_timestamp": self.created_at,
                "auto_archive_duration": 1440,
                "locked": self.locked,
                "create_timestamp": self.created_at,
            },
        }


@dataclass
class Guild:
    """A server. `present` while the bot is in it."""

    id: int
    name: str
    owner_id: int
    locale: str = "en-US"
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channel_ids: list[int] = field(default_factory=list)
    present: bool = True

    def _common(self) -> Json:
        nothing = (
            "icon description splash discovery_splash banner application_id afk_channel_id system_channel_id "
            "vanity_url_code rules_channel_id public_updates_channel_id safety_alerts_channel_id "
            "incidents_data"
        )
        return {
            **dict.fromkeys(nothing.split()),
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner_id),
            "preferred_locale": self.locale,
            "features": [],
            "emojis": [],
            "stickers": [],
            "roles": [role.wire() for role in self.roles.values()],
            "region": "deprecated",
            "afk_timeout": 300,
            "system_channel_flags": 0,
            "widget_enabled": False,
            "widget_channel_id": None,
            "verification_level": 1,
            "default_message_notifications": 1,
            "mfa_level": 0,
            "explicit_content_filter": 0,
            "max_presences": None,
            "max_members": 500_000,
            "max_stage_video_channel_users": 50,
            "max_video_channel_users": 25,
            "premium_tier": 0,
            "premium_subscription_count": 0,
            "premium_progress_bar_enabled": False,
            "nsfw_level": 0,
        }

    def rest(self) -> Json:
        """Return the guild as GET /guilds/{id} answers it."""
        return {**self._common(), "home_header": None, "nsfw": False}

    def gateway(self, channels: list[Channel], bot: Member) -> Json:
        """Return the guild as GUILD_CREATE brings it; without the members intent, the bot is the one member.

        One that READY announced also says `unavailable: false`; without that, the bot was just added.
        """
        return {
            **self._common(),
            "hub_type": None,
            "joined_at": bot.joined_at,
            "large": len(self.members) > 250,
            "member_count": len(self.members),
            "voice_states": [],
            "members": [bot.wire()],
            "channels": [channel.wire() for channel in channels if not channel.is_thread],
            "threads": [channel.wire() for channel in channels if channel.is_thread and not channel.archived],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
