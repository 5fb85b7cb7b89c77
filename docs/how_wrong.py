"""Measure how wrong the modelled map is, and write the tables into how-wrong.md.

`python -m docs.how_wrong RECORDING CANDLES` writes what is measured on recorded positions and real candles;
`python -m docs.how_wrong --simulated [FOLDER]` what three simulated markets say, two months each (ten minutes
each; in the folder they are kept, and taken from there where they are).
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from docs.lived_markets import lived
from docs.sections import replace_section
from liqbot.engine.assumptions import Assumptions, assumed_of
from liqbot.engine.trial import Findings, find, outcome
from liqbot.operations.model_tilts import mixes_as_set, pooled_tilts, tilted
from liqbot.operations.model_trial_tables import (
    EXPECTED_COLUMNS,
    FORECAST_COLUMNS,
    MAP_COLUMNS,
    expected_rows,
    forecast_rows,
    map_rows,
    recorded_rows,
    size_rows,
    summary,
)
from liqbot.operations.model_trials import (
    FIRST_SEED,
    Assumed,
    compared,
    expected_on,
    read_candles,
    tilts_recorded,
    variants,
    witnesses,
)
from liqbot.sources.recording import Recording
from liqbot.sources.simulator.coins import COINS

PAGE = Path(__file__).with_name("how-wrong.md")
COIN, DAYS, MARKETS = "BTC", 60, 3
FOUR = ("BTC", "ETH", "SOL", "HYPE")
BINANCE_BTC = 125.0
"""The maximal leverage of most BTC positions on Binance."""
TIERS = (5.0, 10.0, 25.0, 50.0, 100.0), (0.15, 0.30, 0.25, 0.20, 0.10)
"""The public guess of the leverage mix."""


def _changed(**changes: object) -> Callable[[str], Assumed]:
    return lambda coin: replace(assumed_of(coin), **changes)


MEASURED = (2.0, 5.0, 10.0, 25.0, 50.0, 100.0), (0.20, 0.30, 0.25, 0.15, 0.06, 0.04)
"""Isolated positions on Hyperliquid, July and August 2026: half of the money uses up to 8.3x, three quarters
up to 18.5x, nine tenths up to 48x."""
TUNED_UNTIL_MS = 1_770_768_000_000
"""The end of 10 February 2026."""


def _by_half_life(coin: str) -> Sequence[Assumptions]:
    """Return a map in two parts: from 10x on positions close five times as fast, below half as fast."""
    whole = assumed_of(coin)
    parts: list[Assumptions] = []
    for low, high, factor in ((0.0, 10.0, 0.5), (10.0, 1000.0, 5.0)):
        mix = {
            leverage: share
            for leverage, share in zip(whole.leverages, whole.shares, strict=True)
            if low <= leverage < high
        }
        total = sum(mix.values())
        parts.append(
            replace(
                whole,
                leverages=tuple(mix),
                shares=tuple(share / total for share in mix.values()),
                standing_share=whole.standing_share * total,
                turnover_per_hour=whole.turnover_per_hour * factor,
            )
        )
    return parts


TRIED: Mapping[str, Callable[[str], Assumed]] = {
    "the public mix, 5x to 100x": _changed(leverages=TIERS[0], shares=TIERS[1]),
    "the venue's mix: isolated positions": _changed(leverages=MEASURED[0], shares=MEASURED[1]),
    "levels spread by 40%, as before": _changed(spread=0.4),
    "sharp levels": _changed(spread=0.0),
    "turnover 0.001, as before": _changed(turnover_per_hour=0.001),
    "turnover 0.005": _changed(turnover_per_hour=0.005),
    "half-lives by tier": _by_half_life,
    "one mix for all coins": lambda _: Assumptions(),
}


def measured(recording: Path, candles: Path) -> None:
    """Write what is measured on recorded positions and on real candles."""
    seen = witnesses(recording)
    found = compared(seen)
    page = PAGE.read_text()
    parts = [summary(outcome(list(found.values()), same_days=True))]
    parts.append(_table(("coin", *MAP_COLUMNS), recorded_rows(found)))
    page = replace_section(page, "recorded", "\n\n".join(parts))
    tuned = compared({coin: seen[coin] for coin in FOUR}, first_half=True)
    sizes = size_rows({coin: (tuned[coin], found[coin]) for coin in FOUR})
    page = replace_section(page, "sizes", _table(("coin", "4 to 10 Feb (tuned)", "11 to 16 Feb"), sizes))
    expected = expected_rows(expected_on(COIN, read_candles(candles), BINANCE_BTC))
    page = replace_section(page, "candles", _table(EXPECTED_COLUMNS, expected))
    mixes = mixes_as_set(Recording(recording).snapshots(), TUNED_UNTIL_MS, Assumptions().leverages)
    tried = map_rows(variants(seen, {**TRIED, "the venue's mix: leverage as set": _as_set(mixes)}))
    columns = ("assumed", *MAP_COLUMNS[1:])
    page = replace_section(page, "tried", _table(columns, tried))
    tilts = _table(columns, map_rows(tilts_recorded(seen)))
    PAGE.write_text(replace_section(page, "tilted", tilts))


def _as_set(mixes: Mapping[str, Sequence[float]]) -> Callable[[str], Assumed]:
    return lambda coin: replace(assumed_of(coin), shares=tuple(mixes.get(coin, Assumptions().shares)))


def in_simulation(folder: Path | None) -> None:
    """Write what the simulated markets say."""
    tiers, plain, tilts = COINS[COIN].tiers, list[Findings](), list[Mapping[str, Findings]]()
    for seed in range(FIRST_SEED, FIRST_SEED + MARKETS):
        market = lived(COIN, DAYS, seed, folder, lambda: print(".", end="", flush=True))
        plain.append(find(*market[:2], tiers=tiers, assumptions=assumed_of(COIN)))
        tilts.append(tilted(market, COIN, tiers))
        print(f" market {seed}")
    page = PAGE.read_text()
    for name, found in (("simulated", outcome(plain)), ("simulated-tilted", pooled_tilts(tilts))):
        parts = [
            summary(found),
            _table(MAP_COLUMNS, map_rows(found)),
            _table(FORECAST_COLUMNS, forecast_rows(found)),
        ]
        page = replace_section(page, name, "\n\n".join(parts))
    PAGE.write_text(page)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--simulated"]:
        in_simulation(Path(sys.argv[2]) if sys.argv[2:] else None)
    else:
        measured(*map(Path, sys.argv[1:]))
