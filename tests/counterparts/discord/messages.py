"""Messages: made from a request's body, edited, found again, deleted; and their files."""

import hashlib
import re
import struct
from dataclasses import dataclass, field
from typing import Any

from . import limits, permissions
from .nouns import DM, FORUM, Channel, Json, User
from .refusal import Refusal, invalid_form, unknown_message
from .world import DIRECT_MESSAGES, GUILD_MESSAGES, World

EPHEMERAL, LOADING = 1 << 6, 1 << 7
NONCE_SECONDS = 300
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class File:
    """An uploaded file, and how it is described on the wire."""

    wire: Json
    content: bytes

    def facts(self, message: Json) -> Json:
        """Return what the control door tells of it; `embedded` when an embed shows it."""
        shown = {attachment["id"] for attachment in message["attachments"]}
        digest = hashlib.sha256(self.content).hexdigest()
        return {**self.wire, "sha256": digest, "embedded": self.wire["id"] not in shown}


@dataclass
class Post:
    """A message as it stands, with its files and every earlier state of it."""

    wire: Json
    channel: Channel
    files: list[File] = field(default_factory=list)
    history: list[Json] = field(default_factory=list)
    seen_by: int | None = None  # an ephemeral message is seen by one user

    @property
    def id(self) -> int:
        return int(self.wire["id"])

    def facts(self) -> Json:
        return {
            **self.wire,
            "files": [file.facts(self.wire) for file in self.files],
            "edits": len(self.history),
        }


