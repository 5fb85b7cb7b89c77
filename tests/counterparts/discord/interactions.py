"""Interactions: what users do, as the bot hears of it, and how it may answer until when."""

import asyncio
import secrets
import time
from dataclasses import dataclass, field

from . import limits
from .messages import EPHEMERAL, LOADING, Messages, Post, Upload
from .nouns import Channel, Json, User
from .refusal import Refusal, invalid_form, unknown_message
from .world import World

COMMAND, COMPONENT, AUTOCOMPLETE = 2, 3, 4
MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
ALLOWED = {
    COMMAND: (MESSAGE, DEFERRED_MESSAGE, MODAL),
    COMPONENT: (MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
}
SECONDS_TO_ACKNOWLEDGE = 3.0
SECONDS_TO_FOLLOW_UP = 15 * 60


@dataclass
class Interaction:
    """One action of a user, and what became of it. Times are in seconds since it was sent."""

    id: int
    kind: int
    user: User
    channel: Channel
    owners: Json
    name: str
    created: float
    message: Post | None = None  # the one with the component
    token: str = field(default_factory=lambda: secrets.token_urlsafe(96))
    started: float = field(default_factory=time.monotonic)
    callback: int | None = None
    callback_data: Json = field(default_factory=dict)
    acknowledged_in: float | None = None
    answered_in: float | None = None
    late: bool = False
    original: Post | None = None
    followups: list[Post] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def elapsed(self) -> float:
        return time.monotonic() - self.started

    def facts(self) -> Json:
        """Return what the control door tells: as the user sees it."""
        return {
            "id": self.id,
            "callback": self.callback,
            "acknowledged_in": self.acknowledged_in,
            "answered_in": self.answered_in,
            "failed": self.callback is None and (self.late or self.elapsed() > SECONDS_TO_ACKNOWLEDGE),
            "choices": self.callback_data.get("choices"),
            "modal": self.callback_data if self.callback == MODAL else None,
            "message": self.original and self.original.facts(),
            "followups": [post.facts() for post in self.followups],
        }


class Interactions:
    """Every interaction, by id and by token."""

    def __init__(self, world: World, messages: Messages) -> None:
        self._world = world
        self._messages = messages
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    def add(self, interaction: Interaction) -> None:
        self._by_id[interaction.id] = self._by_token[interaction.token] = interaction

    def get(self, interaction_id: int) -> Interaction:
        return self._by_id[interaction_id]

    def open_for_callback(self, interaction_id: int, token: str) -> Interaction:
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token:
            raise Refusal(404, 10062, "Unknown interaction")
        if interaction.callback is not None:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        if self._world.clock.now() - interaction.created > SECONDS_TO_ACKNOWLEDGE:
            interaction.late = True
            raise Refusal(404, 10062, "Unknown interaction")
        return interaction

    def by_token(self, application_id: int, token: str) -> Interaction:
        """Return the interaction that a webhook token belongs to, while it lives."""
        interaction = self._by_token.get(token)
        if interaction is None or application_id != self._world.application_id:
            raise Refusal(404, 10015, "Unknown Webhook")
        if self._world.clock.now() - interaction.created > SECONDS_TO_FOLLOW_UP:
            raise Refusal(401, 50027, "Invalid Webhook Token")
        if interaction.callback is None or interaction.callback == CHOICES:
            raise Refusal(404, 10015, "Unknown Webhook")
        return interaction

    async def acknowledge(self, interaction: Interaction, body: Json, uploads: list[Upload]) -> Json:
        """Do what a callback says; return `resource` of the answer, empty where there is none."""
        kind, data = body["type"], body.get("data") or {}
        if kind not in ALLOWED[interaction.kind]:
            raise invalid_form(
                type=f"Callback type {kind} does not answer interaction type {interaction.kind}."
            )
        if kind == CHOICES:
            limits.check_choices(data.get("choices") or [])
        resource: Json = {}
        if kind in (MESSAGE, DEFERRED_MESSAGE):
            loading = kind == DEFERRED_MESSAGE
            interaction.original = self._create(interaction, data, uploads, loading=loading)
        if kind == UPDATE and interaction.message is not None:
            self._messages.edit(interaction.message, data, uploads)
        if kind in (UPDATE, DEFERRED_UPDATE):
            interaction.original = interaction.message
        interaction.callback, interaction.callback_data = kind, data
        interaction.acknowledged_in = interaction.elapsed()
        if kind not in (DEFERRED_MESSAGE, DEFERRED_UPDATE):
            interaction.answered_in = interaction.acknowledged_in
        if interaction.original is not None and kind in (MESSAGE, UPDATE):
            resource = {"type": kind, "message": interaction.original.wire}
        await self._tell(interaction)
        return resource

    def _create(
        self, interaction: Interaction, body: Json, uploads: list[Upload], *, loading: bool = False
    ) -> Post:
        ephemeral = bool((body.get("flags") or 0) & EPHEMERAL)
        extra: Json = {
            "type": 20 if interaction.kind == COMMAND else 19,
            "webhook_id": str(self._world.application_id),
            "application_id": str(self._world.application_id),
            "interaction_metadata": self._metadata(interaction),
        }
        if loading:
            extra["flags"] = LOADING
        if interaction.message is not None:
            reference = {
                "channel_id": str(interaction.channel.id),
                "message_id": interaction.message.wire["id"],
                "type": 0,
            }
            extra["message_reference"] = reference
        seen_by = interaction.user.id if ephemeral else None
        channel, author = interaction.channel, self._world.bot
        post = self._messages.create(channel, author, body, uploads, seen_by=seen_by, **extra)
        self._messages.tell("MESSAGE_CREATE", post)
        return post

    def _metadata(self, interaction: Interaction) -> Json:
        metadata: Json = {
            "id": str(interaction.id),
            "type": interaction.kind,
            "user": interaction.user.wire(),
            "authorizing_integration_owners": interaction.owners,
        }
        if interaction.message is not None:
            metadata["interacted_message_id"] = interaction.message.wire["id"]
        return metadata

    async def follow_up(self, interaction: Interaction, body: Json, uploads: list[Upload]) -> Post:
        """Send a further message; the first after a deferral takes the place of "thinking"."""
        original = interaction.original
        if original is not None and original.wire["flags"] & LOADING:
            return await self.edit(interaction, original, body, uploads)
        guild = self._world.guilds.get(interaction.channel.guild_id or 0)
        if guild is not None and not guild.present and len(interaction.followups) >= 5:
            raise Refusal(
                400, 40094, "This interaction has reached the maximum number of follow up messages."
            )
        post = self._create(interaction, body, uploads)
        post.wire["interaction_metadata"] |= (
            {"original_response_message_id": original.wire["id"]} if original else {}
        )
        interaction.followups.append(post)
        await self._tell(interaction)
        return post

    def message(self, interaction: Interaction, message_id: int | None) -> Post:
        """Return the interaction's original message, or a follow-up by its id."""
        posts = [*interaction.followups, *([interaction.original] if interaction.original else [])]
        for post in posts:
            named = post.id == message_id or (message_id is None and post is interaction.original)
            if named and post.id in post.channel.messages:
                return post
        raise unknown_message()

    async def edit(self, interaction: Interaction, post: Post, body: Json, uploads: list[Upload]) -> Post:
        self._messages.edit(post, body, uploads)
        if post is interaction.original and interaction.answered_in is None:
            interaction.answered_in = interaction.elapsed()
        await self._tell(interaction)
        return post

    async def delete(self, interaction: Interaction, post: Post) -> None:
        self._messages.delete(post)
        if post is interaction.original:
            interaction.original = None
        else:
            interaction.followups.remove(post)
        await self._tell(interaction)

    async def _tell(self, interaction: Interaction) -> None:
        async with interaction.changed:
            interaction.changed.notify_all()
