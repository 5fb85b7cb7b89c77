"""The program as its operator runs it: `liqbot run` and `liqbot doctor`, with Telegram set up."""

import asyncio
import contextlib
import os
import signal
import sys

import pytest
from chat.telegram.stand_ins import WITHIN

from liqbot.chat.adapter import AdapterError
from liqbot.chat.platform_time import PlatformTime
from liqbot.chat.telegram.checkup import check_telegram, reach
from liqbot.chat.telegram.settings import TelegramSettings

WRONG_TOKEN = "70000001:another-secret-than-the-right-one"  # noqa: S105 - names no bot anywhere


@pytest.fixture
def environment(telegram, tmp_path):
    """The operator's variables."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIQBOT_")}
    return kept | {
        "LIQBOT_DATABASE": str(tmp_path / "liqbot.db"),
        "LIQBOT_SIMULATOR__BACKFILL_DAYS": "0.1",
        "LIQBOT_TELEGRAM__TOKEN": telegram.token,
        "LIQBOT_TELEGRAM__API_URL": telegram.api_url,
    }


@contextlib.asynccontextmanager
async def liqbot(command, folder, environment):
    """Start the program; where it still runs at the end of the block, it is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "liqbot", command),
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ended(process):
    """Wait until the program is over; return its status and all that it printed."""
    async with asyncio.timeout(3 * WITHIN):
        told, _ = await process.communicate()
    return process.returncode, told.decode()


@pytest.mark.long
async def test_the_bot_serves_telegram_until_it_is_told_to_stop(telegram, tmp_path, environment):
    ann = await telegram.person("Ann")
    settings = environment | {"LIQBOT_LOG_LEVEL": "debug"}
    async with liqbot("run", tmp_path, settings) as process:
        await ann.starts()
        assert (await ann.hears(within=3 * WITHIN)).text.startswith("Welcome to liqbot")
        await ann.says("/heatmap BTC")
        shown = await ann.hears(within=WITHIN)
        while not shown.file_id:  # the market is still being read
            await ann.says("/heatmap BTC")
            shown = await ann.hears(within=WITHIN)
        process.send_signal(signal.SIGTERM)
        status, told = await ended(process)
    assert status == 0
    assert f"https://t.me/{telegram.username}" in told
    assert telegram.token not in told


async def test_the_doctor_prints_the_bots_link(telegram, tmp_path, environment):
    async with liqbot("doctor", tmp_path, environment) as process:
        status, told = await ended(process)
    assert status == 0
    assert f"✓ telegram: @{telegram.username}, https://t.me/{telegram.username}" in told
    assert telegram.token not in told


async def test_the_doctor_says_what_is_wrong_with_the_token(tmp_path, environment):
    wrong = environment | {"LIQBOT_TELEGRAM__TOKEN": WRONG_TOKEN}
    async with liqbot("doctor", tmp_path, wrong) as process:
        status, told = await ended(process)
    assert status == 1
    assert "✗ telegram: Telegram does not know this bot: LIQBOT_TELEGRAM__TOKEN must be the token" in told
    assert WRONG_TOKEN not in told


async def test_the_operator_s_chat_is_asked_for(telegram, settings_of):
    ann, bob = await telegram.person("Ann"), await telegram.person("Bob")
    settings = settings_of().telegram
    assert await reach(settings, str(ann.id)) == f"{ann.id} can be written to"
    assert await ann.messages() == []
    await bob.blocks()
    for nobody in (str(bob.id), "4711"):
        with pytest.raises(AdapterError, match="LIQBOT_OPERATOR_CHAT"):
            await reach(settings, nobody)


async def test_a_clock_that_is_off_is_no_check_mark(settings_of, monkeypatch):
    assert "@" in str(await check_telegram(settings_of().telegram))
    monkeypatch.setattr(PlatformTime, "clock_ahead_s", property(lambda _: -7200.0))
    with pytest.raises(AdapterError, match="this machine's clock is 2 h behind Telegram's"):
        await check_telegram(settings_of().telegram)


async def test_without_a_token_the_doctor_does_not_ask(tmp_path, environment):
    without = environment | {"LIQBOT_TELEGRAM__TOKEN": ""}
    async with liqbot("doctor", tmp_path, without) as process:
        status, told = await ended(process)
    assert status == 0
    assert "telegram" not in told


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:9", "http://127.0.0.1:no", "quic://127.0.0.1:9"])
async def test_a_proxy_of_the_environment_that_cannot_be_is_one_line_of_doctor(proxy, monkeypatch):
    for name in ("http_proxy", "https_proxy", "no_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("all_proxy", proxy)
    with pytest.raises(AdapterError, match="the proxy of all_proxy cannot be used") as caught:
        await check_telegram(TelegramSettings.model_validate({"token": "123456:no-token"}))
    assert "\n" not in str(caught.value)
