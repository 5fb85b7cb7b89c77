"""Whoever looks at a recorded market, and in whichever way, gets the same answer, to the last digit.

The recording of February 2026 is played once through the whole bot, which is asked with each snapshot for all
that people can ask for, and once as `liqbot view` plays it.
"""

import msgspec
import pytest
from platforms import Paper
from shared import shared_file

from liqbot.app.bot import Bot
from liqbot.bus import ViewsMade
from liqbot.charts import alternative_text
from liqbot.charts.studio import Studio
from liqbot.chat.command import CommandContext
from liqbot.message import Picture
from liqbot.operations.recordings import played
from liqbot.people_settings import QuotaSettings
from liqbot.service.market_answer import market_answer
from liqbot.settings import Settings
from liqbot.sources.recording import Recording
from liqbot.sources.replay import Replay
from liqbot.store.chats import ChatKey
from liqbot.text import figures

COINS = ("BTC", "ETH", "SOL", "HYPE")
ME = ChatKey("here", "me")


def as_json(view):
    """Return what `--json` prints of a view."""
    return msgspec.json.encode(market_answer(view))


class AskedAgainAndAgain(Bot):
    """A bot that is asked, with each snapshot, for all that people can ask for."""

    said: dict
    drawn: dict

    async def asked(self, notice):
        context = CommandContext(ME, self.services)
        for view in notice.views:
            key = (view.coin, view.time_ms)
            answer = await self.services.markets.market(view.coin)
            stored = await self.store.history.newest(view.coin, view.time_ms)
            self.said[key] = {
                "json": msgspec.json.encode(answer),
                "stored": as_json(stored),
                **{
                    name: await self.answering.answer(f"/{name} {view.coin}", context)
                    for name in ("heatmap", "map", "clusters", "regime")
                },
            }


@pytest.fixture
async def looked_at(tmp_path, monkeypatch):
    """Return all that was said of each coin and instant, the views that were drawn, and the alerts."""
    file = shared_file("recordings/hyperliquid-positions-2026-02.csv.gz")
    snapshots = list(Recording(file).snapshots())
    monkeypatch.setattr(Recording, "snapshots", lambda _: iter(snapshots))
    drawn = {}

    def drawing(kind):
        async def draw(_, asked):
            view = asked.view
            drawn.setdefault((view.coin, view.time_ms), {})[kind] = view
            return Picture(b"", alternative_text.alt(view, kind, ()), "x.png")

        return draw

    monkeypatch.setattr(Studio, "heatmap", drawing("heatmap"))
    monkeypatch.setattr(Studio, "map", drawing("map"))
    unlimited = QuotaSettings(commands=0, pictures=0, pictures_at_once=0)
    settings = Settings(
        database=tmp_path / "x.db", coins=COINS, plugins_path=tmp_path / "none", quotas=unlimited
    )
    bot = AskedAgainAndAgain(settings, [Replay(file)], {"here": Paper()})
    bot.said, bot.drawn = {}, drawn
    bot.bus.subscribe(ViewsMade, bot.asked)
    for coin in COINS:
        written = {"within": "10%", "single": "1", "apart": "0"}
        await bot.services.subscriptions.enter(ME, "near-cluster", coin, written)
        await bot.services.subscriptions.enter(ME, "regime-flip", coin, {})
    async with bot:
        await bot.until(lambda: False)
        await bot.drain(None)
        alerts = [
            (alert, as_json(await bot.store.alerts.view_of(alert)))
            for alert in await bot.store.alerts.newest_of(ME, 1000)
        ]
    return file, bot, alerts


@pytest.mark.long
async def test_view_heatmap_map_clusters_alerts_and_json_agree_on_every_coin_of_every_snapshot(looked_at):
    file, bot, alerts = looked_at
    known = {}
    for board in played(file):
        for coin in COINS:
            view = board.view(coin)
            known[coin, view.time_ms] = as_json(view)
            said = bot.said[coin, view.time_ms]
            assert said["json"] == said["stored"] == as_json(view)
            drawn = bot.drawn[coin, view.time_ms]
            assert as_json(drawn["heatmap"]) == as_json(drawn["map"]) == as_json(view)
            messages = [said[name] for name in ("heatmap", "map", "clusters", "regime")]
            assert {message.title for message in messages} == {
                f"{coin} {figures.price(view.spot)}: {view.regime.value}"
            }
            assert {message.provenance for message in messages} == {view.provenance}
            for name in ("heatmap", "map"):
                facts = {fact.label: fact.value for fact in said[name].facts}
                assert facts["Shorts within 5% above"] == figures.usd(view.up_usd)
                assert facts["Longs within 5% below"] == figures.usd(view.down_usd)
                assert f"ratio {figures.ratio(view.ratio)}, {view.regime.value}" in said[name].picture.alt
    assert len(known) == 280
    assert len(alerts) > 10
    assert all(seen == known[alert.coin, alert.time_ms] for alert, seen in alerts)
