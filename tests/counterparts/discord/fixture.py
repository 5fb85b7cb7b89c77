"""A fixture for tests that talk to Discord.

In a conftest.py: `from counterparts.discord.fixture import discord_counterpart`. It yields the control client of a
counterpart that was started for the test, and asserts in the end that nobody has broken the published contract; a
test that breaks it on purpose takes its violations with `violations(clear=True)`.
"""

from collections.abc import AsyncIterator

import pytest_asyncio

from .control import Discord


@pytest_asyncio.fixture
async def discord_counterpart() -> AsyncIterator[Discord]:
    async with Discord.start() as discord:
        yield discord
        await discord.assert_clean()
