"""The present of the embedded market, kept beside the code, so that a bot has a first view at once.

The past of a simulated market takes seconds to live through, and what it comes to is known beforehand: the
same seed is the same market. Of what is there where nothing is set, and of the market of the demo, a file has
how the past ends; `python -m docs.presents` writes them, and a test lives through the past to compare.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from liqbot.market.positions import Floats, Ints
from liqbot.market.updates import AccountsSeen, AssetContext, Beat, DepthSeen, Update
from liqbot.sources.simulator.books import book
from liqbot.sources.simulator.scenario import Scenario

FOLDER = Path(__file__).with_name("presents")
SCENARIOS = (Scenario.NATURAL, Scenario.MIXED)
"""Of these there is a file: what is embedded, and what a demo shows."""
_POSITIONS = ("coin", "size", "entry", "liquidation", "leverage", "margin_mode")


def read(
    scenario: Scenario, *, seed: int, coins: Sequence[str], days: float, now_ms: int, venue: str
) -> list[Update]:
    """Return what is known of a market when its past ends, at `now_ms`; nothing where no file has it."""
    file = FOLDER / f"{scenario.value}.npz"
    if not file.exists():
        return []
    with np.load(file, allow_pickle=False) as kept:
        if (int(kept["seed"]), float(kept["days"]), tuple(kept["coins"].tolist())) != (
            seed,
            days,
            tuple(coins),
        ):
            return []
        return list(_updates({name: kept[name] for name in kept.files}, now_ms, venue))


def write(
    scenario: Scenario,
    *,
    seed: int,
    days: float,
    contexts: Sequence[AssetContext],
    seen: AccountsSeen,
    depth_usd: Floats,
) -> None:
    """Write how the past of a market ends: the contexts of its hours, and then what its accounts hold."""
    coins, until_ms = seen.coins, seen.time_ms
    held = np.unique(seen.account)
    hours = {coin: [one for one in contexts if one.coin == coin] for coin in coins}
    columns = [
        [(one.mark, one.open_interest or 0.0, one.funding or 0.0) for one in hours[coin]] for coin in coins
    ]
    FOLDER.mkdir(exist_ok=True)
    np.savez_compressed(
        FOLDER / f"{scenario.value}.npz",
        seed=np.int64(seed),
        days=np.float64(days),
        coins=np.array(coins),
        before_ms=np.array([until_ms - one.time_ms for one in hours[coins[0]]]),
        contexts=np.array(columns),
        depth_usd=depth_usd,
        names=np.array(seen.accounts)[held],
        account=np.searchsorted(held, seen.account),
        **{name: getattr(seen, name) for name in _POSITIONS},
    )


def _updates(kept: dict[str, NDArray[np.generic]], now_ms: int, venue: str) -> Iterator[Update]:
    coins: tuple[str, ...] = tuple(kept["coins"].tolist())
    contexts, before_ms = cast("Floats", kept["contexts"]), cast("Ints", kept["before_ms"])
    for hour, before in enumerate(before_ms.tolist()):
        for place, coin in enumerate(coins):
            mark, interest, funding = contexts[place, hour].tolist()
            yield AssetContext(coin, now_ms - before, mark, interest, funding)
    yield AccountsSeen(
        now_ms,
        tuple(kept["names"].tolist()),
        coins,
        account=cast("Ints", kept["account"]),
        coin=cast("Ints", kept["coin"]),
        size=cast("Floats", kept["size"]),
        entry=cast("Floats", kept["entry"]),
        liquidation=cast("Floats", kept["liquidation"]),
        leverage=cast("Floats", kept["leverage"]),
        margin_mode=cast("NDArray[np.int8]", kept["margin_mode"]),
    )
    depths: list[float] = kept["depth_usd"].tolist()
    for place, (coin, depth_usd) in enumerate(zip(coins, depths, strict=True)):
        mark, seed = float(contexts[place, -1, 0]), int(kept["seed"])
        yield DepthSeen(book(coin, venue, now_ms, mark=mark, usd_a_percent=depth_usd, seed=seed))
    yield Beat(now_ms)