class Messages:
    """Every message there is, and the files in them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.files: dict[int, File] = {}
        self.base_url = ""  # where files are fetched, once the server knows its port
        self._nonces: dict[tuple[int, str], tuple[float, Post]] = {}

    def find(self, channel: Channel, message_id: int) -> Post:
        if message_id not in channel.messages:
            raise unknown_message()
        return channel.messages[message_id]

    def send(self, channel: Channel, body: Json, uploads: list["Upload"]) -> Post:
        """The bot's message in a channel; with `enforce_nonce`, the one sent with that nonce minutes ago."""
        self._may_send(channel, body, uploads)
        nonce = body.get("nonce")
        key = (channel.id, str(nonce))
        self._forget_old_nonces()
        if nonce is not None and body.get("enforce_nonce") and key in self._nonces:
            return self._nonces[key][1]
        if channel.is_thread and channel.archived:
            channel.archived = False
            self._world.update_channel(channel)
        post = self.create(channel, self._world.bot, body, uploads)
        if nonce is not None:
            post.wire["nonce"] = nonce
            self._nonces[key] = (self._world.clock.now(), post)
        self.tell("MESSAGE_CREATE", post)
        return post

    def _forget_old_nonces(self) -> None:
        oldest = self._world.clock.now() - NONCE_SECONDS
        for key, (sent, _) in list(self._nonces.items()):
            if sent >= oldest:
                break
            del self._nonces[key]

    def _may_send(self, channel: Channel, body: Json, uploads: list["Upload"]) -> None:
        if channel.kind == DM:
            user = channel.recipients[0]
            if not user.takes_dms or not self._world.shares_a_place_with(user):
                raise Refusal(403, 50007, "Cannot send messages to this user")
            return
        if channel.kind in (FORUM, 4):
            raise Refusal(400, 50008, "Cannot send messages in a non-text channel")
        if channel.archived and channel.locked:
            raise Refusal(400, 50083, "Thread is archived")
        needs = [permissions.SEND_IN_THREADS if channel.is_thread else permissions.SEND]
        needs += [permissions.EMBED] if body.get("embeds") else []
        needs += [permissions.ATTACH] if uploads else []
        self._world.bots_channel(channel.id, *needs)

    def create(
        self,
        channel: Channel,
        author: User,
        body: Json,
        uploads: list["Upload"],
        *,
        seen_by: int | None = None,
        **extra: Any,
    ) -> Post:
        """Make a message from a body within all limits. It is not announced."""
        limits.check_message(body, uploads)
        flags = (body.get("flags") or 0) & ~LOADING | extra.pop("flags", 0)
        message_id = self._world.clock.snowflake()
        wire: Json = {
            "id": str(message_id),
            "channel_id": str(channel.id),
            "type": 0,
            "author": author.wire(),
            "timestamp": self._world.clock.iso(),
            "edited_timestamp": None,
            "tts": False,
            "pinned": False,
            "flags": flags,
            "attachments": [],
            **extra,
        }
        post = Post(wire, channel, seen_by=seen_by)
        self._fill(post, body, uploads, keep=[])
        if not flags & LOADING:
            _must_say_something(wire, post.files)
        self._store(post)
        return post

    def _store(self, post: Post) -> None:
        self.files |= {int(file.wire["id"]): file for file in post.files}
        post.channel.messages[post.id] = post
        if post.seen_by is None:
            post.channel.last_message_id = post.id

    def edit(self, post: Post, body: Json, uploads: list["Upload"]) -> Post:
        """Change what the body names; attachments it does not list go, where it lists any."""
        kept = post.files
        if body.get("attachments") is not None:
            listed = {str(attachment["id"]) for attachment in body["attachments"]}
            kept = [file for file in post.files if file.wire["id"] in listed]
        limits.check_message(body, uploads, len(kept))
        before = dict(post.wire)
        whole = {name: post.wire.get(name) for name in ("content", "embeds", "components")} | body
        self._fill(post, whole, uploads, keep=kept)
        post.wire["flags"] &= ~LOADING
        _must_say_something(post.wire, post.files)
        post.history.append(before)
        post.wire["edited_timestamp"] = self._world.clock.iso()
        self.files |= {int(file.wire["id"]): file for file in post.files}
        self.tell("MESSAGE_UPDATE", post)
        return post

    def delete(self, post: Post) -> None:
        post.channel.messages.pop(post.id, None)
        for file in post.files:
            self.files.pop(int(file.wire["id"]), None)
        data = {"id": post.wire["id"], "channel_id": post.wire["channel_id"]}
        if post.channel.guild_id is not None:
            data["guild_id"] = str(post.channel.guild_id)
        self._dispatch("MESSAGE_DELETE", post, data)

    def tell(self, event: str, post: Post) -> None:
        """Announce a message on the gateway, to a bot that is there to see it."""
        data = dict(post.wire)
        if post.channel.guild_id is not None:
            guild = self._world.guilds[post.channel.guild_id]
            data["guild_id"] = str(guild.id)
            member = guild.members.get(int(post.wire["author"]["id"]))
            if member is not None and "webhook_id" not in data:
                data["member"] = member.wire(with_user=False)
        self._dispatch(event, post, data)

    def _dispatch(self, event: str, post: Post, data: Json) -> None:
        channel = post.channel
        if post.seen_by is not None:
            return  # an ephemeral message is never announced
        if channel.guild_id is None:
            self._world.dispatch(event, data, guild_id=None, intents=DIRECT_MESSAGES)
        elif self._world.allowed(channel, self._world.bot) & permissions.VIEW:
            self._world.dispatch(event, data, guild_id=channel.guild_id, intents=GUILD_MESSAGES)

    def _fill(self, post: Post, body: Json, uploads: list["Upload"], *, keep: list[File]) -> None:
        post.wire["content"] = (body.get("content") or "").strip()
        files = keep + self._files(post.channel, body, uploads)
        shown: set[str] = set()
        by_name = {file.wire["filename"]: file for file in files}
        post.wire["embeds"] = [_embed(embed, by_name, shown) for embed in body.get("embeds") or []]
        post.files = files
        post.wire["attachments"] = [file.wire for file in files if file.wire["id"] not in shown]
        post.wire["components"] = _numbered(body.get("components") or [])
        post.wire |= self._mentions(post.channel, post.wire["content"], body.get("allowed_mentions"))

    def _files(self, channel: Channel, body: Json, uploads: list["Upload"]) -> list[File]:
        described = {str(attachment["id"]): attachment for attachment in body.get("attachments") or []}
        return [self._file(channel, upload, described.get(str(upload.number), {})) for upload in uploads]

    def _file(self, channel: Channel, upload: "Upload", described: Json) -> File:
        if len(upload.content) > limits.ATTACHMENT_BYTES:
            raise Refusal(413, 40005, "Request entity too large")
        file_id = self._world.clock.snowflake()
        name = re.sub(r"[^\w.-]+", "_", described.get("filename") or upload.name)
        url = f"{self.base_url}/attachments/{channel.id}/{file_id}/{name}"
        wire = {
            "id": str(file_id),
            "filename": name,
            "size": len(upload.content),
            "url": url,
            "proxy_url": url,
            "content_type": upload.content_type,
        }
        if described.get("description"):
            wire["description"] = described["description"]
        if upload.content.startswith(PNG):
            wire["width"], wire["height"] = struct.unpack(">II", upload.content[16:24])
        return File(wire, upload.content)

    def _mentions(self, channel: Channel, content: str, allowed: Json | None) -> Json:
        """Who is really pinged: what the text names and `allowed_mentions` lets through."""
        guild = self._world.guilds.get(channel.guild_id or 0)
        parse = {"users", "roles", "everyone"} if allowed is None else set(allowed.get("parse") or [])
        held = self._world.allowed(channel, self._world.bot)
        named = {kind: {str(i) for i in (allowed or {}).get(kind) or []} for kind in ("users", "roles")}
        known = self._world.users
        users = {int(i): known[int(i)] for i in re.findall(r"<@!?(\d+)>", content) if int(i) in known}
        pinged = [user for user in users.values() if "users" in parse or str(user.id) in named["users"]]
        roles = [
            guild.roles[int(i)] for i in re.findall(r"<@&(\d+)>", content) if guild and int(i) in guild.roles
        ]
        may = bool(held & permissions.MENTION_EVERYONE)
        roles = [
            role
            for role in roles
            if ("roles" in parse or str(role.id) in named["roles"]) and (role.mentionable or may)
        ]
        everyone = "everyone" in parse and may and bool(re.search(r"@(everyone|here)\b", content))
        return {
            "mentions": [user.wire() for user in pinged],
            "mention_roles": list(dict.fromkeys(str(role.id) for role in roles)),
            "mention_everyone": everyone and guild is not None,
        }


