"""Stop-loss and take-profit orders of everybody, which a node of one's own tells of in snapshots."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import structlog

from liqbot.market.updates import StopOrdersSeen
from liqbot.sources.hyperliquid.client import InfoClient, RequestFailed
from liqbot.sources.hyperliquid.clock import Clock
from liqbot.sources.hyperliquid.order_snapshot import SnapshotError, read_apart

_log = structlog.get_logger()

FILE = "liqbot-orders.json"
"""What the node is asked to write into its data folder: it writes there, and the bot reads there anyway."""
RETRY_S = 60.0
"""Where there is none, it is asked again after so long."""


class StopFeed:
    """Has the node write down all orders again and again, and tells of those that wait for their price."""

    def __init__(
        self,
        node: InfoClient,
        data: Path,
        clock: Clock,
        *,
        every_s: float,
        node_path: str,
        tell: Callable[[StopOrdersSeen], None],
    ) -> None:
        """Read below `data`, the node's data folder, which the node itself knows as `node_path`."""
        self._node = node
        self._file = data.absolute() / FILE
        self._node_file = f"{node_path.rstrip('/')}/{FILE}" if node_path else str(self._file)
        self._clock = clock
        self._every_s = every_s
        self._tell = tell
        self.failure = "not asked for yet"
        self.orders = 0
        """How many orders the last snapshot had."""
        self.told_ms = 0
        """When the last snapshot was asked for; 0 for none."""
        self._height = -1
        """The block of the last snapshot."""
        self.refused = Counter[str]()
        """What could not be read in the last snapshot, by reason."""

    @property
    def words(self) -> str:
        """What there is to say of it."""
        if self.failure:
            return f"stop orders: {self.failure}"
        age_s = (self._clock.now_ms() - self.told_ms) / 1000
        return f"{self.orders:,} stop orders, {age_s:,.0f} s old"

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self.ask()
            await self._clock.sleep(min(RETRY_S, self._every_s) if self.failure else self._every_s)

    async def ask(self) -> None:
        """Ask once, and tell what came."""
        self.failure = await self._ask()
        if self.failure:
            _log.warning("stop_orders_missing", reason=self.failure)

    async def _ask(self) -> str:
        """Ask once; return why nothing came, or nothing."""
        asked_ms = self._clock.now_ms()
        try:
            await self._node.write_orders(self._node_file)
            columns = await asyncio.to_thread(read_apart, self._file)
        except (RequestFailed, SnapshotError) as error:
            return str(error)
        if columns.height <= self._height:
            return "the node has written nothing new"
        self._height = columns.height
        self.orders, self.told_ms = len(columns.is_buy), asked_ms
        self.refused = Counter(columns.refused)
        self._tell(columns.seen(asked_ms))
        return ""
