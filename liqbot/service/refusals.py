"""What is told to whom is not served: why, once in a while, and never so often that others wait for it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from liqbot.service.quotas import Quotas
from liqbot.store.access import BLOCKED
from liqbot.store.chats import ChatKey
from liqbot.text import _

SAID_AGAIN_A_MINUTE = 20
"""So often it is said again in a chat, or a server, where whoever asks waits for an answer."""
MOST_REMEMBERED = 20_000
PAUSED = "paused"
"""Why nobody is served on a platform at present."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Whether what somebody asks for is dealt with."""

    is_open: bool
    answer: str = ""
    """What is answered where it is not; empty for nothing, as it has been said lately."""
    reason: str = ""
    """The same, though it has been said: for platforms where whoever asks waits for an answer. Empty where
    it was said so often that whoever asks knows, or cannot be meant to read it."""


class Refusals:
    """Says why somebody is not served."""

    def __init__(self, clock: Callable[[], int], quotas: Quotas, mode: str) -> None:
        """`clock` tells ms since 1970 UTC; what is said again is counted by the clock of `quotas`.

        `mode` is who may use the bot by its settings: open, allowlist or invite.
        """
        self._clock = clock
        self._quotas = quotas
        self._mode = mode
        self._saying = Quotas(clock=self._counted_by)
        """Counts what is said again: nobody's quota, and so not among what was refused."""
        self._told: dict[tuple[str, str, str, str], int] = {}
        """Who was told what, until when it is not said again."""

    def say(
        self, why: str, chat: ChatKey, community: str, until_ms: int, *, person: str = "", told: str = ""
    ) -> Entry:
        """Refuse: `told` is said, or what there is to say of `why`, and until a time not again.

        What is said to a person in particular is said to others there as well. `community` is the server.
        """
        key, reason = (why, chat.platform, chat.native_id, person), told or self._reason(why, chat)
        if self._told.get(key, 0) > self._clock():
            return self._quietly(Entry(is_open=False, reason=reason), chat, community)
        if len(self._told) >= MOST_REMEMBERED:
            self._told.clear()
        self._told[key] = until_ms
        return self._quietly(Entry(is_open=False, answer=reason, reason=reason), chat, community)

    def forget(self, chat: ChatKey) -> None:
        """Say anything anew in a chat."""
        self._told = {key: value for key, value in self._told.items() if key[2] != chat.native_id}

    def _counted_by(self) -> int:
        return self._quotas.clock()

    def _quietly(self, entry: Entry, chat: ChatKey, community: str) -> Entry:
        """Return what is said of an entry: answers cost, and a flood of them would keep others waiting."""
        whom = community or chat.native_id
        wait_s = self._saying.take("said_again", chat.kind, whom, most=SAID_AGAIN_A_MINUTE)
        return replace(entry, reason="") if wait_s else entry

    def _reason(self, why: str, chat: ChatKey) -> str:
        if why == BLOCKED:
            return _("The operator of this bot does not serve you here.")
        if why == PAUSED:
            return _("The operator has paused this bot here. What is subscribed is kept.")
        whom = f"{chat.kind}:{bare(chat.native_id)}"
        if self._mode == "invite":
            return _(
                "This bot serves who was invited. With an invite code: /join CODE. The id here is {whom}.",
                whom=whom,
            )
        return _("This bot serves whom its operator has let in. The id here is {whom}.", whom=whom)


def bare(native_id: str) -> str:
    """Return the id of a person's chat as that of the person: Discord's are told apart by a sign."""
    return native_id.removeprefix("@")
