"""What a source is to the rest of the house, and what it may say of itself besides."""

from typing import Protocol, runtime_checkable

from liqbot.market.source import Elsewhere, NoDataError, Report, Source, SourceError, nowhere

__all__ = [
    "Elsewhere",
    "NoDataError",
    "Report",
    "Source",
    "SourceError",
    "WithCheck",
    "WithReport",
    "nowhere",
]


@runtime_checkable
class WithReport(Protocol):
    """A source that has more to say of itself than that it runs."""

    def report(self) -> Report:
        """Return how it is doing."""
        ...


@runtime_checkable
class WithCheck(Protocol):
    """A source that an operator can check before the bot runs."""

    async def check(self) -> str:
        """Return what to tell the operator. Raises `SourceError` or `NoDataError` that says what is wrong."""
        ...
