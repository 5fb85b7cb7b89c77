"""The folder of recordings and samples beside the project. Where it is missing, tests that need it skip."""

import csv
import gzip
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[1].parent / "shared"


def shared_file(name: str) -> Path:
    """Return the path of a file in the shared folder, or skip the test that asks for it."""
    path = FOLDER / name
    if not path.exists():
        pytest.skip(f"the recordings are not here: there is no ../shared/{name}")
    return path


def shared_json(name: str):
    return json.loads(shared_file(name).read_text())


@dataclass(frozen=True)
class Recording:
    """Positions as recorded, a row each; `account` and `coin` are places in `accounts` and `coins`."""

    time_ms: np.ndarray
    accounts: tuple[str, ...]
    account: np.ndarray
    coins: tuple[str, ...]
    coin: np.ndarray
    size: np.ndarray
    entry: np.ndarray
    leverage: np.ndarray
    value: np.ndarray
    liquidation: np.ndarray

    @property
    def mark(self) -> np.ndarray:
        return self.value / np.abs(self.size)

    def of(self, coin: str) -> np.ndarray:
        return self.coin == self.coins.index(coin)


def recorded_positions() -> Recording:
    """Return 70 snapshots of leading Hyperliquid accounts, 4 to 16 February 2026."""
    return _read(shared_file("recordings/hyperliquid-positions-2026-02.csv.gz"))


@cache
def _read(path: Path) -> Recording:
    with gzip.open(path, "rt", newline="") as file:
        names, *rows = csv.reader(file)
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))

    def floats(name: str) -> np.ndarray:
        return np.array([cell or "nan" for cell in columns[name]], dtype=np.float64)

    accounts, account = np.unique(columns["account"], return_inverse=True)
    coins, coin = np.unique(columns["coin"], return_inverse=True)
    return Recording(
        time_ms=np.array(columns["time_ms"], dtype=np.int64),
        accounts=tuple(accounts.tolist()),
        account=account,
        coins=tuple(coins.tolist()),
        coin=coin,
        size=floats("szi"),
        entry=floats("entry_px"),
        leverage=floats("leverage"),
        value=floats("position_value"),
        liquidation=floats("liquidation_px"),
    )
