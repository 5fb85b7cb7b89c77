"""A bot of the tests' own."""

import pytest
from databases import address_of

from liqbot.app.bot import Bot
from liqbot.charts.studio import Studio
from liqbot.message import Picture
from liqbot.settings import Settings


@pytest.fixture
def address(request, tmp_path):
    """Give where a database is: of both kinds for what is `ON_BOTH`.

    Most tests here wait until a source ends. On PostgreSQL one is followed by a lease, and never over:
    how whole bots live there is asked in `test_processes.py`.
    """
    return address_of(request, tmp_path)


@pytest.fixture
def settings(address, tmp_path):
    (tmp_path / "plugins").mkdir(exist_ok=True)
    return Settings(
        database=address,
        coins=("BTC", "ETH"),
        plugins_path=tmp_path / "plugins",
        pictures_path=tmp_path / "pictures",
    )


@pytest.fixture
def undrawn(monkeypatch):
    """Draw no pictures: they are not the subject."""

    async def heatmap(_, asked):
        return Picture(b"", f"{asked.view.coin} over {asked.window}", "x.png")

    monkeypatch.setattr(Studio, "heatmap", heatmap)


@pytest.fixture
def bot_of(settings, undrawn):
    """Return how to make a bot of sources and chats, on the test's one database."""
    assert undrawn is None

    def bot_of(*sources, **chats):
        return Bot(settings, sources, chats)

    return bot_of
