"""Trials of tilted models: on a recording, and on the simulated market."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from liqbot.engine.assumptions import assumed_of
from liqbot.engine.model_steps import Steps
from liqbot.engine.trial import MODEL, Findings, Outcome, Truth, outcome
from liqbot.engine.trial.asides import Asides
from liqbot.engine.trial.tilting import Tilt, find_tilted
from liqbot.market.margin import MarginTiers
from liqbot.market.positions import Floats
from liqbot.sources.recording import Snapshot

Trial = tuple[Steps, Truth, Asides]
"""A market that was seen: its candles with open interest, what really was, and what else was told."""

TILTS: Mapping[str, Tilt] = MappingProxyType(
    {
        "more leverage on the side that pays funding": Tilt(funding=0.3),
        "less leverage on the side that pays funding": Tilt(funding=-0.3),
        "more leverage on the side of more accounts": Tilt(accounts=0.3),
        "less leverage on the side of more accounts": Tilt(accounts=-0.3),
        "opened by traded volume": Tilt(by_volume=True),
    }
)


class Held:
    """What accounts held when they were last seen: what they trade between two looks is a volume."""

    def __init__(self) -> None:
        self._coins: dict[str, dict[str, float]] = {}

    def traded(self, snapshot: Snapshot) -> Mapping[str, float]:
        """Return by coin how many coins changed hands among the accounts of a snapshot, each trade once.

        An account that was not seen before has traded nothing that is known.
        """
        now: dict[str, dict[str, float]] = {name: {} for name in snapshot.accounts}
        for row in range(len(snapshot.size)):
            own = now[snapshot.accounts[int(snapshot.account[row])]]
            own[snapshot.coins[int(snapshot.coin[row])]] = float(snapshot.size[row])
        traded = defaultdict[str, float](float)
        for name, held in now.items():
            before = self._coins.get(name, held)
            for coin in held.keys() | before.keys():
                traded[coin] += abs(held.get(coin, 0.0) - before.get(coin, 0.0)) / 2
        self._coins |= now
        return traded


def tilted(
    trial: Trial,
    coin: str,
    tiers: MarginTiers,
    tilts: Mapping[str, Tilt] = TILTS,
    *,
    first_half: bool = False,
) -> dict[str, Findings]:
    """Return how each tilted map fares in one trial; without a tilt it is the plain one."""
    steps, truth, asides = trial
    plain = {MODEL: Tilt()} | dict(tilts)
    return {
        name: find_tilted(
            steps, truth, asides, tilt, tiers=tiers, assumed=assumed_of(coin), first_half=first_half
        )
        for name, tilt in plain.items()
    }


def pooled_tilts(found: Sequence[Mapping[str, Findings]], *, same_days: bool = False) -> Outcome:
    """Return what tilted maps come to in several trials, each with the plain one to be compared with."""
    return outcome([_side_by_side(one) for one in found], same_days=same_days)


def _side_by_side(found: Mapping[str, Findings]) -> Findings:
    plain = found[MODEL]
    return Findings(
        {name: one.compared[MODEL] for name, one in found.items()},
        plain.compared_day,
        {name: one.scored[MODEL] for name, one in found.items() if one.scored},
        plain.scored_day,
        plain.events,
    )


def mixes_as_set(
    snapshots: Iterable[Snapshot], until_ms: int, leverages: Sequence[float]
) -> dict[str, tuple[float, ...]]:
    """Return by coin which share of the money has set each of `leverages`, in snapshots until `until_ms`.

    A leverage counts as the nearest of them, in ratio.
    """
    edges = np.sqrt(np.array(leverages[:-1]) * np.array(leverages[1:]))
    usd: dict[str, Floats] = {}
    for snapshot in snapshots:
        if snapshot.time_ms > until_ms:
            break
        tier = np.searchsorted(edges, snapshot.leverage)
        for place, coin in enumerate(snapshot.coins):
            here = (snapshot.coin == place) & np.isfinite(snapshot.leverage)
            held = np.abs(snapshot.size[here]) * snapshot.mark[here]
            counted = np.bincount(tier[here], held, len(leverages))
            usd[coin] = usd.get(coin, np.zeros(len(leverages))) + counted
    return {coin: tuple((held / held.sum()).tolist()) for coin, held in usd.items() if held.sum() > 0}
