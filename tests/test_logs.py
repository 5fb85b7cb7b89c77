"""Logs: nothing secret is in them, whoever logs it and however."""

import subprocess
import sys
import textwrap

from liqbot.logs import hide, redacted

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"  # noqa: S105 - nobody's
OTHER = "not like any token"


def logged(program):
    """Return what a program writes to standard error; it knows `TOKEN`, `OTHER` and everything of logging."""
    start = f"""
        import logging, structlog
        from pydantic import SecretStr
        from liqbot.logs import hide, set_up_logs
        TOKEN, OTHER = {TOKEN!r}, {OTHER!r}
        set_up_logs("debug")
        hide([SecretStr(TOKEN), SecretStr(OTHER)])
    """
    source = textwrap.dedent(start) + textwrap.dedent(program)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_a_secret_is_hidden_in_messages_and_values():
    told = logged("""
        structlog.get_logger().warning(f"token is {TOKEN}", given=OTHER, nested={"a": [TOKEN]})
        structlog.get_logger().info("harmless", coin="BTC")
    """)
    assert told.count("[hidden]") == 3
    assert TOKEN not in told
    assert OTHER not in told
    assert "BTC" in told


def test_a_secret_is_hidden_in_what_libraries_log():
    told = logged("""
        logging.getLogger("httpx").warning("HTTP Request: %s", f"https://api.telegram.org/bot{TOKEN}/getMe")
        logging.getLogger("other").error("%s", {"token": OTHER})
    """)
    assert told.count("[hidden]") == 2
    assert TOKEN not in told
    assert OTHER not in told


def test_a_secret_is_hidden_in_tracebacks_and_no_local_variable_is_shown():
    told = logged("""
        def fail():
            private = "what somebody wrote"
            try:
                raise ValueError(f"in {TOKEN}")
            except ValueError as error:
                raise RuntimeError(OTHER) from error
        for log in (structlog.get_logger().exception, logging.getLogger("x").exception):
            try:
                fail()
            except RuntimeError:
                log("it failed")
    """)
    assert told.count("RuntimeError: [hidden]") == 2
    assert TOKEN not in told
    assert f"{OTHER}\n" not in told
    assert "private = " not in told.replace('private = "what somebody wrote"', "")


def test_what_looks_like_a_bot_token_is_hidden_though_nobody_told_us_of_it():
    assert (
        redacted(f"/bot{TOKEN}/getMe, and at 12:30:45 nothing")
        == "/bot[hidden]/getMe, and at 12:30:45 nothing"
    )


def test_that_there_is_no_secret_hides_nothing():
    hide([])
    assert redacted("as it is") == "as it is"
