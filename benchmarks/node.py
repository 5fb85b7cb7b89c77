"""A node of one's own, at full size: how soon a change is in the view, and liquidations over a kill.

The node of the tests is a process of its own that writes its files and answers beside them; the bot is
another, which is killed in the middle and started again on the same database.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np

from benchmarks.measure import Row, peak_mb, percentile
from liqbot.app.bot import Bot
from liqbot.bus import ViewsMade
from liqbot.market.events import LiquidationSum
from liqbot.market.updates import AccountsSeen, Liquidation, Update
from liqbot.settings import Settings
from liqbot.sources.hyperliquid import Hyperliquid
from liqbot.sources.hyperliquid.fills import AccountFill, liquidation_in, read_line
from liqbot.sources.hyperliquid.hour_files import FilePosition, Hour, HourFiles
from liqbot.sources.hyperliquid.node_fills import FOLDERS
from liqbot.sources.hyperliquid.settings import HyperliquidSettings
from liqbot.sources.hyperliquid.source import LIVE_LAYER
from liqbot.store.sqlite.store import SqliteStore
from tests.counterparts.hyperliquid.running import Counterpart, counterpart

ACCOUNTS, FILLS_A_SECOND = 100_000, 200
COINS = ("BTC", "ETH", "SOL")
ROOT = Path(__file__).resolve().parents[1]
BEFORE_S, AFTER_S, DEAD_S = 40.0, 40.0, 3.0
"""How long it is measured before and after the kill, once everybody is read; and how long the bot is dead."""
START_S = 300.0
COVERED, CHANGED_S, TOLD_S = 0.99, 5.0, 2.0


@dataclass(frozen=True)
class Told:
    """What one life of the bot has written down as it saw it."""

    lines: Sequence[Sequence[Any]]

    def of(self, kind: str) -> list[Sequence[Any]]:
        """Return the lines of a kind."""
        return [line[1:] for line in self.lines if line[0] == kind]

    @property
    def span(self) -> tuple[float, float]:
        """From when everybody was read to the last beat, s."""
        times = [float(at) for at, coverage in self.of("beat") if float(coverage) > COVERED]
        return (min(times), max(times)) if times else (float("inf"), 0.0)


def rows(accounts: int = ACCOUNTS, rate: float = FILLS_A_SECOND) -> Iterator[Row]:
    """Yield how soon everything is known, and whether every liquidation was told once."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = {"churn": accounts, "rate": rate, "speed": 1, "limit": 1200, "listed": 1.0}
        with counterpart(**options, batches="served", node=folder / "node") as exchange:
            lives = [_live(exchange, folder, "before", BEFORE_S), _live(exchange, folder, "after", AFTER_S)]
        truth = _written(folder / "node" / FOLDERS[0], FilePosition.of(str(lives[0].of("start")[0][0])))
        logged = asyncio.run(_logged(folder / "bot.db"))
    coverage = [
        float(line[1]) for life in lives for line in life.of("beat") if life.span[0] <= float(line[0])
    ]
    yield Row(
        f"a node of one's own, {accounts:,} accounts, {rate:.0f} fills a second: coverage once all are read",
        f"{min(coverage):.2%} of notional at least",
        f"above {COVERED:.0%}",
        min(coverage) > COVERED,
    )
    changed = sorted(wait for life in lives for wait in _waits(life, truth))
    yield Row(
        f"… a changed position in the view, {len(changed):,} changes",
        f"p50 {percentile(changed, 50):.1f} s, p99 {percentile(changed, 99):.1f} s",
        f"at most {CHANGED_S:.0f} s at p99",
        percentile(changed, 99) <= CHANGED_S,
    )
    late = sorted(
        float(seen) - int(time_ms) / 1000
        for life in lives
        for seen, time_ms in life.of("liquidation")
        if life.span[0] < int(time_ms) / 1000
    )
    yield Row(
        f"… a liquidation in the event log, {len(late):,} of them",
        f"p50 {percentile(late, 50):.1f} s, at most {late[-1]:.1f} s",
        f"at most {TOLD_S:.0f} s",
        late[-1] <= TOLD_S,
    )
    expected = _liquidated(truth)
    lost, doubled = sum((expected - logged).values()), sum((logged - expected).values())
    yield Row(
        f"… {sum(expected.values()):,} liquidations over a kill (SIGKILL) and a restart",
        f"{lost} lost, {doubled} told twice",
        "none",
        lost == doubled == 0,
    )
    yield Row(
        "… most memory of the bot", f"{max(float(life.of('memory')[-1][0]) for life in lives):.0f} MB", ""
    )


