"""A bot at a terminal begins anew where the machine's clock was put back, as a served one does."""

import asyncio
from io import StringIO

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from liqbot.cli import running
from liqbot.settings import Settings


@pytest.fixture
def bots(monkeypatch):
    """Return the bots that are made, in their order."""
    made, make = [], running._made

    async def noting(*args, **more):
        made.append(await make(*args, **more))
        return made[-1]

    monkeypatch.setattr(running, "_made", noting)
    return made


async def shown(screen, text):
    async with asyncio.timeout(30):
        while text not in screen.getvalue():  # noqa: ASYNC110 - a screen tells nobody when it changes
            await asyncio.sleep(0.02)


@pytest.mark.long
async def test_a_clock_that_is_put_back_lets_everything_begin_anew_at_the_prompt(tmp_path, monkeypatch, bots):
    screen = StringIO()
    monkeypatch.setattr(running, "Console", lambda: Console(file=screen, width=200))
    settings = Settings(
        database=tmp_path / "liqbot.db",
        coins=("BTC",),
        web={"port": 0},
        simulator={"backfill_days": 0, "speed": 600},
    )
    with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
        talking = asyncio.create_task(running._talked(settings, dev=False))
        await shown(screen, "Type a command")
        keyboard.send_text("/regime BTC\r")
        await shown(screen, "BTC ")
        bots[0].clock_put_back.set()
        await shown(screen, "clock was put back")
        async with asyncio.timeout(30):
            while len(bots) < 2 or screen.getvalue().count("Type a command") < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        keyboard.send_text("/quit\r")
        async with asyncio.timeout(30):
            await talking
    assert len(bots) == 2
