"""A bot of the tests' own."""

import pytest

from liqbot.app.bot import Bot
from liqbot.charts.studio import Studio
from liqbot.message import Picture
from liqbot.settings import Settings


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "plugins").mkdir(exist_ok=True)
    return Settings(
        database=tmp_path / "liqbot.db",
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
