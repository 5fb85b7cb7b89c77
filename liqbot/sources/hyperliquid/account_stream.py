"""Accounts that the exchange pushes: those that are watched, and the largest, as many as an address may have.

Of each their positions on all dexes and their fills are streamed, which takes no weight: their age is
seconds, and their liquidations are told as they happen. Who they are is looked at again now and then.
"""

import math
import random
import re
from collections.abc import Callable, Mapping, Sequence

import structlog

from liqbot.sources.hyperliquid import decoding
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.connection import Connection, Subscription
from liqbot.sources.hyperliquid.decoding import PayloadError, decode, decode_pushed
from liqbot.sources.hyperliquid.discovery import address_of
from liqbot.sources.hyperliquid.fills import USER_FILLS, AccountFill, fills_of
from liqbot.sources.hyperliquid.payloads import ClearinghouseState, Frame

_log = structlog.get_logger()

CHOOSE_S = 60.0
"""Who is streamed is chosen so often."""
LOSES_BELOW = 0.5
"""Whoever is streamed already stays while worth at least this share of the smallest who would be chosen."""
TELL_S = 1.0
"""Of an account the newest push of so long counts; large ones are told of several times a second."""
STATES, FILLS = "allDexsClearinghouseState", "userFills"
_MORE_THAN = re.compile(rb"more than (\d+) total users")


class AccountStream:
    """Streams the accounts that `choose` names."""

    def __init__(
        self,
        url: str,
        most: int,
        clock: Clock,
        *,
        choose: Callable[[int], Sequence[tuple[str, float]]],
        take_states: Callable[[str, Mapping[str, ClearinghouseState]], None],
        take_fills: Callable[[Sequence[AccountFill]], None],
    ) -> None:
        """Stream at most `most` of the accounts that `choose` returns with their worth, the first ones first.

        Of an infinite worth are those that are streamed at any rate.
        """
        self.most = most
        self._clock = clock
        self._choose = choose
        self._take_states = take_states
        self._take_fills = take_fills
        self._newest: dict[str, Mapping[str, ClearinghouseState]] = {}
        self._heard_ms: dict[str, int] = {}
        self._streamed: dict[str, None] = {}
        rng = random.Random(1)  # noqa: S311 - pauses, not secrets
        self._connection = Connection(url, clock, self._wanted, self._handle, rng=rng, may_be_mute=True)
        self.refused = 0
        """Frames that made no sense."""

    @property
    def reconnects(self) -> int:
        """How often it was opened again."""
        return self._connection.reconnects

    @property
    def trouble(self) -> str:
        """Why it is not connected; empty where it is."""
        return self._connection.trouble

    def pushed(self, within_s: float) -> frozenset[str]:
        """Return the accounts that were told of within so many seconds."""
        since_ms = self._clock.now_ms() - round(within_s * 1000)
        return frozenset(name for name in self._streamed if self._heard_ms.get(name, 0) >= since_ms)

    async def listen(self) -> None:
        """Listen until cancelled."""
        await self._connection.run()

    async def run(self) -> None:
        """Choose who is streamed, and hand on what was told, until cancelled."""
        chosen_ms = 0
        while True:
            if self._clock.now_ms() - chosen_ms >= CHOOSE_S * 1000:
                chosen_ms = self._clock.now_ms()
                await self.change()
            newest, self._newest = self._newest, {}
            for account, states in newest.items():
                self._take_states(account, states)
            await self._clock.sleep(TELL_S)

    async def change(self) -> None:
        """Look who is to be streamed now; ends come before beginnings, or there would be too many."""
        wanted = self._named()
        gone = [name for name in self._streamed if name not in wanted]
        new = [name for name in wanted if name not in self._streamed]
        self._streamed = dict.fromkeys(wanted)
        await self._connection.subscribe(_subscriptions(gone), "unsubscribe")
        await self._connection.subscribe(_subscriptions(new))

    def _named(self) -> list[str]:
        """Return who is to be streamed: of two that are worth about the same whoever is streamed already."""
        told = self._choose(2 * self.most)
        enough = LOSES_BELOW * min((worth for _, worth in told[: self.most]), default=0.0)
        first = [name for name, worth in told if worth == math.inf]
        stays = [name for name, worth in told if name in self._streamed and worth >= enough]
        return list(dict.fromkeys([*first, *stays, *(name for name, _ in told)]))[: self.most]

    def _wanted(self) -> list[Subscription]:
        return _subscriptions(self._streamed)

    def _handle(self, data: str | bytes) -> bool:
        try:
            frame = decode(data, decoding.FRAME, "frame")
            return self._take(frame)
        except PayloadError as error:
            self.refused += 1
            _log.debug("frame_skipped", reason=str(error))
            return False

    def _take(self, frame: Frame) -> bool:
        match frame.channel:
            case "allDexsClearinghouseState":
                user, states = decode_pushed(frame.data)
                account = address_of(user)
                if account is None:
                    raise PayloadError("allDexsClearinghouseState: no account")
                self._heard_ms[account] = self._clock.now_ms()
                self._newest[account] = states
            case "userFills":
                told = decode(frame.data, USER_FILLS, "userFills")
                self._take_fills(fills_of(told.user, told.fills))
            case "error":
                self._learn(bytes(frame.data))
                return False
            case _:
                return False
        return True

    def _learn(self, error: bytes) -> None:
        """Stream no more accounts than the exchange says it allows."""
        found = _MORE_THAN.search(error)
        _log.warning("account_stream_refused", reason=error.decode(errors="replace"))
        if found:
            self.most = min(self.most, int(found[1]))


def _subscriptions(accounts: Sequence[str] | Mapping[str, None]) -> list[Subscription]:
    return [{"type": kind, "user": account} for account in accounts for kind in (STATES, FILLS)]
