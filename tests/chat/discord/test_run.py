"""`liqbot run` with a token, as a process of its own."""

import asyncio
import signal
from contextlib import asynccontextmanager

import pytest
from chat.discord.stand_ins import eventually, text_of
from chat.discord.test_doctor import ALL_BUT_AUDIO
from cli.conftest import clean, command


@pytest.fixture
def folder(tmp_path):
    """Return where the bot has its database: the house has one of its own."""
    made = tmp_path / "bot"
    made.mkdir()
    return made


@asynccontextmanager
async def started(house, folder):
    """Run `liqbot run` in `folder`, without a terminal; in the end it must be over."""
    environment = clean(
        LIQBOT_DISCORD__TOKEN=house.discord.token,
        LIQBOT_DISCORD__API_URL=house.discord.api_url,
        LIQBOT_DISCORD__GATEWAY_URL=house.discord.gateway_url,
        LIQBOT_SIMULATOR__BACKFILL_DAYS="0.05",
        LIQBOT_COINS="BTC",
        LIQBOT_QUOTAS__COMMANDS="0",  # these tests ask again and again until something is there
        LIQBOT_QUOTAS__COMMANDS_PERSON="0",
        LIQBOT_LOG_LEVEL="debug",
        PYTHONWARNINGS=ALL_BUT_AUDIO,
    )
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command("run"),
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def has_picture(answer):
    """Return whether an answer has come by now, and with a picture."""
    return answer.message is not None and bool(answer.message.files)


async def test_with_a_token_it_serves_discord_until_it_is_told_to_stop_and_never_logs_the_token(
    house, folder
):
    async with started(house, folder) as process:
        await house.discord.sessions(wait=20)
        await eventually(house.discord.commands)

        async def drawn():
            return has_picture(await house.slash("heatmap", coin="BTC"))

        await eventually(drawn, seconds=30)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    assert await house.discord.sessions(at_least=0) == []
    log = (folder / "log").read_text()
    assert "discord_commands_synced" in log
    assert "voice" not in log
    assert house.discord.token not in log
    assert "Traceback" not in log


@pytest.mark.long
async def test_after_it_was_killed_its_buttons_and_subscriptions_are_still_there(house, folder):
    async with started(house, folder) as process:
        await house.discord.sessions(wait=20)
        await eventually(house.discord.commands)

        async def subscribed():
            answer = await house.slash("subscribe near-cluster", coin="BTC")
            return "#1" in text_of(answer.message)

        await eventually(subscribed, seconds=30)
        message = (await house.slash("clusters", coin="BTC")).message
        process.kill()
        await process.wait()
    async with started(house, folder):
        await house.discord.sessions(wait=20)

        async def mapped():
            answer = await house.discord.press(message, "Map")
            return has_picture(answer)

        await eventually(mapped, seconds=30)
        answer = await house.slash("subscriptions")
        assert "#1 near-cluster BTC" in text_of(answer.message)
    assert len(await house.discord.calls("PUT", "/commands$")) == 1
