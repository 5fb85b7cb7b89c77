"""As somebody new does it, at a real terminal: set up with a token, run as a service, and heard from."""

import asyncio
import os
import pty
import re
import select
import stat
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from counterparts.telegram.fixtures import telegram, telegram_process

from liqbot.service.startup import FIRST_VIEW_S

__all__ = ["telegram", "telegram_process"]

pytestmark = pytest.mark.long

PATIENCE_S = 60
WRONG = "123456789:AAbbccddeeffgghhiijjkkllmmnnooppqqr"


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, folder, environment, *arguments):
        self._mine, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "liqbot", *arguments],
            cwd=folder,
            env=environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.shown, self._seen = "", 0

    def waits_for(self, words):
        """Read until it has shown `words`, after those that were waited for before."""
        until_s = time.monotonic() + PATIENCE_S
        while (at := self.shown.find(words, self._seen)) < 0:
            assert select.select([self._mine], [], [], max(0, until_s - time.monotonic()))[0], self.shown
            try:
                self.shown += os.read(self._mine, 4096).decode()
            except OSError:
                raise AssertionError(f"it ended without {words!r}: {self.shown!r}") from None
        self._seen = at + len(words)

    def types(self, line, *, hidden=False):
        """Type a line; a `hidden` one once the terminal shows no longer what is typed."""
        until_s = time.monotonic() + PATIENCE_S
        while hidden and termios.tcgetattr(self._mine)[3] & termios.ECHO:
            assert time.monotonic() < until_s, "what is typed would be shown"
            time.sleep(0.01)
        os.write(self._mine, f"{line}\n".encode())

    def ended(self):
        """Return its status."""
        status = self._process.wait(PATIENCE_S)
        os.close(self._mine)
        return status


def environment(home, **more):
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb", **more}


def set_up(folder, own, telegram):
    terminal = Terminal(folder, environment(folder, LIQBOT_TELEGRAM__API_URL=telegram.api_url), "setup")
    for question, answer in (
        ("Where people talk to it", "telegram"),
        ("Token of the bot", WRONG),
        ("Write it all the same?", "n"),
        ("Token of the bot", telegram.token),
        ("Where data comes from", "simulator"),
        ("Coins", "BTC,ETH"),
        ("Your own id", str(own)),
        ("What keeps it running", "systemd"),
    ):
        terminal.waits_for(question)
        terminal.types(answer, hidden="Token" in question)
    terminal.waits_for("The bot: @liqbot_test_bot, https://t.me/liqbot_test_bot")
    assert terminal.ended() == 0
    return terminal.shown


async def test_from_the_first_question_to_the_first_alert(tmp_path, telegram):
    ann = await telegram.person("Ann")
    shown = await asyncio.to_thread(set_up, tmp_path, ann.id, telegram)
    assert "✗" in shown, "the wrong token is refused"
    for secret in (WRONG, telegram.token):
        assert secret not in shown, "what is typed as a token is not shown"
    settings = tmp_path / "liqbot.toml"
    assert stat.S_IMODE(settings.stat().st_mode) == 0o600
    unit = (tmp_path / "liqbot.service").read_text()
    assert re.search(r"^ExecStart=.* run --serve$", unit, re.MULTILINE)
    assert telegram.token not in unit
    service = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "liqbot", "run", "--serve"),
        cwd=tmp_path,
        env=environment(
            tmp_path,
            LIQBOT_TELEGRAM__API_URL=telegram.api_url,
            LIQBOT_WEB__PORT="0",
            LIQBOT_SIMULATOR__SPEED="60",
        ),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    log = asyncio.create_task(service.stderr.read())
    try:
        async with asyncio.timeout(FIRST_VIEW_S + PATIENCE_S):
            await ann.says("/regime BTC")
            while "still being read" in (told := (await ann.hears(within=FIRST_VIEW_S + PATIENCE_S)).text):
                await ann.says("/regime BTC")  # on a busy machine the first view takes its time
        assert "BTC" in told
        await ann.says("/admin")
        told = (await ann.hears(within=PATIENCE_S)).text
        assert "Distinct watches" in told, "who set it up owns it"
        await ann.says("/subscribe near-cluster BTC within=30% preview=no")
        told = (await ann.hears(within=PATIENCE_S)).text
        assert "there is no parameter 'preview'; it takes within" in told
        await ann.says("/subscribe near-cluster ETH within=30%")
        heard = [(await ann.hears(within=PATIENCE_S)).text for _ in range(2)]
        assert any("within" in text or "cluster" in text for text in heard)
    finally:
        service.terminate()
        await service.wait()
    assert service.returncode == 0
    assert telegram.token not in (await log).decode()


def test_a_shell_completes_commands(tmp_path):
    ran = subprocess.run(
        [Path(sys.executable).with_name("liqbot")],
        cwd=tmp_path,
        env=environment(tmp_path, _LIQBOT_COMPLETE="complete_bash", COMP_WORDS="liqbot se", COMP_CWORD="1"),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    assert ran.stdout.split() == ["setup"], ran.stderr
