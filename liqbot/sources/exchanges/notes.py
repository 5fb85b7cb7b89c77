"""What a source lacks at the moment (`missing`), by subject; each reason is logged once."""

from collections.abc import Mapping

import structlog

_log = structlog.get_logger()


class Missing:
    """What is missing, and why."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._reasons: dict[str, str] = {}

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why, by what is missing: a coin, `liquidations`, `depth of BTC`."""
        return self._reasons

    def note(self, what: str, reason: str, *, is_logged: bool = True) -> None:
        """Note that there is none of `what`."""
        if is_logged and self._reasons.get(what) != reason:
            _log.warning("market_data_missing", source=self._source, coin=what, reason=reason)
        self._reasons[what] = reason

    def found(self, what: str) -> None:
        """Note that it is there."""
        self._reasons.pop(what, None)

    def clear(self) -> None:
        """Forget everything."""
        self._reasons.clear()
