"""How fast a bot may send: in all, per chat, per group; and the flood waits of those who send faster."""

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field, fields

PACED = frozenset(
    name.lower()
    for name in (
        "sendMessage",
        "sendPhoto",
        "editMessageText",
        "editMessageCaption",
        "editMessageMedia",
        "editMessageReplyMarkup",
    )
)
SENDS = frozenset(("sendmessage", "sendphoto"))


@dataclass
class Limits:
    """What is allowed: in any one second so many to all, however they come; to a chat after a rest more."""

    on: bool = True
    per_second: float = 30.0
    chat_per_second: float = 1.0
    chat_burst: int = 3
    group_per_minute: int = 20

    def set(self, **values):
        known = {one.name for one in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"there is no limit “{name}”; there are {', '.join(sorted(known))}")
            setattr(self, name, value)


@dataclass
class _Bucket:
    level: float = 0.0
    at: float = -math.inf

    def wait(self, now, rate, burst):
        """Return the seconds until one more is allowed."""
        level = self.level if self.at == -math.inf else max(0.0, self.level - (now - self.at) * rate)
        return max(0.0, (level + 1 - burst) / rate)

    def add(self, now, rate):
        drained = 0.0 if self.at == -math.inf else (now - self.at) * rate
        self.level = max(0.0, self.level - drained) + 1
        self.at = now


@dataclass
class Pacing:
    """Counts what was let through; times are seconds of any one clock."""

    limits: Limits = field(default_factory=Limits)
    _all: deque = field(default_factory=deque)
    """When those of the last second came."""
    _chats: dict = field(default_factory=lambda: defaultdict(_Bucket))
    _groups: dict = field(default_factory=lambda: defaultdict(deque))
    _until: dict = field(default_factory=dict)  # flood waits: chat, or None for all

    def flood_wait(self, chat, seconds, now):
        """Refuse everything to a chat (None: to all) for some seconds."""
        self._until[chat] = now + seconds

    def check(self, method, chat, now, group):
        """Return None if a call may pass, else the cause and the whole seconds to wait."""
        if method not in PACED:
            return None
        left = max(self._until.get(chat, now), self._until.get(None, now)) - now
        if left > 0:
            return "flood wait", math.ceil(left)
        if not self.limits.on:
            return None
        waits = {None: self._wait_of_all(now)}
        waits[chat] = self._chat_wait(method, chat, now, group)
        blocked, wait = max(waits.items(), key=lambda item: item[1])
        if wait > 1e-9:
            seconds = math.ceil(wait)
            self.flood_wait(blocked, seconds, now)
            return "limit", seconds
        return None

    def count(self, method, chat, now, group):
        """Count a call that passed and reached a chat: what is refused for its content costs nothing."""
        if method not in PACED:
            return
        self._all.append(now)
        if method in SENDS:
            self._chats[chat].add(now, self.limits.chat_per_second)
        if group:
            self._groups[chat].append(now)

    def _wait_of_all(self, now):
        """Return the seconds until one more to anyone is allowed: a window of a second that goes along."""
        most = max(1, int(self.limits.per_second))
        window = most / self.limits.per_second
        while self._all and self._all[0] <= now - window:
            self._all.popleft()
        return 0.0 if len(self._all) < most else self._all[-most] + window - now

    def _chat_wait(self, method, chat, now, group):
        wait = 0.0
        if method in SENDS:
            wait = self._chats[chat].wait(now, self.limits.chat_per_second, self.limits.chat_burst)
        if group:
            recent = self._groups[chat]
            while recent and recent[0] <= now - 60:
                recent.popleft()
            if len(recent) >= self.limits.group_per_minute:
                wait = max(wait, recent[0] + 60 - now)
        return wait
