"""A node of one's own: its data folder, which is written while it is read, and its info server.

Shapes: `node_fills_by_block` has a line a block, `node_fills` a line a fill. Times of blocks have nanoseconds
and no zone. Bad days: a last line that is cut off, an hour that is missing, a file that begins anew.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from .churning import Churning, Fill
from .shapes import number

if TYPE_CHECKING:
    from .exchange import Exchange
    from .sockets import Sockets

STEP_S, TELL_MS = 0.1, 1000
SERVED = frozenset(
    {
        "meta",
        "spotMeta",
        "clearinghouseState",
        "batchClearinghouseStates",
        "spotClearinghouseState",
        "openOrders",
        "frontendOpenOrders",
        "exchangeStatus",
        "perpDexs",
        "userRole",
        "fileSnapshot",
    }
)
"""What a node's info server answers; everything else is the public API's."""


class NodeData:
    """Writes the fills of an exchange as a node does."""

    def __init__(self, folder: Path, *, by_block: bool = True):
        self.folder = folder
        self.by_block = by_block
        self.block = 1_000_000
        self._root = folder / ("node_fills_by_block" if by_block else "node_fills") / "hourly"
        self._root.mkdir(parents=True, exist_ok=True)

    def write(self, fills: Sequence[Fill], *, cut_at: int | None = None) -> bytes:
        """Append some fills, a block each time of theirs; return the last line.

        With `cut_at` only so many bytes of the last line are written, and no end.
        """
        by_time: dict[int, list[Fill]] = {}
        for fill in fills:
            by_time.setdefault(fill.time_ms, []).append(fill)
        line = b""
        lines = [(time_ms, line) for time_ms, some in by_time.items() for line in self._lines(time_ms, some)]
        for place, (time_ms, line) in enumerate(lines):
            cut = cut_at if place == len(lines) - 1 else None
            with self.file(time_ms).open("ab") as file:
                file.write(line + b"\n" if cut is None else line[:cut])
        return line

    def finish(self, time_ms: int, rest: bytes) -> None:
        """Write the rest of a line that was cut off."""
        with self.file(time_ms).open("ab") as file:
            file.write(rest + b"\n")

    def file(self, time_ms: int) -> Path:
        """Return the file of an instant's hour; its folder is made."""
        at = datetime.fromtimestamp(time_ms / 1000, UTC)
        folder = self._root / f"{at:%Y%m%d}"
        folder.mkdir(exist_ok=True)
        return folder / str(at.hour)

    def _lines(self, time_ms: int, fills: Sequence[Fill]) -> list[bytes]:
        pairs = [[fill.user, fill_shape(fill)] for fill in fills]
        if not self.by_block:
            return [msgspec.json.encode(pair) for pair in pairs]
        self.block += 1
        at = datetime.fromtimestamp(time_ms / 1000, UTC)
        told = {
            "local_time": f"{at:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03}000001",
            "block_time": f"{at:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03}000000",
            "block_number": self.block,
            "events": pairs,
        }
        return [msgspec.json.encode(told)]


async def write_down(market: Churning, exchange: "Exchange", sockets: "Sockets", data: NodeData) -> None:
    """Let people trade as time passes, and write down what they do as soon as they have done it."""
    told_ms = 0
    while True:
        await exchange.clock.sleep(STEP_S)
        deals = exchange.step((exchange.clock.now_ms() - market.time_ms) / 1000)
        data.write(market.fills)
        if market.time_ms - told_ms >= TELL_MS:
            told_ms = market.time_ms
            await sockets.tell(deals)


def fill_shape(fill: Fill) -> dict:
    """Return a fill as the exchange tells it."""
    told = {
        "coin": fill.coin,
        "px": number(fill.price),
        "sz": number(fill.size),
        "side": "B" if fill.buys else "A",
        "time": fill.time_ms,
        "startPosition": number(fill.start),
        "dir": "Buy" if fill.buys else "Sell",
        "closedPnl": "0.0",
        "hash": f"0x{fill.tid:064x}",
        "oid": fill.tid,
        "crossed": True,
        "fee": "0.0",
        "tid": fill.tid,
        "feeToken": "USDC",
    }
    if fill.liquidated:
        told["liquidation"] = {
            "liquidatedUser": fill.liquidated,
            "markPx": number(fill.price),
            "method": "market",
        }
    return told
