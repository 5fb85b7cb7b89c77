"""Last stage: write down what came of deliveries, and what was learned of their chats by that."""

from dataclasses import dataclass

from liqbot.alerts.delivery.away import AwayChats
from liqbot.store.deliveries import Outcome
from liqbot.store.store import Store


@dataclass(frozen=True, slots=True)
class Result:
    """What a try came to."""

    outcome: Outcome
    gone: str | None = None
    """Why the chat is no more."""
    away: str | None = None
    """Why the chat takes nothing at present."""
    moved: str | None = None
    """The id that the chat has now."""

    @property
    def name(self) -> str:
        """In a word: `sent`, `due` again, `unknown`, `failed`, `away`, `gone`, `moved`."""
        if self.away:
            return "away"
        return "gone" if self.gone else "moved" if self.moved else self.outcome.status


class SettleStage:
    """Writes results down. What cannot be written is kept for the next time."""

    def __init__(self, store: Store, away: AwayChats) -> None:
        self._store = store
        self._away = away
        self._results: list[Result] = []

    @property
    def is_behind(self) -> bool:
        """Whether something is not written down yet."""
        return bool(self._results)

    def note(self, result: Result) -> None:
        """Take up a result, to be written down by `settle`."""
        self._results.append(result)

    async def settle(self) -> None:
        """Write down what has come. Raises `StoreError`; nothing is forgotten by that."""
        if not self._results:
            return
        results = list(self._results)
        for result in results:
            if result.moved is not None:
                await self._store.chats.move(result.outcome.delivery.chat, result.moved)
        await self._store.deliveries.settle(result.outcome for result in results)
        for result in results:
            await self._away.learn(result.outcome, result.away)
            if result.gone is not None:
                outcome = result.outcome
                await self._store.chats.deactivate(outcome.delivery.chat, result.gone, outcome.at_ms)
        del self._results[: len(results)]
