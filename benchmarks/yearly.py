"""A year of 50 coins: how large the database is, how soon it is open, and how long people wait for answers.

One coin is written row by row as the bot would have kept it (maps, whole views, readings, price path, cases,
events), out of a day of the simulated market; the other coins are copies of its rows.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import Row, lags, percentile
from liqbot.app.memory import set_aside
from liqbot.charts.studio import Studio
from liqbot.engine.cases import case_of
from liqbot.engine.scoreboard import Case
from liqbot.market.clusters import Cluster, Clusters, End
from liqbot.market.dated_reading import DatedReading
from liqbot.market.events import ClusterBorn, ClusterEnded, LiquidationSum, MarketEvent, RegimeChanged
from liqbot.market.price_path import Path as PricePath
from liqbot.market.regime import Regime
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.operations.database_size import size_of
from liqbot.operations.simulated_day import simulated_day
from liqbot.rules.plugin_loading import Rules
from liqbot.service.services import Services
from liqbot.store.history import TIERS
from liqbot.store.sql.blobs import map_to_blob, view_to_blob
from liqbot.store.sqlite.store import SqliteStore

COINS = 50
DAYS = 366
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
NOW_MS = 20_000 * DAY_MS
CASES_A_DAY = 20
ANSWER_S, LAG_MS = 1.0, 20.0


def rows() -> Iterator[Row]:
    """Yield the size of such a database, and the times that it takes."""
    with tempfile.TemporaryDirectory(prefix="liqbot-") as folder:
        path = Path(folder) / "liqbot.db"
        view = asyncio.run(_one_coin(path))
        _copies(path, view)
        size = size_of(path)
        yield Row(
            f"a year of {COINS} coins in the database",
            f"{path.stat().st_size / 2**20:,.0f} MB",
            f"{size.a_coin_day:,.0f} bytes a coin and day; kept for {DAYS} days, so that it grows no further",
        )
        start = time.perf_counter()
        store = SqliteStore(path)
        yield Row("… opened by the bot", f"{(time.perf_counter() - start) * 1000:,.0f} ms", "")
        try:
            yield from asyncio.run(_asked(store, view))
        finally:
            store.close_now()


async def _asked(store: SqliteStore, view: MarketView) -> list[Row]:
    found: list[Row] = []
    with Studio() as studio:
        services = Services(store, Rules(), studio, lambda: NOW_MS)
        services.markets.views[view.coin] = view
        await services.pictures.heatmap(view.coin, "24h")  # loads what drawing needs
        set_aside()  # as the bot does after its start
        asked = {
            "/history 1y with its picture": lambda: services.past_readings.pictured(view.coin, "1y"),
            "/scoreboard 1y": lambda: services.scoreboards.scoreboard(view.coin, "1y"),
            "/heatmap 1y with its picture": lambda: services.pictures.heatmap(view.coin, "1y"),
        }
        for name, ask in asked.items():
            taken, late = await _timed(ask())
            p99 = percentile(late, 99) * 1000
            found.append(
                Row(
                    f"… {name}, and the loop's lag meanwhile, p99",
                    f"{taken:.2f} s, {p99:.1f} ms",
                    f"at most {ANSWER_S:g} s, {LAG_MS:g} ms",
                    taken <= ANSWER_S and p99 <= LAG_MS,
                )
            )
    return found


async def _timed(work: Awaitable[object]) -> tuple[float, list[float]]:
    start = time.perf_counter()
    late = await lags(work)
    return time.perf_counter() - start, late


async def _one_coin(path: Path) -> MarketView:
    """Write a year of one coin; return its newest view."""
    view = replace(simulated_day(NOW_MS)[-1], coin="C0", time_ms=NOW_MS)
    random = np.random.default_rng(1)
    time_ms = np.arange(NOW_MS - DAYS * DAY_MS, NOW_MS, 300_000) + 300_000
    close = view.spot * np.exp(np.cumsum(random.normal(0, 0.0012, len(time_ms))))
    wick = np.abs(random.normal(0, 0.0006, (2, len(time_ms))))
    leans = random.uniform(0.2, 3, len(time_ms) // 12).tolist()
    readings = [
        replace(DatedReading.of(view), time_ms=int(at), spot=float(spot), up_usd=view.up_usd * lean)
        for at, spot, lean in zip(time_ms[11::12], close[11::12], leans, strict=True)
    ]
    with SqliteStore(path) as store:
        price = PricePath(time_ms, close * (1 - wick[0]), close * (1 + wick[1]), close)
        await store.history.take_over(view.layer, view.coin, readings, price)
        events: list[MarketEvent] = []
        for day in range(DAYS):
            events += list(_day(view, day, random, float(close[min(day * 288, len(close) - 1)])))
        await store.events.record(events)
        born = [event for event in events if isinstance(event, ClusterBorn)]
        await store.cases.record(view.layer, view.coin, [_case(view, event) for event in born])
        times = _kept_times()
        blobs = [map_to_blob(one.map) for one in simulated_day(NOW_MS)[:16]]
        whole = view_to_blob(view)
    with closing(sqlite3.connect(path)) as db:  # rows as the bot has thinned them by now
        db.executemany(
            "INSERT INTO history (layer, coin, time_ms, spot, low, high, map, view) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (view.layer.key, view.coin, at, view.spot, view.spot, view.spot, blobs[at // HOUR_MS % 16],
                 whole if at >= NOW_MS - 8 * DAY_MS else None)
                for at in times
            ],
        )  # fmt: skip
        db.commit()
    return view


def _day(view: MarketView, day: int, random: np.random.Generator, spot: float) -> Iterator[MarketEvent]:
    begin = NOW_MS - (DAYS - day) * DAY_MS
    at: dict[str, Any] = {"coin": view.coin, "layer": view.layer}
    for number in range(CASES_A_DAY):
        when = begin + number * DAY_MS // CASES_A_DAY
        side, away = (Side.LONG, -1) if number % 2 else (Side.SHORT, 1)
        pct = away * float(random.uniform(0.5, 5))
        price = spot * (1 + pct / 100)
        usd, whales = 10 ** float(random.uniform(5, 8)), float(random.uniform())
        cluster = Cluster(f"C0-{day}-{number}", side, price, price, price, usd, 9, whales, pct, when)
        yield ClusterBorn(time_ms=when, cluster=cluster, **at)
        yield ClusterEnded(time_ms=when + DAY_MS, cluster=cluster, end=End.CLOSED, **at)
    for hour in range(24):
        for side in Side:
            yield LiquidationSum(
                time_ms=begin + hour * HOUR_MS, side=side, usd=1e5, count=9, sampled=False, **at
            )
    for hour in (5, 13, 21):
        when, after = begin + hour * HOUR_MS, Regime.SHORT_SQUEEZE
        yield RegimeChanged(time_ms=when, before=Regime.BALANCED, after=after, ratio=2.1, **at)


def _case(view: MarketView, event: ClusterBorn) -> Case:
    spot = event.cluster.price / (1 + event.cluster.distance_pct / 100)
    then = replace(view, time_ms=event.time_ms, spot=spot, clusters=Clusters([event.cluster]))
    return case_of(then, event.cluster)


def _kept_times() -> list[int]:
    """Return the times of the views that are kept of a year, as they are thinned."""
    times: set[int] = set()
    newer_ms = 0
    for tier in TIERS:
        times |= set(range(NOW_MS - tier.age_ms, NOW_MS - newer_ms, tier.step_ms))
        newer_ms = tier.age_ms
    return sorted(times)


def _copies(path: Path, view: MarketView) -> None:
    tables = {
        "history": "time_ms, spot, low, high, map, view",
        "readings": "time_ms, reading",
        "prices": "day, steps",
        "cases": "time_ms, cluster, entry",
        "events": "time_ms, kind, usd, event",
    }
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        for table, columns in tables.items():
            for number in range(1, COINS):
                db.execute(
                    f"INSERT INTO {table} (layer, coin, {columns}) "  # noqa: S608 - constants
                    f"SELECT layer, ?, {columns} FROM {table} WHERE coin = ?",
                    [f"C{number}", view.coin],
                )
            db.commit()


if __name__ == "__main__":
    for row in rows():
        print(f"| {row.what} | {row.measured} | {row.against} | {'' if row.holds is None else row.holds} |")
