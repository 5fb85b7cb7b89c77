"""`liqbot replay`: a recording played through the whole bot."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from liqbot.app.bot import Bot
from liqbot.chat.console.printer import CONSOLE_CHAT, Printer
from liqbot.chat.market_commands import about
from liqbot.cli.terminal import progress_bar, tell_problems
from liqbot.logs import set_up_logs
from liqbot.operations.coin_names import find_coin, spelled
from liqbot.operations.stored_market import span_window
from liqbot.service.errors import UserError
from liqbot.service.market_answer import market_answer
from liqbot.settings import Settings, load_settings
from liqbot.sources.recording import Recording, Snapshot
from liqbot.sources.replay import Replay

DEFAULT_WATCHES = ("near-cluster {coin} within=5% apart=0", "regime-flip {coin}")
"""What is subscribed to for each coin where nothing is given."""
COINS = 4
"""How many coins are watched where none are given: those with the most open size."""


def replay(
    file: Annotated[Path, typer.Argument(help="The recording, CSV or CSV.gz.")],
    speed: Annotated[
        float, typer.Option(min=0, help="Recorded seconds a second; 0 is as fast as possible.")
    ] = 0,
    coins: Annotated[
        str | None, typer.Option(help="The coins to watch, as BTC,ETH.", show_default="the 4 largest")
    ] = None,
    watch: Annotated[
        list[str] | None,
        typer.Option(help="What to hear of, as 'near-cluster BTC within=3%'.", show_default=False),
    ] = None,
) -> None:
    """Play a recording through the whole bot: print the alerts that fire, and draw a heatmap of each coin."""
    set_up_logs("error")
    first = next(Recording(file).snapshots())
    wanted = _largest(first) if coins is None else _named(coins, first)
    watches = watch or [text.format(coin=coin) for coin in wanted for text in DEFAULT_WATCHES]
    with tempfile.TemporaryDirectory(prefix="liqbot-") as folder:
        own = load_settings().model_copy(update={"database": Path(folder) / "liqbot.db", "coins": wanted})
        asyncio.run(_Playing(own, Replay(file, speed=speed), first).run(watches))


class _Playing:
    """One recording, played once."""

    def __init__(self, settings: Settings, source: Replay, first: Snapshot) -> None:
        self._settings = settings
        self._source = source
        self._first = first
        self._printer = Printer(Console(highlight=False), settings.pictures_path)

    async def run(self, watches: Sequence[str]) -> None:
        bot = Bot(self._settings, [self._source], {CONSOLE_CHAT.platform: self._printer})
        for text in watches:
            await _subscribe(bot, text)
        async with bot:
            await self._until_played(bot)
            await bot.drain(None)  # its database is thrown away: what is not told now never will be
            for coin in self._settings.coins:
                await self._draw(bot, coin)
        tell_problems(self._source.recording)
        typer.echo(f"{self._printer.alerts} alerts in {bot.beats} snapshots")
        if bot.failure is not None:
            raise bot.failure
        for coin in self._settings.coins:
            find_coin(
                coin, [*bot.services.markets.views, *self._first.coins], str(self._source.recording.path)
            )

    async def _until_played(self, bot: Bot) -> None:
        recording = self._source.recording
        with progress_bar() as bar:
            task = bar.add_task(recording.path.name, total=recording.size())

            def ended() -> bool:
                bar.update(task, completed=recording.read_bytes)
                return bot.ended

            await bot.until(ended)

    async def _draw(self, bot: Bot, coin: str) -> None:
        view = bot.services.markets.views.get(coin)
        if view is None:
            return
        span_ms = view.time_ms - self._first.time_ms
        seen = bot.services.markets.layers.whole(view)
        picture = await bot.services.pictures.heatmap_of(seen, span_window(span_ms), span_ms=span_ms)
        self._printer.show(about(market_answer(view), picture))


def _largest(snapshot: Snapshot) -> tuple[str, ...]:
    usd = np.bincount(snapshot.coin, weights=np.abs(snapshot.size) * snapshot.mark)
    largest = sorted(range(len(snapshot.coins)), key=lambda place: -usd[place])[:COINS]
    return tuple(snapshot.coins[place] for place in largest)


def _named(coins: str, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the coins of a list, as the recording spells them where its first snapshot has them."""
    names = [coin.strip() for coin in coins.split(",") if coin.strip()]
    if not names:
        raise typer.BadParameter("name at least one coin, as BTC,ETH", param_hint="--coins")
    return tuple(dict.fromkeys(spelled(coin, snapshot.coins) or coin for coin in names))


async def _subscribe(bot: Bot, text: str) -> None:
    """Subscribe the console to `RULE COIN [name=value …]`, before there is a view of the coin."""
    rule, _, rest = text.partition(" ")
    coin, *settings = rest.split() or [""]
    pairs = [setting.partition("=") for setting in settings]
    if rule not in bot.services.rules.by_name or not coin or not all(equals for _, equals, _ in pairs):
        form = f"it is RULE COIN [name=value …], and the rules are {', '.join(bot.services.rules.by_name)}"
        raise typer.BadParameter(f"{text!r}: {form}", param_hint="--watch")
    try:
        written = {name: value for name, _, value in pairs}
        await bot.services.subscriptions.enter(CONSOLE_CHAT, rule, coin, written)
        await bot.services.chats.set_grouped(CONSOLE_CHAT, grouped=False)  # each with its picture
    except UserError as refusal:
        raise typer.BadParameter(str(refusal), param_hint="--watch") from None
