"""Scanners that share an exchange's accounts, each a process with an address's budget of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from benchmarks.measure import Row
from benchmarks.postgres import Server, database, not_measured, server
from benchmarks.processor_time import Spent, told
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
        taken_s, shares = zip(*(_scan(found, count) for count in SCANNERS), strict=True)
    gains = [taken_s[0] / seconds for seconds in taken_s]
    least = min(gain / count for gain, count in zip(gains, SCANNERS, strict=True))
    yield Row(
        WHAT,
        ", ".join(f"{seconds:.1f} s" for seconds in taken_s),
        f"{', '.join(f'{gain:.2f}×' for gain in gains)}; at least {LINEAR:.0%} of linear; "
        "of a processor, with "
        + "; ".join(f"{count}: {share}" for count, share in zip(SCANNERS, shares, strict=True)),
        least >= LINEAR,
    )


def _scan(on: Server, count: int) -> tuple[float, str]:
    """Return the seconds from the first account that is told until all are, and who had the processors."""
    with (
        counterpart(crowd=CROWD, speed=1, limit=0, listed=1.0, still=True) as exchange,
        database(on) as url,
        TemporaryDirectory() as folder,
        _scanners(exchange, url, Path(folder), count) as scanners,
    ):
        parts = {"scanners": scanners, "server": [on.pid], "counterpart": [exchange.pid]}
        return _told(url, round(WHOLE * exchange.accounts), parts)


@contextmanager
def _scanners(exchange: Counterpart, url: PostgresUrl, folder: Path, count: int) -> Generator[list[int]]:
    """Have so many scanners run, as an operator starts them; give the numbers of their processes."""
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
            yield [one.pid for one in running]
        finally:
            for one in running:
                one.kill()
                one.wait()


def _told(url: PostgresUrl, accounts: int, parts: Mapping[str, Sequence[int]]) -> tuple[float, str]:
    """Wait until so many accounts are told, and return the seconds since the first.

    And which share of a processor each of `parts` has had meanwhile, in words.
    """
    first_s, until_s, spent = None, time.monotonic() + PATIENCE_S, Spent(parts)
    with closing(psycopg.connect(url.url, autocommit=True)) as connection:
        while time.monotonic() < until_s:
            made = connection.execute(_MADE).fetchone()
            count = connection.execute("SELECT count(*) FROM scans").fetchone() if made == (True,) else (0,)
            known = count[0] if count else 0
            if known and first_s is None:
                first_s, spent = time.monotonic(), Spent(parts)
            if first_s is not None and known >= accounts:
                taken_s = time.monotonic() - first_s
                return taken_s, told(spent.since_s(), taken_s)
            time.sleep(LOOK_S)
    raise TimeoutError("not all accounts are told")


_MADE = "SELECT to_regclass('scans') IS NOT NULL"

if __name__ == "__main__":
    for row in rows():
        print(row)
