"""Fixtures for tests that need Telegram: import both in a conftest.

    from counterparts.telegram.fixtures import telegram, telegram_process

`telegram` is a world of its own for each test; at its end, nothing may have broken the published description.
"""

import pytest
import pytest_asyncio
from listening import plant

from .control import Telegram
from .process import start


@pytest.fixture(scope="session")
def telegram_process():
    """One process for all tests of a run."""
    running = start()
    plant(running.token)
    yield running
    running.stop()


@pytest_asyncio.fixture
async def telegram(telegram_process):
    """An empty world, and afterwards the assertion that all calls and results were as described.

    A test that breaks the description on purpose ends with `await telegram.reset()`.
    """
    async with Telegram(telegram_process) as client:
        await client.reset()
        yield client
        assert not await client.violations()


@pytest.fixture(scope="session")
def second_process():
    """Another one, for tests of a bot with two tokens."""
    running = start("--token", "70000002:token-of-the-second-counterpart-000")
    plant(running.token)
    yield running
    running.stop()


@pytest_asyncio.fixture
async def second(second_process):
    """Another Telegram with another bot; who is first there has the number of who is first on the other."""
    async with Telegram(second_process) as client:
        await client.reset()
        yield client
        assert not await client.violations()
