"""Nothing secret reaches a log, whoever writes it and however."""

import ast
import json
import logging
import re
from pathlib import Path

import pytest
import structlog
from listening import LISTENER, listen, plant
from pydantic import SecretStr

import liqbot
from liqbot.logs import HIDDEN, hide, redacted, set_up_logs

TELEGRAM = "123456789:AAF-planted_token_that_must_never_be_seen0"
DISCORD = "MTE5ODYyMjQ4MzQ3MTkyNTI0OA.GplAnt.planted_token_that_must_never_be_seen"
OWN = "planted-webhook-secret"
PACKAGE = Path(liqbot.__file__).parent


@pytest.fixture
def logged(capsys):
    """Return how to read what was logged; the loggers are as before afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    set_up_logs("debug")
    yield lambda: capsys.readouterr().err
    root.handlers[:] = handlers
    root.setLevel(level)
    listen()


@pytest.mark.parametrize("secret", [TELEGRAM, DISCORD])
def test_what_looks_like_a_token_is_hidden_wherever_it_stands(logged, secret):
    url = f"https://api.telegram.org/bot{secret}/sendMessage"
    structlog.get_logger().error("a request failed", url=url, detail={"token": secret})
    logging.getLogger("some.library").warning("GET %s", url)
    try:
        int(f"bad token {secret}")
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("some.library").exception("failed too")
    text = logged()
    assert secret not in text
    assert text.count(HIDDEN) >= 5
    assert "a request failed" in text
    assert "ValueError" in text


def test_a_secret_of_any_shape_is_hidden_once_it_is_known(logged):
    hide([SecretStr(OWN)])
    logging.getLogger("aiohttp").warning("X-Secret: %s", OWN)
    structlog.get_logger().warning("header", value=OWN)
    text = logged()
    assert OWN not in text
    assert text.count(HIDDEN) == 2


def test_what_is_no_secret_stays_as_it_is():
    for text in (
        "BTC 63,524 at 12:30:45",
        "2026-11-21T10:00:00.000Z",
        "liqbot.app.health_monitor",
        "0x" + "ab" * 20,
    ):
        assert redacted(text) == text


def test_a_short_secret_does_not_blacken_everything():
    hide([SecretStr("abc")])
    assert redacted("abc") == "abc"


@pytest.mark.parametrize(("level", "lines"), [("debug", 3), ("info", 2), ("error", 0)])
def test_the_level_decides_what_is_logged_and_libraries_log_warnings_only(logged, level, lines):
    set_up_logs(level)
    structlog.get_logger().debug("one")
    structlog.get_logger().info("two")
    logging.getLogger("httpx").info("HTTP Request: GET …")
    logging.getLogger("httpx").warning("three")
    text = logged()
    assert "HTTP Request" not in text
    assert len(text.splitlines()) == lines


def test_of_an_error_no_local_variable_is_shown(logged):
    def fail():
        written = "what somebody wrote in a chat"
        return int(written[:0])

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("failed")
    text = logged()
    assert "ValueError" in text
    assert "what somebody wrote" not in text.replace('written = "what somebody wrote in a chat"', "")


def test_the_listener_hears_what_is_not_hidden_and_would_find_it():
    word = plant("a planted word that is no token")
    heard = LISTENER.heard
    logging.getLogger("liqbot").info("somebody wrote %s", word)
    structlog.get_logger().info("somebody wrote", what=word)
    assert LISTENER.heard == heard + 2
    assert len(LISTENER.found) == 2
    LISTENER.found.clear()


def test_a_line_has_its_date_its_level_and_its_fields(logged):
    structlog.get_logger().warning("rule_failed", rule="near-cluster", count=3)
    line = logged()
    assert re.match(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", line)
    assert "[warning" in line
    assert "rule=near-cluster" in line


def test_as_json_each_line_is_one_object_whoever_logs_it(logged):
    set_up_logs("info", "json")
    structlog.get_logger().warning("rule_failed", rule="near-cluster", token=TELEGRAM)
    logging.getLogger("some.library").warning("with %s", "arguments")
    try:
        int("x")
    except ValueError:
        structlog.get_logger().exception("source_failed", source="okx")
    ours, library, failure = map(json.loads, logged().splitlines())
    assert ours["event"] == "rule_failed"
    assert (ours["level"], ours["rule"], ours["token"]) == ("warning", "near-cluster", HIDDEN)
    assert ours["timestamp"].endswith("Z")
    assert library["event"] == "with arguments"
    assert "ValueError" in failure["exception"]


EVENT = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def events_of(code):
    """Return where `code` logs, and the first argument; None where that is no literal."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            first = node.args[0] if node.args else None
            if ast.unparse(node.func.value).lower().lstrip("_") in {"log", "logger"}:
                yield node.lineno, first.value if isinstance(first, ast.Constant) else None


def test_every_line_of_the_log_is_an_event_with_a_name_to_search_for():
    events = {
        f"{file.relative_to(PACKAGE.parent)}:{line}": event
        for file in PACKAGE.rglob("*.py")
        for line, event in events_of(file.read_text(encoding="utf-8"))
    }
    assert len(events) > 80
    assert not {at: event for at, event in events.items() if not (event and EVENT.fullmatch(event))}


@pytest.mark.parametrize("argument", ['"a rule failed"', "REASON", 'f"rule_{name}"', '"trouble"'])
def test_prose_and_what_is_put_together_are_no_names_of_events(argument):
    ((_, event),) = events_of(f"_log.warning({argument}, reason=1)")
    assert not (event and EVENT.fullmatch(event))
