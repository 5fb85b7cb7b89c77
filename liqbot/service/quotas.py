"""How much one chat and one person may use: rates, and how much at once. Nothing of it is written down."""

import time
from collections import Counter
from collections.abc import Callable, Generator, Hashable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from liqbot.people_settings import QuotaSettings
from liqbot.service.errors import UserError
from liqbot.store.chats import ChatKey
from liqbot.text import N_
from liqbot.text.figures import duration

MINUTE_S = 60.0
DAY_S = 86_400.0
MOST_COUNTED = 20_000
"""So many chats and people are counted; then those that may use all again are dropped."""
DEFAULTS = QuotaSettings()

TOO_MANY: Mapping[str, str] = {
    "commands": N_("That is more than {most} commands a minute here. Go on in {time}."),
    "commands_person": N_("That is more than your {most} commands a minute. Go on in {time}."),
    "commands_server": N_("That is more than {most} commands a minute in this server. Go on in {time}."),
    "pictures": N_("That is more than {most} pictures a minute here. The next one in {time}."),
    "pictures_person": N_("That is more than your {most} pictures a minute. The next one in {time}."),
    "pictures_at_once": N_("Pictures for this chat are still being drawn. Try again in a moment."),
    "subscriptions": N_(
        "A chat can have {most} subscriptions here, and this one has them. /unsubscribe one first."
    ),
    "subscriptions_person": N_("That is more than your {most} new subscriptions a day. Go on in {time}."),
    "watches": N_(
        "A chat can have {most} subscriptions here that nobody else has, and this one has them. "
        "/unsubscribe one first, or take the defaults."
    ),
    "accounts": N_("A chat can watch {most} accounts here, and this one watches them. /unwatch one first."),
    "accounts_in_all": N_(
        "This bot watches as many accounts as it can. Take one that somebody watches already, or ask its "
        "operator (LIQBOT_QUOTAS__ACCOUNTS_IN_ALL)."
    ),
    "looks": N_("That is more than {most} looks at accounts a minute here. Go on in {time}."),
    "watches_in_all": N_(
        "This bot watches as much as it can. Take a subscription that somebody has already."
    ),
}
"""What is answered, by quota."""


@dataclass(slots=True)
class _Bucket:
    """What somebody may still use; it fills up steadily."""

    left: float
    at_s: float
    full_s: float = 0.0
    """When it is full again."""


def steady_ms() -> int:
    """Return ms that no clock's correction changes: a minute of a quota is a minute."""
    return time.monotonic_ns() // 1_000_000


class Quotas:
    """Counts what chats and people use."""

    def __init__(self, settings: QuotaSettings = DEFAULTS, clock: Callable[[], int] = int) -> None:
        """`clock` tells ms, best of time that goes by whatever clocks are set to, as `steady_ms`."""
        self._settings = settings
        self.clock = clock
        self.own: Mapping[tuple[str, str], Mapping[str, int]] = {}
        """Quotas that an owner has given to single chats and people, by platform and id."""
        self._buckets: dict[tuple[str, Hashable], _Bucket] = {}
        self._drawing: Counter[ChatKey] = Counter()
        self.refused: Counter[str] = Counter()
        """How often each quota was exceeded."""

    def most(self, name: str, platform: str, native_id: str) -> int:
        """Return how much somebody may use; 0 is no limit."""
        return self.own.get((platform, native_id), {}).get(name, getattr(self._settings, name))

    def take(
        self, name: str, platform: str, native_id: str, *, span_s: float = MINUTE_S, most: int | None = None
    ) -> float:
        """Use one up; return 0, or in how many seconds there is one again: then nothing was used up.

        `most` is how many there are in `span_s` where the settings do not say.
        """
        most = self.most(name, platform, native_id) if most is None else most
        if not most or not native_id:
            return 0.0
        now_s, rate = self.clock() / 1000, most / span_s
        key = (name, (platform, native_id))
        bucket = self._buckets.get(key)
        if bucket is None:
            self._make_room(now_s)
            bucket = self._buckets[key] = _Bucket(float(most), now_s)
        bucket.left = min(most, bucket.left + max(0.0, now_s - bucket.at_s) * rate)
        bucket.at_s = now_s
        wait_s = max(0.0, (1 - bucket.left) / rate)
        if wait_s:
            self.refused[name] += 1
        else:
            bucket.left -= 1
        bucket.full_s = now_s + (most - bucket.left) / rate
        return wait_s

    def require(
        self, name: str, chat: ChatKey, person: str, *, span_s: float = MINUTE_S, of_person: bool = True
    ) -> None:
        """Use one up of the chat's quota of that name, and of the person's. Raises `UserError`."""
        wait_s = self.take(name, chat.kind, chat.native_id, span_s=span_s)
        if wait_s:
            raise self.exceeded(name, chat.kind, chat.native_id, wait_s)
        if of_person and person:
            own = f"{name}_person"
            wait_s = self.take(own, chat.kind, person, span_s=span_s)
            if wait_s:
                raise self.exceeded(own, chat.kind, person, wait_s)

    def exceeded(self, name: str, platform: str, native_id: str, wait_s: float = 0.0) -> UserError:
        """Return what to answer where a quota is exceeded."""
        most = self.most(name, platform, native_id)
        return UserError(TOO_MANY[name], most=most, time=duration(max(wait_s, 1.0)))

    @contextmanager
    def drawing(self, chat: ChatKey, person: str) -> Generator[None]:
        """Count a picture while it is drawn. Raises `UserError` where that is one too many."""
        most = self.most("pictures_at_once", chat.kind, chat.native_id)
        if most and self._drawing[chat] >= most:
            self.refused["pictures_at_once"] += 1
            raise self.exceeded("pictures_at_once", chat.kind, chat.native_id)
        self.require("pictures", chat, person)
        self._drawing[chat] += 1
        try:
            yield
        finally:
            self._drawing[chat] -= 1
            if not self._drawing[chat]:
                del self._drawing[chat]

    def may_preview(self, chat: ChatKey, person: str) -> bool:
        """Use up one preview of a chat and of a person; return whether there was one."""
        return not (
            self.take("previews", chat.kind, chat.native_id)
            or (person not in ("", chat.native_id) and self.take("previews", chat.kind, person))
        )

    def _make_room(self, now_s: float) -> None:
        if len(self._buckets) < MOST_COUNTED:
            return
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if bucket.full_s > now_s}
        while len(self._buckets) >= MOST_COUNTED:  # a flood of strangers: the oldest is forgotten
            self._buckets.pop(next(iter(self._buckets)))
