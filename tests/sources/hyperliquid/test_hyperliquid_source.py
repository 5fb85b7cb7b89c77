"""The source against its counterpart: what it finds and covers, what it survives, and what it never does."""

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from counterparts.hyperliquid.running import counterpart
from recordings import recorded, row
from sources.hyperliquid.stand_ins import MINUTE_MS, Holdings, VirtualClock, address, follow

from liqbot.engine.board import Board
from liqbot.market.positions import MarginMode
from liqbot.market.updates import AccountsSeen, Beat
from liqbot.sections import SettingsError
from liqbot.sources.hyperliquid import Hyperliquid
from liqbot.sources.hyperliquid.polling import FirstLook
from liqbot.sources.hyperliquid.settings import HyperliquidSettings
from liqbot.sources.hyperliquid.source import QUIET_MS
from liqbot.sources.source import SourceError, WithReport

COINS = ("BTC", "ETH", "SOL")


@pytest.fixture
def database(tmp_path):
    return tmp_path / "liqbot.db"


def source_of(exchange, database, **settings):
    policy = settings.pop("policy", None)
    return Hyperliquid(exchange.settings(**settings), COINS, database, clock=exchange.clock, policy=policy)


def coverage(board):
    return [board.view(coin).coverage for coin in COINS if coin in board.coins]


def is_covered(share):
    """Ask for one view after the other until one is not covered so far: they take longer than beats."""
    return lambda board, _: (
        set(COINS) <= set(board.coins) and all(board.view(coin).coverage >= share for coin in COINS)
    )


async def find_all(exchange, database):
    """Ask everybody on the lists once, have them saved, and return the source that did."""
    source, covered = source_of(exchange, database, weight_a_minute=0, policy=FirstLook()), is_covered(0.99)

    def is_over(board, beat):
        roster = source.roster
        return source.discovery.looked and roster.asked >= len(roster) and covered(board, beat)

    await follow(source, is_over)
    return source


class Watched:
    """A source that is followed in the background, and what it has told so far."""

    def __init__(self, source):
        self.source, self.board, self.holdings = source, Board(source.layer), Holdings()
        self.beats, self._came = 0, asyncio.Event()
        self.views, self.wrong = [], []

    async def run(self, truth):
        async with contextlib.aclosing(self.source.updates()) as updates:
            async for update in updates:
                self.board.apply(update)
                self.holdings.take(update)
                if isinstance(update, Beat):
                    held = self.holdings.held
                    self.wrong += [name for name in held if held[name].keys() != truth.get(name, {}).keys()]
                    self.views.append((update.time_ms, self.board.view("BTC")))
                    self.beats += 1
                    self._came.set()

    async def minutes(self, minutes):
        """Wait until so many simulated minutes have passed."""
        until_ms = self.source.clock.now_ms() + minutes * MINUTE_MS
        async with asyncio.timeout(60):
            while not (self.views and self.views[-1][0] >= until_ms):
                self._came.clear()
                await self._came.wait()
        return self.views[-1][1]


@pytest.mark.long
async def test_what_was_found_is_known_after_a_restart_and_the_largest_are_asked_first(database):
    with counterpart(crowd=0.1, speed=60, still=True, listed=1.0, limit=0) as exchange:
        first = await find_all(exchange, database)
        assert isinstance(first, WithReport)
        known = len(first.roster)
        again = source_of(exchange, database, weight_a_minute=200, leaderboard_url="", vaults=())
        board = await follow(again, is_covered(0.5), seconds=600)
        assert len(again.roster) == known
        assert sum(coverage(board)) / len(COINS) > 4 * again.roster.answered / known / 2


@pytest.mark.long
async def test_after_a_restart_views_wait_until_most_is_known_again(database):
    with counterpart(crowd=0.1, speed=60, still=True, listed=1.0, limit=0) as exchange:
        await find_all(exchange, database)
        settings = exchange.settings(weight_a_minute=200, leaderboard_url="", vaults=())
        again = Hyperliquid(settings, COINS, database, clock=exchange.clock, recall_first=True)
        board = await follow(again, lambda *_: True, seconds=600)
        views = [board.view(coin) for coin in COINS]
        open_usd = [view.open_usd.long + view.open_usd.short for view in views]
        all_usd = [usd / view.coverage for usd, view in zip(open_usd, views, strict=True)]
        assert 0.75 < sum(open_usd) / sum(all_usd) < 0.99
        assert again.roster.known_again >= 0.8


