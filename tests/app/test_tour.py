"""Playing a script against a running bot."""

import asyncio
import io

import pytest
from app.stand_ins import Told, beat
from markets import HOUR
from rich.console import Console

from liqbot.app.tour import TOUR, Player, ScriptFailed
from liqbot.chat.console.printer import Printer
from liqbot.chat.console.script import Move, WaitAlert, parse_script


class Market(Told):
    """A market that falls when it is pushed."""

    def __init__(self):
        self.pushed = asyncio.Event()
        super().__init__(
            [*beat(HOUR, 100, near=90), self.pushed, *beat(2 * HOUR, 91, near=90), asyncio.Event()]
        )
        self.shocks = []

    def shock(self, coin, percent, over_s):
        if coin != "BTC":
            raise ValueError(f"{coin} is not simulated, only BTC")
        self.shocks.append((coin, percent, over_s))
        self.pushed.set()


@pytest.fixture
def play(bot_of, settings):
    """Return how to play a script; it returns the market and what was printed."""

    async def play(text, timeout_s=20.0):
        console = Console(file=io.StringIO(), width=200)
        market, printer = Market(), Printer(console, settings.pictures_path)
        async with bot_of(market, console=printer) as bot:
            await bot.until(lambda: bool(bot.services.markets.views))
            await Player(bot, market, printer, timeout_s).play(parse_script(text))
        return market, console.file.getvalue()

    return play


async def test_lines_are_typed_and_narration_is_shown(play):
    _, printed = await play("# Hello\n/regime BTC\n")
    assert printed.startswith("Hello\nliqbot> /regime BTC\n")
    assert "BTC 100" in printed


async def test_a_push_moves_the_market_and_its_alert_is_waited_for(play):
    market, printed = await play("/subscribe near-cluster BTC\nmove BTC -9 over 30m\nwait alert\n# Over")
    assert market.shocks == [("BTC", -9, 1800)]
    assert printed.index("ALERT") < printed.index("Over")


async def test_the_market_s_own_time_can_be_waited_for(play):
    _, printed = await play("move BTC -9 over 30m\nwait 1h\n/regime BTC")
    assert "BTC 91" in printed


async def test_an_alert_that_does_not_come_stops_the_script(play):
    with pytest.raises(ScriptFailed, match=r"no alert came within 0\.05 s"):
        await play("wait alert", timeout_s=0.05)


async def test_an_alert_is_waited_for_once(play):
    script = "/subscribe near-cluster BTC\nmove BTC -9 over 30m\nwait alert\nwait alert"
    with pytest.raises(ScriptFailed, match="no alert came"):
        await play(script, timeout_s=0.5)


async def test_a_push_of_a_market_that_is_not_there_stops_the_script(play):
    with pytest.raises(ScriptFailed, match="move DOGE -9: DOGE is not simulated, only BTC"):
        await play("move DOGE -9 over 30m")


def test_the_tour_is_a_script_that_ends_with_an_alert():
    kinds = [type(step) for step in parse_script(TOUR)]
    assert kinds.count(Move) == kinds.count(WaitAlert) == 1
