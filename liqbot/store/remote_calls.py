"""Remote calls: what one process of a bot asks of another, such as the one that follows an exchange.

For what is neither news nor a record: an answer is for whoever asks, and for now. One that does not come in
time is no answer; nothing is asked twice by itself.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Protocol, TypeAlias

AnswerCall: TypeAlias = Callable[[str, str], Awaitable[bytes | None]]
"""Answers a call of a kind about a subject; None where there is no answer."""


class RemoteCalls(Protocol):
    """Calls between the processes of one bot."""

    async def ask(self, kind: str, subject: str, within_s: float) -> bytes | None:
        """Return what whoever answers calls of this kind says; None where that is nothing.

        Or where nobody answers within that time.

        Raises `StoreError`.
        """
        ...

    async def serve(self, kinds: Callable[[], Collection[str]], answer: AnswerCall) -> None:
        """Answer calls of the kinds that this process can answer at the moment, until cancelled."""
        ...
