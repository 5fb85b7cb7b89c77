"""near-cluster: a heavy cluster close to spot, told once a level."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from liqbot.plugin import (
    Between,
    Cluster,
    Help,
    Hit,
    MarketView,
    Percent,
    Policy,
    Ratio,
    Side,
    SideChoice,
    Usd,
    percent,
    price,
    rule,
    share,
    usd,
)
from liqbot.text import N_, _, ngettext

LEAVING = 1.25
"""An alert stays on until the cluster is so many times lighter than one must be to begin it."""
SAME_LEVEL = 0.01
"""Clusters of one side within so much of each other, in ln(price), are one level."""
FORGOTTEN_MS = 7 * 86_400_000
"""A level at which nothing was seen for so long is forgotten."""
NO_DISTANCE = 0.05
"""Nearer than this, in percent, a distance would read as 0%."""


@dataclass
class Level:
    """A price around which clusters of one side come and go."""

    side: Side
    price: float
    seen_ms: int


@dataclass
class Levels:
    """The levels at which something was found, by the key of their alert."""

    known: dict[str, Level] = field(default_factory=dict[str, Level])


@rule("near-cluster", policy=Policy(cooldown=24 * 3_600, apart=24 * 3_600, escalate=2))
class NearCluster:
    """A cluster of at least `at_least`, and of `size` of its side, lies within `within` of spot.

    Its side is all the open interest known on that side, so the share means the same for every coin, however
    much of the coin is known.

    A cluster held by a single account must be `single` times as large, and the alert says so: one person can
    close it at any time.

    An alert is about a price level: a cluster within 1% of an earlier one belongs to the same alert, whoever
    holds it now.

    It comes once, and again only when the level has doubled in size or price has moved well away from it.

    Of a coin one comes a day, the largest (`apart`). Another waits, and comes then if it still holds; at once
    where it is twice as large.
    """

    State = Levels

    def read(
        self,
        view: MarketView,
        state: Levels,
        *,
        within: Annotated[Percent, Between(0.1, 90), Help("maximum distance from spot")] = 2.0,
        at_least: Annotated[Usd, Help("minimum size of the cluster")] = 2_000_000,
        size: Annotated[
            Percent, Between(0, 100), Help("minimum size as a share of its side's open interest")
        ] = 1.0,
        side: Annotated[SideChoice, Help("whose liquidations: longs below spot, shorts above it")] = "either",
        single: Annotated[
            Ratio, Between(1, 1000), Help("how many times larger a cluster held by a single account must be")
        ] = 4.0,
        rearm: Annotated[
            Ratio,
            Between(1, 20),
            Help("how far price must move away before it comes again, as a multiple of within"),
        ] = 3.0,
    ) -> Iterator[Hit]:
        """Yield a hit for each level, of the heaviest cluster at it."""
        _forget(state, view.time_ms)
        near = view.clusters.within(min(within * rearm, 99))
        needed = {
            cluster.id: max(at_least, size / 100 * view.open_usd[cluster.side])
            * (single if cluster.accounts == 1 else 1)
            for cluster in near
        }
        found = [
            cluster
            for cluster in near
            if side in ("either", cluster.side) and cluster.usd * LEAVING >= needed[cluster.id]
        ]
        starting = [
            cluster
            for cluster in found
            if cluster.usd >= needed[cluster.id] and abs(cluster.distance_pct) <= within
        ]
        told = set[str]()
        for cluster in [*starting, *(one for one in found if one not in starting)]:
            key, starts = _key(state, cluster), cluster in starting
            if key in told:
                continue
            told.add(key)
            if starts or key in state.known:
                state.known[key] = Level(cluster.side, cluster.price, view.time_ms)
            yield Hit(
                key,
                _seen(cluster),
                means=_meaning(cluster),
                caveat=_caveat(cluster),
                value=cluster.usd,
                side=cluster.side,
                holding=not starts,
            )


near_cluster = NearCluster


def _key(state: Levels, cluster: Cluster) -> str:
    """Return the key of the level of `cluster`: its own identity where nothing was there before."""
    if cluster.id in state.known:
        return cluster.id
    near = [
        (abs(math.log(level.price / cluster.price)), key)
        for key, level in state.known.items()
        if level.side is cluster.side
    ]
    distance, key = min(near, default=(math.inf, ""))
    return key if distance <= SAME_LEVEL else cluster.id


def _forget(state: Levels, now_ms: int) -> None:
    state.known = {key: one for key, one in state.known.items() if now_ms - one.seen_ms <= FORGOTTEN_MS}


def _seen(cluster: Cluster) -> str:
    distance = abs(cluster.distance_pct)
    is_just = distance < NO_DISTANCE
    held = _(
        _SEEN[cluster.side, is_just],
        usd=usd(cluster.usd),
        price=price(cluster.price),
        distance=percent(distance),
    )
    if cluster.accounts == 1:
        return _("single account, {cluster}", cluster=held)
    return _("{cluster} ({holders})", cluster=held, holders=_holders(cluster))


def _holders(cluster: Cluster) -> str:
    if cluster.accounts is None or cluster.whale_share is None:
        return _("modelled")
    if not cluster.whale_share:
        return ngettext("{count} account", "{count} accounts", cluster.accounts)
    return ngettext(
        "{count} account, {share} whales",
        "{count} accounts, {share} whales",
        cluster.accounts,
        share=share(cluster.whale_share),
    )


def _caveat(cluster: Cluster) -> str:
    if cluster.accounts == 1:
        return _("One account can close, hedge or add margin at any time: the level then is gone.")
    return _("Says where forced orders sit, not that price will go there or turn there.")


def _meaning(cluster: Cluster) -> str:
    low, high = price(cluster.low), price(cluster.high)
    return _(_MEANING[cluster.side, low == high], low=low, high=high)


_SEEN = {
    (Side.LONG, False): N_("{usd} of long liquidations at {price}, {distance} below"),
    (Side.LONG, True): N_("{usd} of long liquidations at {price}, just below"),
    (Side.SHORT, False): N_("{usd} of short liquidations at {price}, {distance} above"),
    (Side.SHORT, True): N_("{usd} of short liquidations at {price}, just above"),
}
"""What is seen, by side and by whether it is too near for a distance."""
_MEANING = {
    (Side.LONG, False): N_("A fall to {high} starts forced selling, which can feed itself down to {low}."),
    (Side.LONG, True): N_("A fall to {low} sets off its forced selling all at once."),
    (Side.SHORT, False): N_("A rise to {low} starts forced buying, which can feed itself up to {high}."),
    (Side.SHORT, True): N_("A rise to {low} sets off its forced buying all at once."),
}
"""What it means, by side and by whether it is at one price."""
