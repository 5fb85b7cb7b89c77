"""Last stage: write down what came of deliveries, and what that says of their chats, in one transaction."""

import random
from dataclasses import dataclass, replace

import structlog

from liqbot.alerts.absence import not_taken
from liqbot.store.deliveries import Deliveries, Outcome

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Result:
    """What a try came to."""

    outcome: Outcome
    away: str | None = None
    """Why the chat takes nothing at present."""

    @property
    def name(self) -> str:
        """In a word: `sent`, `due` again, `unknown`, `failed`, `away`, `gone`, `moved`."""
        if self.away:
            return "away"
        return "gone" if self.outcome.gone else "moved" if self.outcome.moved else self.outcome.status


class SettleStage:
    """Writes results down. What cannot be written is kept for the next time."""

    def __init__(self, platform: str, deliveries: Deliveries) -> None:
        self._platform = platform
        self._deliveries = deliveries
        self._results: list[Result] = []
        self._chance = random.Random()  # noqa: S311 - it spreads tries, it keeps no secret

    @property
    def is_behind(self) -> bool:
        """Whether something is not written down yet."""
        return bool(self._results)

    def note(self, result: Result) -> None:
        """Take up a result, to be written down by `settle`."""
        self._results.append(result)

    def forget(self) -> None:
        """Forget what is not written down: it is somebody else's by now."""
        self._results.clear()

    async def settle(self) -> None:
        """Write down what has come. Raises `StoreError`; nothing is forgotten by that."""
        if not self._results:
            return
        results = list(self._results)
        await self._deliveries.settle([self._decided(result) for result in results])
        del self._results[: len(results)]

    def _decided(self, result: Result) -> Outcome:
        """Return what comes of a try: a chat that took nothing is tried later, or counts as gone."""
        if result.away is None:
            return result.outcome
        before, at_ms = result.outcome.delivery.absence, result.outcome.at_ms
        absence = not_taken(before, result.away, at_ms, self._chance.random())
        if absence is None:
            _log.info("chat_gone", platform=self._platform, reason=result.away)
            return replace(result.outcome, gone=result.away)
        if before is None:
            _log.info("chat_away", platform=self._platform, reason=result.away)
        return replace(result.outcome, absence=absence)