def _live(exchange: Counterpart, folder: Path, name: str, seconds: float) -> Told:
    """Let a bot live until everybody is read and so many seconds more; then it is killed."""
    file = folder / f"{name}.jsonl"
    command = [sys.executable, "-m", "benchmarks.node", exchange.http, exchange.ws, str(folder), str(file)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        begin, ready = time.monotonic(), None
        while time.monotonic() - begin < START_S and (ready is None or time.monotonic() - ready < seconds):
            time.sleep(0.5)
            if ready is None and _read(file).span[1]:
                ready = time.monotonic()
        if name == "after":  # what is under way is written down
            httpx.post(f"{exchange.http}/control", json={"rate": 0.0}, timeout=30)
            time.sleep(5)
    finally:
        process.kill()
        process.wait()
    time.sleep(DEAD_S)
    return _read(file)


def _read(file: Path) -> Told:
    lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
    return Told([json.loads(line) for line in lines if line.endswith(b"\n")])


def _waits(life: Told, truth: Sequence[AccountFill]) -> Iterator[float]:
    """Yield of each change how many seconds later a view had it, or something newer."""
    first, last = life.span
    seen: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for at, account, coin, size in life.of("position"):
        seen.setdefault((str(account), str(coin)), []).append((float(at), float(size)))
    changes: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for one in truth:
        fill = one.fill
        after = one.start + (fill.sz if fill.side == "B" else -fill.sz)
        changes.setdefault((one.account, fill.coin), []).append((fill.time / 1000, after))
    for key, course in changes.items():
        for place, (at, _) in enumerate(course):
            if not first < at < last - CHANGED_S - 1:
                continue
            later = [size for _, size in course[place:]]
            told = [
                when
                for when, size in seen.get(key, ())
                if when > at and any(abs(size - one) < 1e-4 for one in later)
            ]
            yield min(told, default=float("inf")) - at


def _written(folder: Path, position: FilePosition | None) -> list[AccountFill]:
    """Return all fills that the node has written from a position on."""
    files, found = HourFiles(folder), list[AccountFill]()
    while position is not None:
        lines = files.read(position, Hour(0, 0))
        found += [one for line in lines.lines for one in read_line(line)[0]]
        position = None if lines.position == position else lines.position
    return found


def _liquidated(truth: Sequence[AccountFill]) -> Counter[tuple[str, str]]:
    told: dict[tuple[str, int], tuple[str, str]] = {}
    for one in truth:
        liquidation = liquidation_in(one, now_ms=2**60, late_ms=0)
        if liquidation is not None:
            told[one.fill.coin, one.fill.tid] = (liquidation.coin, liquidation.side.value)
    return Counter(told.values())


async def _logged(database: Path) -> Counter[tuple[str, str]]:
    store, found = SqliteStore(database), Counter[tuple[str, str]]()
    for coin in COINS:
        for _, event in await store.events.between(LIVE_LAYER, coin, 0, 2**60, kinds=[LiquidationSum.kind]):
            if isinstance(event, LiquidationSum):
                found[coin, event.side.value] += event.count
    await store.close()
    return found


class _Watching(Hyperliquid):
    """The source, which remembers what it has told since the last views."""

    def __init__(
        self, settings: HyperliquidSettings, coins: Sequence[str], database: Path, *, recall_first: bool
    ) -> None:
        super().__init__(settings, coins, database, recall_first=recall_first)
        self.told: list[Update] = []

    async def updates(self) -> AsyncIterator[Update]:
        """Yield what there is."""
        async for update in super().updates():
            if isinstance(update, AccountsSeen | Liquidation):
                self.told.append(update)
            yield update


async def _bot(http: str, ws: str, folder: Path, file: Path) -> None:
    options = {
        "api_url": f"{http}/node",
        "public_url": http,
        "ws_url": ws,
        "leaderboard_url": f"{http}/leaderboard",
        "node_data": str(folder / "node"),
        "vaults": (),
    }
    settings = Settings.model_validate(
        {"database": folder / "bot.db", "coins": COINS, "hyperliquid": options, "web": {"enabled": False}}
    )
    source = _Watching(settings.section(HyperliquidSettings), COINS, settings.database, recall_first=True)
    with file.open("a") as log:

        async def note(notice: ViewsMade) -> None:
            now_s, told, views = time.time(), source.told, notice.views
            source.told = []
            coverage = min((view.coverage or 0.0 for view in views), default=0.0)
            lines: list[list[object]] = [["beat", now_s, coverage], ["memory", peak_mb()]]
            if source.node is not None and not note_start:
                note_start.append(source.node.begun_at)
                lines.append(["start", source.node.begun_at])
            for update in told:
                if isinstance(update, Liquidation):
                    lines.append(["liquidation", now_s, update.time_ms])
                elif isinstance(update, AccountsSeen) and is_read:
                    lines += _positions(update, now_s)
            if coverage > COVERED:
                is_read.append(True)
            log.writelines(msgspec.json.encode(line).decode() + "\n" for line in lines)
            log.flush()

        note_start: list[str] = []
        is_read: list[bool] = []
        async with Bot(settings, [source], {}) as bot:
            bot.bus.subscribe(ViewsMade, note)
            await asyncio.Event().wait()


def _positions(update: AccountsSeen, now_s: float) -> Iterator[list[object]]:
    """Yield what accounts hold now, coins that they do not hold included."""
    size = np.zeros((len(update.accounts), len(COINS)))
    coins = [COINS.index(coin) for coin in update.coins]
    size[update.account, np.array(coins, dtype=np.int64)[update.coin]] = update.size
    for account, held in zip(update.accounts, size.tolist(), strict=True):
        for coin, coins_held in zip(COINS, held, strict=True):
            yield ["position", now_s, account, coin, coins_held]


if __name__ == "__main__":
    if len(sys.argv) > 3:
        asyncio.run(_bot(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])))
    else:
        for row in rows(*map(int, sys.argv[1:])):
            print(row, flush=True)
