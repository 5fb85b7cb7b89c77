"""Leave one out: what an account's other positions reveal must give the exchange's own liquidation price.

The recording does not tell margin modes, nor the leverage tier under which a position was opened: isolated
positions, and those that keep the tier of older days, do not agree, and are counted.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from shared import Recording, recorded_positions

from liqbot.engine.liquidation_price import MarginTiers, liquidation_price, margin_available

# Margin tiers in February 2026, read off the recording: of the exchange's tables, the one under which most
# positions of the coin agree with the pool that BTC, ETH, SOL and XRP positions of their account reveal.
MAJORS = {
    "BTC": MarginTiers((0.0, 150e6), (40.0, 20.0)),
    "ETH": MarginTiers((0.0, 100e6), (25.0, 15.0)),
    "SOL": MarginTiers((0.0, 70e6), (20.0, 10.0)),
    "XRP": MarginTiers((0.0, 40e6), (20.0, 10.0)),
}
LARGE = MarginTiers((0.0, 20e6), (10.0, 5.0))
MEDIUM = MarginTiers((0.0, 3e6), (10.0, 5.0))
FIVE = MarginTiers.flat(5.0)
THREE = MarginTiers.flat(3.0)
"""All coins that are not named below."""

LARGE_COINS = """
    AAVE ADA APT AVAX BCH CRV DOGE ENA FARTCOIN HYPE LINK LTC MEGA NEAR PUMP SUI TIA TRUMP UNI WLD ZEC kBONK
    kPEPE
"""
MEDIUM_COINS = "ARB BNB DOT INJ JUP LDO ONDO OP PAXG SEI TON TRX XPL kSHIB"
FIVE_COINS = """
    ALGO APE AR ASTER ATOM AVNT AXS BERA BIGTIME BRETT CFX COMP DASH DYDX EIGEN ENS ETC ETHFI FET FIL GOAT
    GRASS HBAR ICP IMX JTO KAITO LIT MELANIA MNT MON MOODENG MORPHO NEO PENDLE PENGU PNUT POL PYTH RENDER
    RUNE S SAND SPX STRK STX TAO VINE VIRTUAL W WIF WLFI XLM XMR ZEN ZK ZRO kFLOKI
"""
TABLE = (
    MAJORS
    | dict.fromkeys(LARGE_COINS.split(), LARGE)
    | dict.fromkeys(MEDIUM_COINS.split(), MEDIUM)
    | dict.fromkeys(FIVE_COINS.split(), FIVE)
)
OLDER_TIERS = [MarginTiers.flat(leverage) for leverage in (3.0, 5.0, 10.0, 20.0)]


@dataclass
class Tried:
    """The positions whose account has others to reveal its pool, in columns."""

    recording: Recording
    row: np.ndarray
    pool: np.ndarray
    error: np.ndarray

    @property
    def agrees(self) -> np.ndarray:
        return self.error < 1e-6


@pytest.fixture(scope="module")
def tried() -> Tried:
    recording = recorded_positions()
    known = np.flatnonzero(np.isfinite(recording.liquidation))
    revealed = np.full(len(recording.size), np.nan)
    for coin, rows in by_coin(recording, known):
        revealed[rows] = margin_available(
            recording.size[rows], recording.mark[rows], recording.liquidation[rows], tiers_of(coin)
        )
    snapshot = np.unique(recording.time_ms, return_inverse=True)[1]
    book = snapshot * len(recording.accounts) + recording.account
    pool = median_of_the_others(revealed, book, known)
    row = np.flatnonzero(np.isfinite(pool))
    error = np.full(len(pool), np.inf)
    for coin, rows in by_coin(recording, row):
        error[rows] = error_of(recording, rows, pool[rows], tiers_of(coin))
    return Tried(recording, row, pool[row], error[row])


def tiers_of(coin: str) -> MarginTiers:
    return TABLE.get(coin, THREE)


def by_coin(recording: Recording, rows: np.ndarray):
    for number, coin in enumerate(recording.coins):
        yield coin, rows[recording.coin[rows] == number]


def median_of_the_others(values: np.ndarray, group: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return for each of `rows` the median over the other rows of its group, NaN where it is alone."""
    order = rows[np.lexsort((values[rows], group[rows]))]
    _, first, size = np.unique(group[order], return_index=True, return_counts=True)
    start, others = np.repeat(first, size), np.repeat(size, size) - 1
    rank = np.arange(len(order)) - start
    below, above = np.maximum(others - 1, 0) // 2, others // 2
    ordered = values[order]
    below, above = (np.minimum(start + at + (at >= rank), len(order) - 1) for at in (below, above))
    medians = np.full(len(values), np.nan)
    medians[order] = np.where(others > 0, (ordered[below] + ordered[above]) / 2, np.nan)
    return medians


def error_of(recording: Recording, rows: np.ndarray, pool: np.ndarray, tiers: MarginTiers) -> np.ndarray:
    """Return the relative errors of recomputed liquidation prices, infinity where there is none."""
    price = liquidation_price(recording.size[rows], recording.mark[rows], pool, tiers)
    return np.nan_to_num(np.abs(price / recording.liquidation[rows] - 1), nan=np.inf)


def test_the_median_of_the_others_leaves_one_out():
    values = np.array([1.0, 5.0, 2.0, 9.0, 7.0, 4.0, np.nan])
    group = np.array([0, 0, 0, 1, 2, 2, 2])
    medians = median_of_the_others(values, group, np.arange(6))
    assert np.array_equal(medians, [3.5, 1.5, 3.0, np.nan, 4.0, 7.0, np.nan], equal_nan=True)


def test_the_other_positions_of_an_account_give_the_exchanges_own_price(tried):
    assert len(tried.row) > 125_000
    assert np.median(tried.error) < 1e-9
    assert tried.agrees.mean() > 0.89


def test_where_tiers_never_changed_nearly_all_agree(tried):
    majors = np.isin(tried.recording.coin[tried.row], [tried.recording.coins.index(coin) for coin in MAJORS])
    assert np.count_nonzero(majors) > 10_000
    assert tried.agrees[majors].mean() > 0.9


def test_most_of_the_rest_keep_an_older_tier(tried):
    agrees = tried.agrees.copy()
    for tiers in OLDER_TIERS:
        rest = np.flatnonzero(~agrees)
        agrees[rest] = error_of(tried.recording, tried.row[rest], tried.pool[rest], tiers) < 1e-6
    assert agrees.mean() > 0.95


def test_whole_accounts_agree(tried):
    accounts = tried.recording.account[tried.row]
    share = np.bincount(accounts, tried.agrees) / np.maximum(np.bincount(accounts), 1)
    perfect = share[np.bincount(accounts) > 0] == 1
    assert perfect.mean() > 0.7
