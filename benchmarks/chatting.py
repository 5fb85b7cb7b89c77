"""Discord under load: the whole bot on a simulated market, against the Discord of the tests on loopback."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measure import Row, lags, percentile
from liqbot.app.adapters import make_adapters
from liqbot.app.bot import Bot, clock_ms
from liqbot.app.sources import make_simulator
from liqbot.chat.discord.settings import DiscordSettings
from liqbot.people_settings import QuotaSettings
from liqbot.settings import Settings

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from counterparts.discord import Answer, Discord

AT_ONCE = 20
ROUNDS = 3
PATIENCE_S = 30
UNLIMITED = QuotaSettings(commands=0, commands_person=0, pictures=0, pictures_person=0, pictures_at_once=0)
"""One person asks for all of it."""


@dataclass
class Taken:
    """How long things took, in seconds."""

    acknowledged: list[float] = field(default_factory=list)
    drawn: list[float] = field(default_factory=list)
    helped: list[float] = field(default_factory=list)
    completed: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)


def rows() -> Iterator[Row]:
    """Yield what people wait for while twenty of them ask for a heatmap at once."""
    taken = asyncio.run(_measure())
    slowest_ack = max(taken.acknowledged) * 1000
    help_ms = percentile(taken.helped, 99) * 1000
    offer_ms = percentile(taken.completed, 99) * 1000
    yield Row(
        f"{AT_ONCE} `/heatmap` at once on Discord: acknowledged, p50, p99, slowest",
        _spread(taken.acknowledged),
        "at most 1000 ms",
        slowest_ack <= 1000,
    )
    yield Row("… their pictures arrived, p50, p99, slowest", _spread(taken.drawn), "")
    yield Row(
        "… `/help` meanwhile, p50, p99, slowest", _spread(taken.helped), "p99 at most 200 ms", help_ms <= 200
    )
    yield Row(
        "… completion meanwhile, p50, p99, slowest",
        _spread(taken.completed),
        "p99 at most 100 ms",
        offer_ms <= 100,
    )
    yield Row("… the event loop's lag meanwhile, p50, p99, worst", _spread(taken.late), "")


async def _measure() -> Taken:
    taken = Taken()
    with tempfile.TemporaryDirectory() as folder:
        async with Discord.start() as discord:
            guild = await discord.add_guild()
            channels = [await discord.add_channel(guild.id, f"channel-{number}") for number in range(AT_ONCE)]
            settings = Settings(
                database=Path(folder) / "liqbot.db",
                discord=DiscordSettings(
                    token=discord.token, api_url=discord.api_url, gateway_url=discord.gateway_url
                ),
                quotas=UNLIMITED,
            )
            bot = Bot(settings, [make_simulator(settings, clock_ms())], {})
            for name, adapter in make_adapters(settings, bot):
                bot.serve(name, adapter)
            async with bot:
                await bot.until(lambda: len(bot.services.markets.views) == len(settings.coins))
                await discord.sessions(wait=PATIENCE_S)
                while not await discord.commands():  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.05)
                await discord.slash("heatmap", channels[0], coin="BTC", wait=PATIENCE_S)
                for _ in range(ROUNDS):
                    taken.late += await lags(_round(discord, channels, taken))
    return taken


async def _round(discord: Discord, channels: list[int], taken: Taken) -> None:
    coins = ("BTC", "ETH", "SOL")
    asking = [
        asyncio.ensure_future(
            discord.slash("heatmap", channel, coin=coins[place % 3], window="7d", wait=PATIENCE_S)
        )
        for place, channel in enumerate(channels)
    ]
    while not all(one.done() for one in asking):
        helped, completed = await asyncio.gather(
            discord.slash("help", channels[0], wait=PATIENCE_S),
            discord.autocomplete("heatmap", channels[1], "coin", "e"),
        )
        taken.helped.append(_answered(helped))
        taken.completed.append(_acknowledged(completed))
    answers = await asyncio.gather(*asking)
    taken.acknowledged += map(_acknowledged, answers)
    taken.drawn += map(_answered, answers)


def _acknowledged(answer: Answer) -> float:
    return PATIENCE_S if answer.acknowledged_in is None else answer.acknowledged_in


def _answered(answer: Answer) -> float:
    return PATIENCE_S if answer.answered_in is None else answer.answered_in


def _spread(seconds: list[float]) -> str:
    figures = [percentile(seconds, 50), percentile(seconds, 99), max(seconds)]
    return ", ".join(f"{figure * 1000:.0f} ms" for figure in figures)
