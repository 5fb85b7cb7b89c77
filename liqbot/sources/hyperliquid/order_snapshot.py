"""Reading a node's snapshot of all orders for those that wait for their price.

A node writes the file when it is asked to (`fileSnapshot` with `l4Snapshots`):

    [height, [[coin, {"book_orders": …, "untriggered_orders": [[user, order], …]}], …]]

With all resting orders it has hundreds of megabytes, and is read in a process of its own, this module:
neither its memory nor the time that it takes is the bot's.

An order has the fields of `frontendOpenOrders`. One for a whole position tells a size of 0. That an order may
stand there twice is reported of some versions of the node: of one number the first counts.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from math import inf
from pathlib import Path

import msgspec
import numpy as np

from liqbot.market.positions import Bools, Floats, Ints
from liqbot.market.updates import StopOrdersSeen
from liqbot.sources.hyperliquid.decoding import PayloadError, decode, decoder
from liqbot.sources.hyperliquid.discovery import address_of
from liqbot.sources.hyperliquid.fills import is_spot

TIMEOUT_S = 120.0
BUYS = "B"
STOP, TAKE_PROFIT = "Stop", "Take Profit"
"""How the types of orders begin: `Stop Market`, `Stop Limit`, `Take Profit Market`, `Take Profit Limit`."""


class SnapshotError(Exception):
    """A snapshot cannot be read. The text says why."""


class TriggerOrder(msgspec.Struct, rename="camel"):
    """An order that waits for its price; only the fields that are used."""

    side: str
    trigger_px: float
    sz: float
    order_type: str
    oid: int
    is_position_tpsl: bool = False


class CoinOrders(msgspec.Struct):
    """The orders of one coin; those of the book are passed over."""

    untriggered_orders: list[msgspec.Raw]


class Columns(msgspec.Struct, frozen=True):
    """What the process says: the columns of `StopOrdersSeen` as bytes, and what was amiss by reason."""

    height: int
    accounts: list[str]
    coins: list[str]
    account: bytes
    coin: bytes
    trigger: bytes
    size: bytes
    is_buy: bytes
    takes_profit: bytes
    refused: dict[str, int]

    def seen(self, time_ms: int) -> StopOrdersSeen:
        """Return the orders as they stood at `time_ms`."""
        account: Ints = np.frombuffer(self.account, dtype="<i8")
        coin: Ints = np.frombuffer(self.coin, dtype="<i8")
        trigger: Floats = np.frombuffer(self.trigger, dtype="<f8")
        size: Floats = np.frombuffer(self.size, dtype="<f8")
        is_buy: Bools = np.frombuffer(self.is_buy, dtype="?")
        takes_profit: Bools = np.frombuffer(self.takes_profit, dtype="?")
        return StopOrdersSeen(
            time_ms,
            tuple(self.accounts),
            tuple(self.coins),
            account=account,
            coin=coin,
            trigger=trigger,
            size=size,
            is_buy=is_buy,
            takes_profit=takes_profit,
        )


def read_apart(file: Path) -> Columns:
    """Return what a file says, read in another process. Blocks. Raises `SnapshotError`."""
    command = [sys.executable, "-c", f"from {__name__} import main; main()", str(file)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise SnapshotError(f"{file} is not read within {TIMEOUT_S:.0f} s") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise SnapshotError(said[-1] if said else f"reading {file} ended with {done.returncode}")
    return msgspec.msgpack.decode(done.stdout, type=Columns)


def read(data: bytes) -> Columns:
    """Return what a snapshot says; what cannot be read is left out and counted. Raises `SnapshotError`."""
    try:
        height, coins = decode(data, _SNAPSHOT, "l4Snapshots")
    except PayloadError as error:
        raise SnapshotError(str(error)) from None
    refused = Counter[str]()
    accounts, names = dict[str, int](), dict[str, int]()
    rows: list[tuple[int, int, float, float, bool, bool]] = []
    for coin, orders in _by_coin(coins, refused):
        for user, order in _orders(orders, refused):
            size = np.nan if order.is_position_tpsl or order.sz == 0 else order.sz
            rows.append(
                (
                    accounts.setdefault(user, len(accounts)),
                    names.setdefault(coin, len(names)),
                    order.trigger_px,
                    size,
                    order.side == BUYS,
                    order.order_type.startswith(TAKE_PROFIT),
                )
            )
    account, coin, trigger, size, buys, takes = zip(*rows, strict=True) if rows else ((),) * 6
    return Columns(
        height,
        list(accounts),
        list(names),
        np.array(account, dtype="<i8").tobytes(),
        np.array(coin, dtype="<i8").tobytes(),
        np.array(trigger, dtype="<f8").tobytes(),
        np.array(size, dtype="<f8").tobytes(),
        np.array(buys, dtype="?").tobytes(),
        np.array(takes, dtype="?").tobytes(),
        dict(refused),
    )


def main() -> None:
    """Write what the file says that is named on the command line; this is the other process."""
    try:
        told = read(Path(sys.argv[1]).read_bytes())
    except (OSError, SnapshotError) as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(msgspec.msgpack.encode(told))


def _by_coin(coins: Iterable[msgspec.Raw], refused: Counter[str]) -> Iterator[tuple[str, list[msgspec.Raw]]]:
    for one in coins:
        try:
            coin, orders = decode(one, _COIN, "l4Snapshots")
        except PayloadError:
            refused["stop orders of a coin that cannot be read"] += 1
            continue
        if not is_spot(coin):
            yield coin, orders.untriggered_orders


def _orders(orders: Iterable[msgspec.Raw], refused: Counter[str]) -> Iterator[tuple[str, TriggerOrder]]:
    numbers = set[int]()
    for one in orders:
        try:
            user, order = decode(one, _ORDER, "order")
        except PayloadError:
            refused["a stop order that cannot be read"] += 1
            continue
        address = address_of(user)
        is_sound = 0 < order.trigger_px < inf and 0 <= order.sz < inf
        if address is None or not is_sound or not order.order_type.startswith((STOP, TAKE_PROFIT)):
            refused["a stop order that made no sense"] += 1
        elif order.oid not in numbers:
            numbers.add(order.oid)
            yield address, order


_SNAPSHOT = decoder(tuple[int, list[msgspec.Raw]])
_COIN = decoder(tuple[str, CoinOrders])
_ORDER = decoder(tuple[str, TriggerOrder])