@pytest.mark.long
async def test_where_most_cannot_be_known_again_views_come_all_the_same(database):
    with counterpart(crowd=0.1, speed=240, still=True, listed=1.0, limit=0) as exchange:
        await find_all(exchange, database)
        exchange.control(faults={"502": 1.0})
        settings = exchange.settings(weight_a_minute=100, leaderboard_url="", vaults=())
        again = Hyperliquid(settings, COINS, database, clock=exchange.clock, recall_first=True)
        start_ms = exchange.clock.now_ms()
        board = await follow(again, lambda *_: True, seconds=900)
        assert coverage(board) == [0, 0, 0]
        assert exchange.clock.now_ms() - start_ms >= 600_000
        assert again.report().lines[0].endswith("% of what was known before the restart is known again")


@pytest.mark.long
async def test_accounts_that_no_list_has_are_found_by_their_trades(database):
    with counterpart(crowd=0.1, speed=60, still=True, listed=0.0, limit=0) as exchange:
        source = source_of(exchange, database, weight_a_minute=0, vaults=())
        await follow(source, lambda *_: len(source.roster) > 200, seconds=3600)


async def test_pooled_accounts_keep_the_exchanges_price_and_are_not_aged(database):
    with counterpart(crowd=0.1, speed=60, still=True, listed=1.0, limit=0) as exchange:
        exchange.control(pool=0.4)
        source = source_of(exchange, database, weight_a_minute=0)
        modes, levels = set(), []
        async with contextlib.aclosing(source.updates()) as updates:
            async for update in updates:
                if isinstance(update, AccountsSeen):
                    modes |= set(update.margin_mode.tolist())
                    unknown = update.margin_mode == MarginMode.UNKNOWN
                    levels += update.liquidation[unknown].tolist()
                is_beat = isinstance(update, Beat)
                if is_beat and len(modes) == 3 and "portfolioMargin" in " ".join(source.report().lines):
                    break
        assert modes == {MarginMode.UNKNOWN, MarginMode.CROSS, MarginMode.ISOLATED}
        assert np.isfinite(levels).any()
        assert "portfolioMargin" in source.modes.named.values()


async def test_a_position_that_a_later_answer_lacks_is_closed(database, tmp_path):
    account, other = address(10), address(11)
    held = [
        row(account, 2, at=90, time_ms=1000),
        row(account, -1, at=15, mark=10, coin="ETH", time_ms=1000),
        row(other, 5, at=80, time_ms=1000),
        row(account, 2, at=90, time_ms=5 * MINUTE_MS),
        f"{9 * MINUTE_MS},{other}{',' * 7}",
    ]
    with counterpart(recording=recorded(tmp_path / "x.csv", *held), speed=240, listed=1.0) as exchange:
        source = source_of(exchange, database)
        longs = {}

        def closed(board, beat):
            if "BTC" in board.coins and "ETH" in board.coins:
                longs[(beat.time_ms - exchange.clock.start_ms) // MINUTE_MS] = (
                    board.view("BTC").open_usd.long,
                    board.view("ETH").open_usd.short,
                )
            return bool(longs) and list(longs.values())[-1] == (200, 0)

        await follow(source, closed, seconds=3600)
    assert (700, 10) in longs.values()
    assert (700, 0) in longs.values()
    assert max(longs) >= 8


async def test_another_heatmap_is_read_beside_it(database):
    with counterpart(crowd=0.1, speed=60, still=True, limit=0) as exchange:
        source = source_of(exchange, database, weight_a_minute=0, hyperperps=True)
        await follow(source, lambda *_: len(source.report().elsewhere) == 3, seconds=600)
        truth = exchange.truth()
    for told in source.report().elsewhere:
        assert told.up_usd == pytest.approx(0.9 * truth[told.coin]["up"])
        assert told.down_usd == pytest.approx(0.9 * truth[told.coin]["down"])


async def test_another_dex_is_asked_of_every_account(database):
    with counterpart(crowd=0.02, speed=60, still=True, limit=0, listed=1.0) as exchange:
        source = source_of(exchange, database, weight_a_minute=0, dexes=("xyz",), policy=FirstLook())
        await follow(source, lambda *_: source.discovery.looked and source.roster.asked >= len(source.roster))
        asked = exchange.stats()["asked"]
    assert asked["xyz"] == dict.fromkeys(source.roster.names, 1)
    assert asked[""].keys() == asked["xyz"].keys()  # some once more, to try whether batches are served


@pytest.mark.long
async def test_one_dex_that_fails_takes_neither_the_others_nor_what_was_known_of_it(database):
    with counterpart(crowd=0.02, speed=60, still=True, limit=0, listed=1.0, dexes="xyz,flx") as exchange:
        source = source_of(exchange, database, weight_a_minute=0, dexes=("xyz", "flx"))

        before = {}

        def was_asked_twice_more(board, _):
            roster = source.roster
            if not before and roster.asked >= len(roster) > 0 and "xyz:TSLA" in board.coins:
                before.update(usd=board.view("xyz:TSLA").open_usd, answered=roster.answered)
                exchange.control(dexes_down=["xyz"])
            is_again = bool(before) and roster.answered > before["answered"] + 2 * len(roster)
            return is_again and "xyz" in source.report().missing

        board = await follow(source, was_asked_twice_more)
        assert source.report().missing["xyz"].startswith("metaAndAssetCtxs: 502")
        views = {coin: board.view(coin) for coin in board.coins}
    assert views["BTC"].coverage > 0.9
    assert views["flx:TSLA"].open_usd == views["xyz:TSLA"].open_usd == before["usd"]
    assert views["flx:TSLA"].age_s < views["xyz:TSLA"].age_s


