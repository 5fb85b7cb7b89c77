"""What other processes of a bot ask of the one that follows a source, and its answers."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from liqbot.market.wire import account_to_bytes
from liqbot.sources.source import Followed, Source, WithAccounts, WithCoins

LOOK, PAST, FOLLOW, STANDING = "look", "past", "follow", "standing"
"""What can be asked: an account as it is now, what it has traded; to follow a coin; how the source stands."""
USED, SETTLE = "used", "settle"
"""What can be told: which coins are used, that other accounts are watched by now."""
KINDS = (LOOK, PAST, FOLLOW, STANDING, USED, SETTLE)
EXAMPLES = 8


class Standing(msgspec.Struct, frozen=True):
    """What whoever follows a source says of it now and then."""

    interval_s: float = 0.0
    oldest_s: float = 0.0
    examples: tuple[str, ...] = ()
    coins: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()


class SourceAnswers:
    """Answers what other processes ask of the sources that this one follows."""

    def __init__(
        self,
        sources: Sequence[Source],
        leads: Callable[[Source], bool],
        *,
        follow: Callable[[str], Awaitable[Followed]],
        use: Callable[[str], None],
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        """`follow` has a coin followed that somebody asked for, `use` takes note that one is still wanted.

        `settle` has the sources watch who is wanted by now.
        """
        self._sources = {source.name: source for source in sources}
        self._leads = leads
        self._follow = follow
        self._use = use
        self._settle = settle

    def kinds(self) -> list[str]:
        """Return what can be asked of this process at the moment."""
        led = [name for name, source in self._sources.items() if self._leads(source)]
        return [f"{kind}/{name}" for name in led for kind in KINDS]

    async def answer(self, kind: str, subject: str) -> bytes | None:
        """Answer one call."""
        what, _slash, name = kind.partition("/")
        source = self._sources[name]
        if what == USED:
            for coin in subject.split():
                self._use(coin)
            return b""
        if what == SETTLE:
            await self._settle()
            return b""
        if what == STANDING:
            return msgspec.json.encode(_standing(source))
        if what == FOLLOW:
            return (await self._follow(subject)).encode()
        return await _of_account(source, what, subject)


async def _of_account(source: Source, what: str, subject: str) -> bytes | None:
    if not isinstance(source, WithAccounts):
        return None
    account, _space, since_ms = subject.partition(" ")
    if what == LOOK:
        state = await source.watched.look(account)
        return b"" if state is None else account_to_bytes(state)
    past = await source.watched.past_trades(account, int(since_ms))
    return b"" if past is None else msgspec.msgpack.encode(past)


def _standing(source: Source) -> Standing:
    standing = Standing()
    if isinstance(source, WithAccounts):
        watch = source.watched
        standing = msgspec.structs.replace(
            standing,
            interval_s=watch.interval_s,
            oldest_s=watch.oldest_s,
            examples=tuple(watch.examples(EXAMPLES)),
        )
    if isinstance(source, WithCoins):
        standing = msgspec.structs.replace(standing, coins=tuple(source.coins), listed=tuple(source.listed))
    return standing
