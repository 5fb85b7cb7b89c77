"""`liqbot measure`: what alerts are worth, how many come, and whether price came to what they told of.

Beside it stands how often price came to the mirrored price.

An alert of a cluster was useful where price reached the cluster within a day; chance reaches the price as far
on the other side of spot as often. An alert of a side (a flip, trapped positions) names no price: for it, 2%
towards that side's liquidations stands.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from liqbot.alerts.evaluation import Evaluated, Subject, evaluate
from liqbot.alerts.states import Event, Reason, WatchState
from liqbot.builtin import near_cluster, regime_flip, trapped
from liqbot.engine.scoreboard import DAY_MS, Case, Fates, Interval, Outcomes, Path, Score, score
from liqbot.market.clusters import Cluster
from liqbot.market.events import Observation
from liqbot.market.side import Side
from liqbot.market.view import MarketView

AWAY = 0.02
"""How far price must go towards the side that an alert without a price is about, as a share of spot."""
BEFORE = {
    near_cluster: {
        "at_least": "5M",
        "size": "0%",
        "single": "1",
        "rearm": "1.25",
        "cooldown": "4h",
        "apart": "0",
    },
    regime_flip: {"balanced": "yes"},
    trapped: {"unusual": "0%", "cooldown": "4h"},
}
"""What the same rules tell where all is asked for that the defaults hold back."""
COLUMNS = (
    "rule",
    "alerts",
    "a coin and day",
    "most on one day of a coin",
    "of one account",
    "reached within a day",
    "mirrored price",
    "difference (95%)",
)


@dataclass(frozen=True, slots=True)
class Told:
    """An alert, and the view in which it was raised."""

    view: MarketView
    alert: Event
    market: str

    @property
    def cluster(self) -> Cluster | None:
        """The cluster that it is about; None where it is about a side."""
        hit = self.alert.hit
        return next((one for one in self.view.clusters if (one.side, one.usd) == (hit.side, hit.value)), None)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a watch told of some markets, and what became of it."""

    name: str
    told: tuple[Told, ...]
    coin_days: float
    score: Score
    """Of the alerts about which a day is over."""
    mirrored: int
    """How many mirrored prices were reached."""

    @property
    def by_coin_and_day(self) -> Counter[tuple[str, str, int]]:
        """Alerts by market, coin and day since 1970 UTC."""
        return Counter((one.market, one.view.coin, one.view.time_ms // DAY_MS) for one in self.told)

    @property
    def a_coin_and_day(self) -> float:
        """Alerts a coin and day."""
        return len(self.told) / self.coin_days if self.coin_days else 0.0

    def cells(self) -> tuple[str, ...]:
        """Return the row of the table."""
        alone = sum(one.cluster is not None and one.cluster.accounts == 1 for one in self.told)
        count = self.score.count
        return (
            self.name,
            str(len(self.told)),
            f"{self.a_coin_and_day:.2f}",
            str(most_on_one_day([self])),
            str(alone),
            f"{self.score.reached} of {count}",
            f"{self.mirrored} of {count}",
            _interval(self.score.over_mirrored),
        )


def most_on_one_day(watches: Iterable[Measured]) -> int:
    """Return how many alerts came of some watches together on the day of a coin that had most."""
    counts = Counter[tuple[str, str, int]]()
    for one in watches:
        counts.update(one.by_coin_and_day)
    return max(counts.values(), default=0)


@dataclass(slots=True)
class _Market:
    """One coin of one market, as far as it was told."""

    states: list[WatchState]
    views: list[tuple[int, float, float, float]] = field(
        default_factory=list[tuple[int, float, float, float]]
    )

    def path(self) -> Path:
        time_ms, low, high, spot = (np.array(column) for column in zip(*self.views, strict=True))
        return Path(time_ms.astype(np.int64), low, high, spot)


class Measuring:
    """Reads observations as the bot does, and counts."""

    def __init__(self) -> None:
        self._watches = [(rule, "", dict[str, str]()) for rule in BEFORE]
        self._watches += [(rule, ", nothing held back", written) for rule, written in BEFORE.items()]
        self._markets: dict[tuple[str, str], _Market] = {}
        self._told: list[list[Told]] = [[] for _ in self._watches]

    @property
    def coins(self) -> set[str]:
        """The coins of which there was anything."""
        return {coin for _, coin in self._markets}

    async def take(self, market: str, observation: Observation) -> None:
        """Take up the next observation of a coin of a market. Raises `RuleFault`."""
        view, states = observation.view, [WatchState() for _ in self._watches]
        known = self._markets.setdefault((market, view.coin), _Market(states))
        known.views.append((view.time_ms, view.low, view.high, view.spot))
        subjects = [
            Subject(rule, rule.form.parse(written), state)
            for (rule, _, written), state in zip(self._watches, known.states, strict=True)
        ]
        outcomes = await evaluate(observation, subjects)
        for place, found in enumerate(outcomes):
            if not isinstance(found, Evaluated):
                raise found
            known.states[place] = found.state
            alerts = [one for one in found.alerts if one.reason is not Reason.RESOLVED]
            self._told[place] += [Told(view, one, market) for one in alerts]

    def measured(self) -> list[Measured]:
        """Return what each watch has told, the defaults first."""
        paths = {key: market.path() for key, market in self._markets.items()}
        spans = {key: (path.until_ms - int(path.time_ms[0])) / DAY_MS for key, path in paths.items()}
        days = sum(spans.values())
        rows: list[Measured] = []
        for (rule, word, _), told in zip(self._watches, self._told, strict=True):
            by_market: dict[tuple[str, str], list[Case]] = {key: [] for key in paths}
            for one in told:
                by_market[one.market, one.view.coin].append(_case(one))
            outcomes = Outcomes.joined(
                [Fates.of(cases, paths[key], DAY_MS).within(DAY_MS) for key, cases in by_market.items()]
            )
            mirrored = round(float(outcomes.mirrored.sum()))
            name, scored = f"`{rule.name}`{word}", score(outcomes, DAY_MS)
            rows.append(Measured(name, tuple(told), days, scored, mirrored))
        return rows


def _case(told: Told) -> Case:
    view, cluster = told.view, told.cluster
    return Case(
        cluster=_of_side(view, told.alert.hit.side or Side.LONG) if cluster is None else cluster,
        spot=view.spot,
        time_ms=view.time_ms,
        venue=view.layer.venue,
        basis=view.layer.basis,
        regime=view.regime,
    )


def _of_side(view: MarketView, side: Side) -> Cluster:
    """Return a place where price has gone far enough towards the liquidations of a side."""
    price = view.spot * (1 - AWAY if side is Side.LONG else 1 + AWAY)
    shape = Cluster("", side, price, price, price, 0.0, None, None, 0.0, view.time_ms)
    return replace(shape, distance_pct=(price / view.spot - 1) * 100)


def _interval(found: Interval | None) -> str:
    if found is None:
        return "none told"
    said = f"{found.value * 100:+.0f}% ({found.low * 100:+.0f} to {found.high * 100:+.0f})"
    return said if found.is_enough else f"{said}, too few to tell"
