"""Look up in the rows of a recording what became of every cluster that ended, and print it.

`python -m docs.how_ended RECORDING` reads the rows by itself and knows nothing of how the engine follows
clusters: of each it only takes where it was seen, and how it is said to have ended. `--write` puts the table
into pages/numbers.md.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from docs.sections import replace_section
from liqbot.engine.board import Board
from liqbot.market.clusters import Cluster, End, EndedCluster
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.sources.recording import Recording, Snapshot
from liqbot.sources.replay import RECORDED_LAYER
from liqbot.text import figures

PAGE = Path(__file__).parent / "pages" / "numbers.md"
DAY_MS = 24 * 3_600_000
LEFT_OPEN = 0.2
"""A cluster may be called closed once no more than this share of its coins is open still."""
MOSTLY = 0.5
"""And merged, once the other one holds so much of what is left of it."""
EDGE = 1e-6
"""Levels are written with fewer digits than they are reckoned with."""


class Held(NamedTuple):
    """A row of the recording: what an account held of a coin when it was last looked at."""

    size: float
    level: float
    seen_ms: int


@dataclass(slots=True)
class Rows:
    """All accounts as last looked at."""

    by_coin: dict[str, dict[str, Held]] = field(default_factory=dict[str, dict[str, Held]])
    looked_ms: dict[str, int] = field(default_factory=dict[str, int])

    def take(self, snapshot: Snapshot) -> None:
        """Take up a snapshot: who was looked at holds what it says, and nothing else."""
        for name in snapshot.accounts:
            self.looked_ms[name] = snapshot.time_ms
            for held in self.by_coin.values():
                held.pop(name, None)
        for row in range(len(snapshot.size)):
            held = self.by_coin.setdefault(snapshot.coins[int(snapshot.coin[row])], dict[str, Held]())
            size, level = float(snapshot.size[row]), float(snapshot.liquidation[row])
            held[snapshot.accounts[int(snapshot.account[row])]] = Held(size, level, snapshot.time_ms)

    def between(self, cluster: Cluster, coin: str, now_ms: int) -> dict[str, float]:
        """Return who has a level in the range of `cluster`, on its side, and how many coins."""
        low, high = cluster.low * (1 - EDGE), cluster.high * (1 + EDGE)
        return {
            name: abs(held.size)
            for name, held in self.by_coin.get(coin, {}).items()
            if (held.size > 0) is (cluster.side is Side.LONG)
            and low <= held.level <= high
            and now_ms - held.seen_ms <= DAY_MS
        }

    def open_of(
        self, members: Mapping[str, float], side: Side, coin: str, now_ms: int
    ) -> tuple[float, float]:
        """Return how many coins of `members` are open still, and of how many nobody has looked for a day."""
        still = unknown = 0.0
        for name, coins in members.items():
            held = self.by_coin.get(coin, {}).get(name)
            if now_ms - self.looked_ms[name] > DAY_MS:
                unknown += coins
            elif held is not None and (held.size > 0) is (side is Side.LONG):
                still += min(coins, abs(held.size))
        return still, unknown


@dataclass(frozen=True, slots=True)
class Ending:
    """What the rows say of a cluster that ended."""

    ended: EndedCluster
    coins: float
    """What its members held in its range when it was last seen there."""
    still: float
    """What they hold still on that side, wherever."""
    unknown: float
    """Of what nobody has looked for a day."""
    alone_usd: float
    """What lies in its range afterwards, whoever holds it, and is in no cluster that is seen."""
    in_other: float
    """What the members have in the cluster that it is said to have merged into, in coins."""
    touched: bool
    """Whether price came to its level since the view before."""

    @property
    def is_explained(self) -> bool:
        """Whether the rows bear out how it is said to have ended."""
        if not self.coins:
            return False
        match self.ended.end:
            case End.CLOSED:
                return self.still + self.unknown <= LEFT_OPEN * self.coins
            case End.MERGED:
                return self.in_other >= MOSTLY * self.still
            case End.SWEPT:
                return self.touched


def endings(snapshots: Iterable[Snapshot], coins: Iterable[str] = ()) -> Iterator[Ending]:
    """Yield what became of every cluster that ended, in `coins` (none named: in all)."""
    board, rows = Board(RECORDED_LAYER), Rows()
    wanted, members = set(coins), dict[str, dict[str, float]]()
    for snapshot in snapshots:
        rows.take(snapshot)
        board.apply_all(snapshot.updates())
        for coin in board.coins:
            if coin in snapshot.coins and (not wanted or coin in wanted):
                yield from _of_view(board.view(coin), rows, members)


def _of_view(view: MarketView, rows: Rows, members: dict[str, dict[str, float]]) -> Iterator[Ending]:
    for ended in view.ended:
        cluster = ended.cluster
        mine = members.pop(cluster.id, {})
        still, unknown = rows.open_of(mine, cluster.side, view.coin, view.time_ms)
        here = rows.between(cluster, view.coin, view.time_ms)
        seen = list(view.clusters.of(cluster.side))
        held = [rows.between(one, view.coin, view.time_ms) for one in seen]
        into = [own for one, own in zip(seen, held, strict=True) if one.id == ended.into]
        other = into[0] if into else dict[str, float]()
        low, high = view.low, view.high
        yield Ending(
            ended,
            sum(mine.values()),
            still,
            unknown,
            view.spot * sum(coins for name, coins in here.items() if not any(name in own for own in held)),
            sum(min(coins, other.get(name, 0.0)) for name, coins in mine.items()),
            low <= cluster.price if cluster.side is Side.LONG else high >= cluster.price,
        )
    for cluster in view.clusters:
        found = rows.between(cluster, view.coin, view.time_ms)
        if found or cluster.id not in members:
            members[cluster.id] = found


def table(found: Sequence[Ending]) -> str:
    """Return what became of them: a row for each way to end."""
    columns = ("said to be", "clusters", "they weighed", "what the rows say", "not explained")
    rows = [columns, ("---",) * len(columns)]
    for end, what in WHAT.items():
        mine = [one for one in found if one.ended.end is end]
        weighed = figures.usd(sum(one.ended.cluster.usd for one in mine))
        unexplained = [one.ended.cluster.id for one in mine if not one.is_explained]
        rows.append((end, str(len(mine)), weighed, what(mine), ", ".join(unexplained) or "0"))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _closed(found: Sequence[Ending]) -> str:
    share = _share(found, lambda one: one.still + one.unknown)
    alone = figures.usd(sum(one.alone_usd for one in found))
    return f"{share} of their coins open still, or not looked at; {alone} in their range, in no cluster"


def _merged(found: Sequence[Ending]) -> str:
    held = [one.in_other / one.still for one in found if one.still]
    return f"the other cluster holds {figures.share(min(held, default=0.0))} or more of what is open still"


def _swept(found: Sequence[Ending]) -> str:
    return f"price came to the level of {sum(one.touched for one in found)}"


def _share(found: Sequence[Ending], part: Callable[[Ending], float]) -> str:
    shares = [part(one) / one.coins for one in found if one.coins]
    mean = figures.share(sum(shares) / max(len(shares), 1))
    return f"{mean} (at most {figures.share(max(shares, default=0.0))})"


WHAT: Mapping[End, Callable[[Sequence[Ending]], str]] = {
    End.CLOSED: _closed,
    End.MERGED: _merged,
    End.SWEPT: _swept,
}


def main() -> None:
    """Print what a recording says; with `--write`, write it into the page."""
    parser = argparse.ArgumentParser(prog="python -m docs.how_ended", description=__doc__)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--write", action="store_true", help="write the table into pages/numbers.md")
    arguments = parser.parse_args()
    told = table(list(endings(Recording(arguments.recording).snapshots())))
    print(told)
    if arguments.write:
        PAGE.write_text(replace_section(PAGE.read_text(), "ended", told))


if __name__ == "__main__":
    main()
