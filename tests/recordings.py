"""Recordings for tests: rows as the file has them, and files made of them."""

import gzip
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HEADER = "time_ms,account,coin,szi,entry_px,leverage,position_value,unrealized_pnl,liquidation_px"
NOBODY = 65534


def row(
    account: str = "ann",
    size: float = 1.0,
    *,
    at: float | str = "",
    mark: float = 100.0,
    entry: float = 100.0,
    coin: str = "BTC",
    leverage: float = 5,
    time_ms: int = 1000,
) -> str:
    """Return one position as a line. `at` is its liquidation price, empty for none."""
    cells = (time_ms, account, coin, size, entry, leverage, abs(size) * mark, 0.0, at)
    return ",".join(map(str, cells))


def text_of(*rows: str) -> bytes:
    return "".join(f"{line}\n" for line in (HEADER, *rows)).encode()


def recorded(path: Path, *rows: str) -> Path:
    """Write a recording to `path`, gzipped where its name ends so."""
    text = text_of(*rows)
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


@contextmanager
def ordinary_user() -> Iterator[Path]:
    """Be somebody whom permissions bind, as root is not; give a folder of theirs."""
    with tempfile.TemporaryDirectory() as folder:
        is_root = os.geteuid() == 0
        if is_root:
            os.chown(folder, NOBODY, -1)
            os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            Path(folder).chmod(0o700)
            if is_root:
                os.seteuid(0)
