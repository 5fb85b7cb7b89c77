"""What can be wrong with an exchange's answer."""

from liqbot.sources.source import NoDataError


class UnknownSymbolError(NoDataError):
    """The exchange does not list this symbol."""


class BusyError(NoDataError):
    """The exchange asks for a pause, or is out of order for the moment: ask again later."""

    def __init__(self, text: str, after_s: float | None = None) -> None:
        """Say so with `text`; `after_s` are the seconds that the exchange wants to be left alone for."""
        super().__init__(text)
        self.after_s = after_s
