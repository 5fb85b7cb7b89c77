"""Logging: structured lines on standard error, without secrets."""

import logging
import re
import sys
from collections.abc import Iterable

import structlog
from pydantic import SecretStr

_HIDDEN = "[hidden]"
_TOKEN = re.compile(r"(?<!\d)\d{5,}:[A-Za-z0-9_-]{25,}")
"""What a Telegram bot's token looks like, also one that nobody told us of."""
_secrets: set[str] = set()


def hide(secrets: Iterable[SecretStr]) -> None:
    """Let these never be logged, whoever logs them: not in a message, a value, or a traceback."""
    _secrets.update(value for secret in secrets if (value := secret.get_secret_value()))


def redacted(text: str) -> str:
    """Return `text` without anything secret."""
    for secret in _secrets:
        text = text.replace(secret, _HIDDEN)
    return _TOKEN.sub(_HIDDEN, text)


def set_up_logs(level: str) -> None:
    """Log to standard error, in colour at a terminal: `level` is `debug`, `info`, `warning` or `error`."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=True),
            _Rendering(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting(logging.BASIC_FORMAT))
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[handler])


class _Redacting(logging.Formatter):
    """Formats what libraries log."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text: message, arguments and traceback, without secrets."""
        return redacted(super().format(record))


class _Rendering:
    """Renders a line. Of an error no local variables are shown: they may be what somebody wrote."""

    def __init__(self) -> None:
        self._renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )

    def __call__(
        self, logger: structlog.typing.WrappedLogger, name: str, event: structlog.typing.EventDict
    ) -> str:
        return redacted(str(self._renderer(logger, name, event)))
