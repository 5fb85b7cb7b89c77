"""What is kept of a chat, and its removal."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

import msgspec
import structlog

from liqbot.alerts.evaluation import decode_state
from liqbot.rules.hit import RuleFault
from liqbot.rules.plugin_loading import Rules
from liqbot.service.accounts import Accounts
from liqbot.store.chats import ChatKey
from liqbot.store.store import Store
from liqbot.store.subscriptions import Watch

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a chat."""

    is_known: bool
    subscriptions: int
    journal: int = 0
    """How many entries its journal has."""
    accounts: int = 0
    """How many accounts it watches, of which the addresses are kept, and the names that it gave them."""


async def _nothing(chat: ChatKey) -> None:
    """Have nothing to wait for."""
    del chat


class Privacy:
    """Says what is kept of a chat, and removes it."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        *,
        evaluating: AbstractAsyncContextManager[object],
        arrived: Callable[[ChatKey], Awaitable[None]],
        call_back: Callable[[ChatKey], Awaitable[None]] | None = None,
        accounts: Accounts | None = None,
    ) -> None:
        """`evaluating` is held while rules read a view; `arrived` waits for what is on its way to a chat.

        `call_back` waits for what other processes send there; None where there are none. `accounts` are the
        sources that watch single accounts; None for none.
        """
        self._accounts = accounts
        self._store = store
        self._rules = rules
        self._evaluating = evaluating
        self._arrived = arrived
        self._call_back = call_back or _nothing

    async def kept(self, chat: ChatKey) -> Kept:
        """Return what is kept of a chat."""
        mine = await self._store.subscriptions.of(chat)
        return Kept(
            await self._store.chats.is_known(chat),
            len(mine),
            await self._store.journal.count(chat),
            len({item.watch.coin for item in mine if item.watch.is_of_account}),
        )

    async def forget(self, chat: ChatKey, person: str = "") -> None:
        """Remove all that is kept of a chat, also from what rules remember of it and of who asks.

        Accounts that nobody else watches are looked at no more, and what was seen of them is dropped.

        Nothing comes to the chat once this has returned: what is on its way is waited for, whichever process
        sends it. No view is read while it is removed: what a rule remembers of it would be written back.
        """
        await self._call_back(chat)
        async with self._evaluating:
            for item in await self._store.subscriptions.of(chat):
                for layer in await self._store.alerts.states(item.watch):
                    await self._let_rule_forget(item.watch, layer, (chat.native_id, person))
            await self._store.chats.forget(chat)
        if self._accounts is not None:
            await self._accounts.settle()
            self._accounts.forget()
        await self._arrived(chat)

    async def _let_rule_forget(self, watch: Watch, layer: str, whom: tuple[str, ...]) -> None:
        """Have what the rule of `watch` remembers of a layer written without those of whom it is about.

        Others may share the watch, so that it outlives the chat. A rule that fails keeps nobody from being
        forgotten by the bot: the log names it.
        """
        rule = self._rules.by_name.get(watch.rule)
        state = decode_state((await self._store.alerts.states(watch)).get(layer))
        before = memory = state.memory
        if rule is None or memory is None:
            return
        try:
            for who in filter(None, dict.fromkeys(whom)):
                memory = await asyncio.to_thread(rule.forget, memory, who)
        except RuleFault as fault:
            _log.error("rule_failed", rule=rule.name, while_forgetting=True, reason=str(fault))
            return
        if memory != before:
            written = msgspec.msgpack.encode(replace(state, memory=memory))
            await self._store.alerts.rewrite(watch, layer, written)
