"""Fixtures for tests that talk to Discord.

In a conftest.py:

    from counterparts.discord.fixture import discord_counterpart, discord_process

`discord_counterpart` is the control client of a fresh Discord. In the end it asserts that nobody has broken
the published contract; a test that breaks it on purpose takes its violations with `violations(clear=True)`.
"""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from listening import plant

from .control import TESTS, Discord


@pytest.fixture(scope="session")
def discord_process() -> Iterator[int]:
    """Start the counterpart's process once for all tests; its port opens further Discords."""
    command = [sys.executable, "-m", "counterparts.discord", "--identify-every", "0"]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        try:
            yield json.loads(process.stdout.readline())["port"]
        finally:
            process.terminate()


@pytest_asyncio.fixture
async def discord_counterpart(discord_process: int) -> AsyncIterator[Discord]:
    async with Discord.at(discord_process) as host, host.another() as discord:
        plant(discord.token)
        yield discord
        await discord.assert_clean()