async def test_a_coin_that_there_is_not_is_named_with_the_one_that_is_meant(database):
    with counterpart(crowd=0.02, speed=60, still=True, limit=0) as exchange:
        source = Hyperliquid(
            exchange.settings(), ("BTC", "btc", "ETHUSDT", "ZZZZ"), database, clock=exchange.clock
        )
        async with source.client:
            await source.feed.ask()
    assert source.report().missing == {
        "btc": "no such market; it is called BTC there",
        "ETHUSDT": "no such market; it is called ETH there",
        "ZZZZ": "no such market",
    }


@pytest.mark.long
async def test_another_thread_is_told_the_report_of_the_last_beat_while_everything_goes_on(database):
    with counterpart(crowd=0.3, speed=60, still=True, limit=0, listed=1.0) as exchange:
        source = source_of(exchange, database, weight_a_minute=0)
        reports = []

        def was_asked(*_):
            reports.append(source.report())
            return source.roster.asked > 500

        with ThreadPoolExecutor(1) as engine:
            ended = threading.Event()

            def ask():
                while not ended.wait(0.001):
                    reports.append(source.report())

            asking = engine.submit(ask)
            try:
                await follow(source, was_asked)
            finally:
                ended.set()
            asking.result()
        assert len({id(report) for report in reports}) > 2


async def test_an_exchange_that_cannot_be_reached_is_told_and_tried_again(database):
    nowhere = HyperliquidSettings(api_url="http://127.0.0.1:9", ws_url="ws://127.0.0.1:9", leaderboard_url="")
    source = Hyperliquid(nowhere, COINS, database)
    with pytest.raises(
        SourceError, match=r"http://127\.0\.0\.1:9 does not answer: metaAndAssetCtxs: ConnectError"
    ):
        await source.check()
    clock = VirtualClock()
    source = Hyperliquid(nowhere, COINS, database, clock=clock)
    updates = source.updates()
    coming = asyncio.create_task(anext(updates))
    async with asyncio.timeout(20):
        while not any("no prices yet: metaAndAssetCtxs" in line for line in source.report().lines):
            assert not coming.done()
            await asyncio.sleep(0)
    coming.cancel()
    await asyncio.gather(coming, return_exceptions=True)


def test_the_operators_own_accounts_come_from_a_file(database, tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text(f"# mine\n{address(1)}\n\n{address(10).upper().replace('0X', '0x')}  # the other\n")
    source = Hyperliquid(HyperliquidSettings(accounts_file=str(file)), COINS, database)
    assert source.roster.names == [address(1), address(10)]


@pytest.mark.parametrize(
    ("text", "told"),
    [("0x12\n", "line 1: '0x12' is no address"), (f"{address(1)}\n{address(2)},x\n", "line 2: ")],
)
def test_a_line_that_is_no_address_is_refused_by_its_number(database, tmp_path, text, told):
    file = tmp_path / "mine.txt"
    file.write_text(text)
    with pytest.raises(SettingsError, match="LIQBOT_HYPERLIQUID__ACCOUNTS_FILE: .*" + told):
        Hyperliquid(HyperliquidSettings(accounts_file=str(file)), COINS, database)


def test_a_file_of_accounts_that_is_not_there_is_refused(database):
    with pytest.raises(SettingsError, match=r"ACCOUNTS_FILE: none\.txt cannot be read"):
        Hyperliquid(HyperliquidSettings(accounts_file="none.txt"), COINS, database)


async def test_when_the_exchange_is_gone_there_are_no_more_views_at_its_last_prices(database):
    with counterpart(crowd=0.02, speed=240, still=True, limit=0) as exchange:
        watched = Watched(source_of(exchange, database, weight_a_minute=0))
        task = asyncio.create_task(watched.run(exchange.positions()))
        await watched.minutes(1)
    gone_ms = exchange.clock.now_ms()
    async with asyncio.timeout(30):
        while exchange.clock.now_ms() < gone_ms + QUIET_MS + 5 * MINUTE_MS:
            await exchange.clock.sleep(10)
    assert gone_ms <= watched.views[-1][0] <= gone_ms + QUIET_MS + MINUTE_MS
    assert any("polls failed" in line for line in watched.source.report().lines)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
