"""Logging: structured lines on standard error, from which secrets are taken out at the root.

Whatever reaches a log, from liqbot or from a library, as a message, an argument or a traceback, is one text
in the end; that text is what secrets are removed from.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable
from typing import Literal, TextIO, TypeAlias

import structlog
from pydantic import SecretStr

LogFormat: TypeAlias = Literal["text", "json"]
HIDDEN = "[hidden]"
QUIET_LIBRARIES = (
    "httpx",
    "httpcore",
    "telegram",
    "discord",
    "aiohttp",
    "websockets",
    "asyncio",
    "hpack",
    "psycopg",
)
"""Libraries of which only warnings are worth reading."""
_SHORTEST_SECRET = 6
_SHAPES = re.compile(
    r"\d{6,}:[A-Za-z0-9_-]{30,}"  # a token of Telegram
    r"|[A-Za-z0-9_-]{23,30}\.[A-Za-z0-9_-]{5,8}\.[A-Za-z0-9_-]{25,}"  # a token of Discord
    r"|(?<=/webhooks/)\d+/[A-Za-z0-9._-]{20,}"  # what answers an interaction
)
_secrets: set[str] = set()


def hide(secrets: Iterable[SecretStr]) -> None:
    """Take these out of everything that is logged or written down from now on."""
    values = (secret.get_secret_value() for secret in secrets)
    _secrets.update(value for value in values if len(value) >= _SHORTEST_SECRET)


def redacted(text: str) -> str:
    """Return `text` without secrets: those that are known, and whatever looks like a token."""
    for secret in _secrets:
        text = text.replace(secret, HIDDEN)
    return _SHAPES.sub(HIDDEN, text)


def set_up_logs(level: str, log_format: LogFormat = "text") -> None:
    """Log to standard error: `level` is `debug`, `info`, `warning` or `error`.

    As text, in colour at a terminal, or as one JSON object a line with `timestamp`, `level`, `event` and its
    fields. Libraries log from warnings on.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    first = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*first, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _ToStandardError()
    handler.setFormatter(
        _Redacting(
            foreign_pre_chain=first,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(_JSON if log_format == "json" else [_text_renderer()]),
            ],
        )
    )
    root = logging.getLogger()
    for old in [item for item in root.handlers if isinstance(item, _ToStandardError)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(threshold)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))


_JSON: tuple[structlog.typing.Processor, ...] = (
    structlog.processors.format_exc_info,  # as text, without local variables
    structlog.processors.JSONRenderer(serializer=json.dumps, default=str, ensure_ascii=False),
)


def _text_renderer() -> structlog.typing.Processor:
    # Of an error no local variables are shown: they may be what somebody wrote.
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


class _Redacting(structlog.stdlib.ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class _ToStandardError(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at that moment, as tests and prompts exchange it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Return standard error."""
        return sys.stderr