@dataclass
class Upload:
    """A part `files[number]` of a multipart request."""

    number: int
    name: str
    content_type: str
    content: bytes


def _must_say_something(wire: Json, files: list[File]) -> None:
    if not (wire["content"] or wire["embeds"] or wire["components"] or files):
        raise Refusal(400, 50006, "Cannot send an empty message")


def _embed(embed: Json, files: dict[str, File], shown: set[str]) -> Json:
    """Return an embed as Discord stores it; a file it names by attachment:// is shown in it, not below it."""
    made: Json = {"type": "rich"}
    made |= {
        name: embed[name] for name in ("title", "description", "url", "timestamp", "color") if embed.get(name)
    }
    if embed.get("fields"):
        made["fields"] = [{**field, "inline": bool(field.get("inline"))} for field in embed["fields"]]
    for part in ("author", "footer"):
        if embed.get(part):
            made[part] = {name: value for name, value in embed[part].items() if value is not None}
    for part in ("image", "thumbnail"):
        if (embed.get(part) or {}).get("url"):
            made[part] = _media(embed[part]["url"], files, shown, part)
    return made


def _media(url: str, files: dict[str, File], shown: set[str], part: str) -> Json:
    if not url.startswith("attachment://"):
        if not url.startswith(("http://", "https://")):
            raise invalid_form(embeds=f"{part}: Not a well formed URL.")
        file = next((file for file in files.values() if file.wire["url"] == url), None)
        if file is None:
            return {"url": url, "proxy_url": url}
    else:
        file = files.get(url.removeprefix("attachment://"))
    if file is None:
        return {"url": url}  # Discord keeps a reference to a file that is not there, and shows nothing
    shown.add(file.wire["id"])
    names = ("url", "proxy_url", "width", "height", "content_type", "description")
    return {name: file.wire[name] for name in names if name in file.wire}


def _numbered(components: list[Json]) -> list[Json]:
    """Return components as stored: each with an id, and without what was null."""
    numbers = iter(range(1, 1000))

    def stored(component: Json) -> Json:
        made = {"id": next(numbers)} | {name: value for name, value in component.items() if value is not None}
        if "components" in made:
            made["components"] = [stored(child) for child in made["components"]]
        if "accessory" in made:
            made["accessory"] = stored(made["accessory"])
        if made["type"] == limits.STRING_SELECT:
            made = {"min_values": 1, "max_values": 1, **made}
        return made

    return [stored(component) for component in components]
