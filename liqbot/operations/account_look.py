"""`liqbot account`: one look at one account, without a bot."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol, cast

from liqbot.market.accounts import AccountState
from liqbot.market.updates import Update
from liqbot.rules.wording import listed
from liqbot.service.account_answer import AccountAnswer, account_answer
from liqbot.service.addresses import address_of
from liqbot.sources.source import NoDataError, Source, WithAccounts

PATIENCE_S = 40.0
"""So long a source may take until it knows its market well enough to look at an account."""
AGAIN_S = 0.5


class _Accounts(Source, WithAccounts, Protocol):
    """A source that knows accounts."""


async def looked(source: Source, text: str, *, patience_s: float = PATIENCE_S) -> AccountAnswer:
    """Return what an account holds. Raises `UserError`, `SourceError`, `NoDataError`, `ValueError`."""
    account = address_of(text)
    if not isinstance(source, WithAccounts):
        raise NoDataError(f"{source.layer.venue} does not tell who holds what: no account can be looked at.")
    if not source.watched.knows(account):
        known = listed(list(source.watched.examples(3)))
        raise NoDataError(f"{source.layer.venue} has no account {account}. It has {known}.")
    following = asyncio.create_task(_followed(source.updates()))
    looking = asyncio.create_task(_look(cast("_Accounts", source), account))
    try:
        async with asyncio.timeout(patience_s):
            await asyncio.wait((following, looking), return_when=asyncio.FIRST_COMPLETED)
            if following.done() and not looking.done():
                await following  # raises why the source has ended
        return account_answer(await looking, source.layer)
    except TimeoutError:
        raise NoDataError(f"{source.layer.venue} gave no answer about this account.") from None
    finally:
        for task in (following, looking):
            task.cancel()
        await asyncio.gather(following, looking, return_exceptions=True)


async def _followed(updates: AsyncIterator[Update]) -> None:
    """Follow a source: what it is asked for, it can tell only while it runs."""
    async with contextlib.aclosing(updates):  # pyright: ignore[reportArgumentType] - ours are generators
        async for _update in updates:
            await asyncio.sleep(0)


async def _look(source: "_Accounts", account: str) -> AccountState:
    """Look until there is an answer, and not one of a past that the source makes up."""
    while True:
        state = await source.watched.look(account)
        if state is not None and state.time_ms >= source.live_from_ms:
            return state
        await asyncio.sleep(AGAIN_S)
