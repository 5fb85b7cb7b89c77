"""A recording played through the bot: the picture of every alert shows, frames and names its cluster."""

import pytest
from platforms import Paper
from shared import shared_file

from liqbot.alerts.platform import Limits
from liqbot.app.bot import Bot
from liqbot.charts import heatmap
from liqbot.charts.canvas import Box
from liqbot.charts.studio import Studio
from liqbot.message import Picture
from liqbot.service.chats import ChatKey
from liqbot.sources.replay import Replay

CHAT = ChatKey("paper", "me")
WATCHES = (
    {},
    {"within": "20%", "at_least": "100k", "size": "0%", "single": "1"},
    {"within": "10%", "at_least": "1M", "resolved": "yes", "repeat": "1d"},
)
"""What is subscribed to of each coin: the default, and what brings many alerts."""


async def replayed(settings, coins):
    """Return what came to a chat that subscribes to all of it."""
    paper = Paper(limits=Limits(hourly=False))
    file = shared_file("recordings/hyperliquid-positions-2026-02.csv.gz")
    bot = Bot(settings.model_copy(update={"coins": coins}), [Replay(file)], {"paper": paper})
    for coin in coins:
        for written in WATCHES:
            await bot.services.subscriptions.enter(CHAT, "near-cluster", coin, dict(written))
    async with bot:
        await bot.until(lambda: bot.ended)
        await bot.drain(None)
    return [message for _, message in paper.messages]


def assert_its_cluster_is_seen(asked):
    plan = heatmap.layout(asked)
    assert plan.about is not None
    place, axis = plan.place, plan.place.prices
    assert axis.low <= plan.about.low <= plan.about.high <= axis.high
    (label,) = [label for label in plan.labels if label.is_highlighted]
    assert label.cluster == plan.about
    panel = Box(plan.frame.panel, place.top, plan.frame.right, place.bottom)
    assert panel.holds(label.box(plan.frame.words, plan.frame.right - 2))


@pytest.mark.long
async def test_its_cluster_is_inside_framed_and_named(settings, monkeypatch):
    drawn = []

    async def heatmap(_, asked):
        drawn.append(asked)
        return Picture(b"", "", f"{len(drawn)}.png")

    monkeypatch.setattr(Studio, "heatmap", heatmap)
    messages = await replayed(settings, ("BTC", "ETH", "SOL", "HYPE"))
    pictured = [message.picture.name for message in messages if message.picture is not None]
    # What arises while the picture of another is drawn comes with it, in words: that one was drawn in vain.
    assert set(pictured) <= {f"{number}.png" for number in range(1, len(drawn) + 1)}
    assert len(drawn) >= len(set(pictured)) == len(pictured) >= 40
    # A digest has no picture, and neither has what is over.
    others = [message.title for message in messages if message.picture is None]
    assert all("resolved" in title or "alerts" in title for title in others)
    for asked in drawn:
        assert_its_cluster_is_seen(asked)
