"""Scanners that share an exchange's accounts, each a process with an address's budget of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from benchmarks.measure import Row
from benchmarks.postgres import Server, database, not_measured, server
from liqbot.store.address import PostgresUrl
from tests.counterparts.hyperliquid.running import Counterpart, counterpart

SCANNERS = (1, 2, 4)
CROWD = 0.5
"""Times the usual 4,000 accounts."""
WEIGHT_PER_MINUTE = 6_000
"""Of each; an address has 1,200, which would take five times as long."""
WHOLE = 0.99
"""So many of the accounts are a scan; the last ones are found late."""
LOOK_S = 0.05
PATIENCE_S = 240.0
LINEAR = 0.8
WHAT = "a full scan with 1, 2 and 4 scanners, each with a budget of its own"


def rows() -> Iterator[Row]:
    """Yield how long a scan takes with more and more scanners."""
    with server() as found:
        if found is None:
            yield not_measured(WHAT)
            return
        taken_s = [_scan(found, count) for count in SCANNERS]
    gains = [taken_s[0] / seconds for seconds in taken_s]
    least = min(gain / count for gain, count in zip(gains, SCANNERS, strict=True))
    yield Row(
        WHAT,
        ", ".join(f"{seconds:.1f} s" for seconds in taken_s),
        f"{', '.join(f'{gain:.2f}×' for gain in gains)}; at least {LINEAR:.0%} of linear",
        least >= LINEAR,
    )


def _scan(on: Server, count: int) -> float:
    """Return the seconds from the first account that is told until all are."""
    with (
        counterpart(crowd=CROWD, speed=1, limit=0, listed=1.0, still=True) as exchange,
        database(on) as url,
        TemporaryDirectory() as folder,
        _scanners(exchange, url, Path(folder), count),
    ):
        return _told(url, round(WHOLE * exchange.accounts))


@contextmanager
def _scanners(exchange: Counterpart, url: PostgresUrl, folder: Path, count: int) -> Generator[None]:
    """Have so many scanners run, as an operator starts them."""
    settings = {
        "LIQBOT_DATABASE": url.url,
        "LIQBOT_SOURCES": "hyperliquid",
        "LIQBOT_PICTURES_PATH": str(folder),
        "LIQBOT_HYPERLIQUID__API_URL": exchange.http,
        "LIQBOT_HYPERLIQUID__WS_URL": exchange.ws,
        "LIQBOT_HYPERLIQUID__LEADERBOARD_URL": f"{exchange.http}/leaderboard",
        "LIQBOT_HYPERLIQUID__WEIGHT_PER_MINUTE": f"{WEIGHT_PER_MINUTE}",
    }
    command = [sys.executable, "-m", "liqbot", "run", "--role", "scanner", "--no-plugins"]
    with (folder / "log").open("wb") as log:
        running = [
            subprocess.Popen(command, cwd=folder, env=os.environ | settings, stdout=log, stderr=log)
            for _ in range(count)
        ]
        try:
            yield
        finally:
            for one in running:
                one.kill()
                one.wait()


def _told(url: PostgresUrl, accounts: int) -> float:
    """Wait until so many accounts are told, and return the seconds since the first."""
    first_s, until_s = None, time.monotonic() + PATIENCE_S
    with closing(psycopg.connect(url.url, autocommit=True)) as connection:
        while time.monotonic() < until_s:
            told = connection.execute(_TOLD).fetchone()
            count = connection.execute("SELECT count(*) FROM scans").fetchone() if told == (True,) else (0,)
            known = count[0] if count else 0
            if known and first_s is None:
                first_s = time.monotonic()
            if first_s is not None and known >= accounts:
                return time.monotonic() - first_s
            time.sleep(LOOK_S)
    raise TimeoutError("not all accounts are told")


_TOLD = "SELECT to_regclass('scans') IS NOT NULL"

if __name__ == "__main__":
    for row in rows():
        print(row)
