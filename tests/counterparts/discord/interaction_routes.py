"""The REST routes by which a bot answers interactions: the callback, and the webhook of the token."""

from .interactions import AUTOCOMPLETE, Interaction, Interactions
from .messages import EPHEMERAL, LOADING, Post
from .nouns import Json
from .rest import Answered, Asked, Route

WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
ORIGINAL = WEBHOOK + "/messages/@original"
FOLLOW_UP = WEBHOOK + "/messages/{message_id}"


class InteractionRoutes:
    """Hands callbacks and follow-ups to the interactions."""

    def __init__(self, interactions: Interactions) -> None:
        self._interactions = interactions

    def table(self) -> dict[tuple[str, str], Route]:
        return {
            ("POST", "/interactions/{interaction_id}/{interaction_token}/callback"): self.callback,
            ("POST", WEBHOOK): self.follow_up,
            ("GET", ORIGINAL): self.get,
            ("PATCH", ORIGINAL): self.edit,
            ("DELETE", ORIGINAL): self.delete,
            ("GET", FOLLOW_UP): self.get,
            ("PATCH", FOLLOW_UP): self.edit,
            ("DELETE", FOLLOW_UP): self.delete,
        }

    async def callback(self, asked: Asked) -> Answered:
        token = asked.request.match_info["interaction_token"]
        interaction = self._interactions.open_for_callback(asked.id("interaction_id"), token)
        resource = await self._interactions.acknowledge(interaction, asked.body, asked.uploads)
        if asked.query.get("with_response", "").lower() not in ("1", "true"):
            return 204, None
        return 200, {"interaction": _facts(interaction), **({"resource": resource} if resource else {})}

    async def follow_up(self, asked: Asked) -> Answered:
        post = await self._interactions.follow_up(self._of(asked), asked.body or {}, asked.uploads)
        return 200, post.wire

    async def get(self, asked: Asked) -> Answered:
        return 200, self._post(asked).wire

    async def edit(self, asked: Asked) -> Answered:
        post = await self._interactions.edit(
            self._of(asked), self._post(asked), asked.body or {}, asked.uploads
        )
        return 200, post.wire

    async def delete(self, asked: Asked) -> Answered:
        await self._interactions.delete(self._of(asked), self._post(asked))
        return 204, None

    def _of(self, asked: Asked) -> Interaction:
        return self._interactions.by_token(asked.id("webhook_id"), asked.request.match_info["webhook_token"])

    def _post(self, asked: Asked) -> Post:
        named = asked.request.match_info.get("message_id")
        original = named is None or named == "@original"
        return self._interactions.message(self._of(asked), None if original else asked.id("message_id"))


def _facts(interaction: Interaction) -> Json:
    facts: Json = {
        "id": str(interaction.id),
        "type": interaction.kind,
        "channel_id": str(interaction.channel.id),
    }
    if interaction.channel.guild_id is not None:
        facts["guild_id"] = str(interaction.channel.guild_id)
    if interaction.original is not None and interaction.kind != AUTOCOMPLETE:
        flags = interaction.original.wire["flags"]
        facts["response_message_id"] = interaction.original.wire["id"]
        facts["response_message_loading"] = bool(flags & LOADING)
        facts["response_message_ephemeral"] = bool(flags & EPHEMERAL)
    return facts
