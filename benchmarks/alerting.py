"""One view that fires a hundred thousand deliveries, against the least it takes to write these down."""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks.measure import Row, lags, peak_mb, percentile, resident_mb
from liqbot.alerts.evaluator import Evaluator
from liqbot.engine.board import Board
from liqbot.market.view import MarketView
from liqbot.rules.parameters import Usd
from liqbot.rules.plugin_loading import Rules
from liqbot.rules.rule import Hit, rule
from liqbot.sources.simulator import SimulatedMarket
from liqbot.sources.simulator.source import LAYER
from liqbot.store.alerts import EXPIRES_MS
from liqbot.store.sqlite.database import open_database, transaction
from liqbot.store.sqlite.store import SqliteStore

SUBSCRIPTIONS, WATCHES, COINS, CHATS = 10**6, 10**4, 50, 2 * 10**5
FIRING, FIRED = 100, 10**5
"""So many watches on the view's coin fire, for so many subscriptions together."""
COIN = "BTC"
START_MS = 1_770_000_000_000
ROUNDS = 3
Found = TypeVar("Found")


@rule("open-size")
def open_size(view: MarketView, *, at_least: Usd = 1e6) -> Iterator[Hit]:
    """The money on the map of `view` is at least so much; on a beat that is not the first."""
    if view.time_ms > START_MS + 60_000 and at_least <= FIRING:
        yield Hit("size", f"{view.coin} has more than {at_least:,.0f}", means="Much.", value=at_least)


def rows() -> Iterator[Row]:
    """Yield what a view costs from its coming to committed deliveries, and what it takes in memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        base = folder / "base.db"
        _build(base)
        floors: list[float] = []
        takes: list[float] = []
        peaks: list[float] = []
        late: list[float] = []
        for _ in range(ROUNDS):
            floors.append(_alone(_floor, base, folder / "floor.db"))
            seconds, grown, lag_ms = _alone(_take, base, folder / "take.db")
            takes.append(seconds)
            peaks.append(grown)
            late += lag_ms
    ratio = statistics.median(take / floor for take, floor in zip(takes, floors, strict=True))
    floor_ms = statistics.median(floors) * 1000
    yield Row(
        f"a view against {SUBSCRIPTIONS:,} subscriptions on {WATCHES:,} watches, to {FIRED:,} deliveries",
        f"{statistics.median(takes) * 1000:.0f} ms",
        f"{ratio:.2f}× a bare `executemany` of the rows ({floor_ms:.0f} ms); at most 2×",
        ratio <= 2,
    )
    p99_ms = percentile(late, 99)
    yield Row(
        "… the event loop's lag meanwhile, p99 and worst",
        f"{p99_ms:.1f} ms, {max(late):.0f} ms",
        "p99 at most 20 ms",
        p99_ms <= 20,
    )
    yield Row("… memory at its peak, beyond what the bot holds", f"{max(peaks):+.1f} MB", "")


def _alone(function: Callable[[Path], Found], base: Path, path: Path) -> Found:
    """Return what `function` returns for a fresh copy of the database, in a process of its own."""
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    shutil.copy(base, path)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(function, path).result()


def _take(path: Path) -> tuple[float, float, list[float]]:
    """Return the seconds that the view took, the MB that memory grew, and the loop's lag in ms."""
    return asyncio.run(_taken(path))


async def _taken(path: Path) -> tuple[float, float, list[float]]:
    with SqliteStore(path) as store:
        evaluator = Evaluator(loaded_rules(), store.alerts)
        quiet, loud = quiet_and_loud()
        await evaluator.take(quiet, 0)
        before_mb = resident_mb()
        start = time.perf_counter()
        taking = asyncio.ensure_future(_timed(evaluator.take(loud, 1)))
        late = [1000 * lag for lag in await lags(taking)]
        due, end = taking.result()
        seconds = end - start
        if due != FIRED:
            raise AssertionError(f"{due} deliveries instead of {FIRED}")
        return seconds, peak_mb() - before_mb, late


async def _timed(work: Awaitable[int]) -> tuple[int, float]:
    """Return what `work` returned, and when that was."""
    return await work, time.perf_counter()


def _floor(path: Path) -> float:
    """Return the seconds that it takes to write the same rows into the same table, and nothing else.

    The triggers that keep the heads of chats are left out: they are part of what a view costs.
    """
    with closing(open_database(path).conn) as database:
        for trigger in ("queue_heads_insert", "queue_heads_update", "queue_heads_delete"):
            database.execute(f"DROP TRIGGER {trigger}")
        with transaction(database):
            database.executemany(
                "INSERT INTO alerts (id, rule, coin, parameters, key, reason, time_ms, hit, view) "
                "VALUES (?, '', '', '', '', '', 0, x'', x'')",
                [(watch,) for watch in range(1, FIRING + 1)],
            )
        found = database.execute(
            "SELECT watch_id, chat_id, 'due', 1, ? FROM subscriptions WHERE watch_id <= ? "
            "ORDER BY watch_id, id",
            [1 + EXPIRES_MS, FIRING],
        ).fetchall()
        start = time.perf_counter()
        with transaction(database):
            database.executemany(
                "INSERT INTO deliveries (alert_id, chat_id, status, due_ms, expires_ms) "
                "VALUES (?, ?, ?, ?, ?)",
                found,
            )
        return time.perf_counter() - start


def loaded_rules() -> Rules:
    """Return the one rule that there is."""
    rules = Rules()
    rules.add([open_size])
    return rules


def quiet_and_loud() -> tuple[MarketView, MarketView]:
    """Return a view in which nothing fires, and the next one."""
    market, board = SimulatedMarket(7, start_ms=START_MS), Board(LAYER)
    board.apply_all(market.step(60))
    quiet = board.view(COIN)
    board.apply_all(market.step(60))
    return quiet, board.view(COIN)


def watches() -> list[tuple[str, str, str]]:
    """Return the rule, the coin and the parameters of each watch, from number 1 on."""
    form, on_coin = loaded_rules().by_name["open-size"].form, WATCHES // COINS
    return [
        (
            "open-size",
            COIN if number <= on_coin else f"COIN{number % (COINS - 1)}",
            form.canonical(form.parse({"at_least": str(number)})),
        )
        for number in range(1, WATCHES + 1)
    ]


def subscriptions() -> Iterator[tuple[int, int, int]]:
    """Return chat, watch and number of each: `FIRED` of watches 1 to `FIRING`, and the rest of the others."""
    rest = np.arange(SUBSCRIPTIONS - FIRED) % (WATCHES - FIRING) + FIRING + 1
    watch = np.concatenate([np.arange(FIRED) % FIRING + 1, np.sort(rest)])
    watch[:FIRED].sort()
    chat = np.random.default_rng(1).permutation(CHATS)[np.arange(SUBSCRIPTIONS) % CHATS] + 1
    number = np.arange(SUBSCRIPTIONS) // CHATS + 1
    return zip(chat.tolist(), watch.tolist(), number.tolist(), strict=True)


def _build(path: Path) -> None:
    with closing(open_database(path).conn) as database:
        database.execute("PRAGMA synchronous = OFF")
        with transaction(database):
            database.executemany(
                "INSERT INTO chats (platform, native_id, created_ms) VALUES ('here', ?, 0)",
                ((f"{one}",) for one in range(CHATS)),
            )
            database.executemany("INSERT INTO watches (rule, coin, parameters) VALUES (?, ?, ?)", watches())
            database.executemany(
                "INSERT INTO subscriptions (chat_id, watch_id, number, created_ms) VALUES (?, ?, ?, 0)",
                subscriptions(),
            )
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
