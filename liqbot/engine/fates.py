"""Fates of the scoreboard's cases, in columns: when price reached each and its rivals, what followed.

Nothing of the future is seen: a case is open until its horizon is over, and where nobody saw the price for a
while, the case is left out whatever is known of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from liqbot.engine.cases import Case
from liqbot.engine.liquidation_sums import LiquidationSums
from liqbot.market.positions import Bools, Floats, Ints
from liqbot.market.price_path import NEVER, Path
from liqbot.market.side import Side

HOUR_MS = 3_600_000
HORIZONS_MS = (HOUR_MS, 4 * HOUR_MS, 24 * HOUR_MS, 72 * HOUR_MS)
"""Within which a cluster may be reached: 1 h, 4 h, 24 h, 3 d."""
AFTER_MS = (HOUR_MS, 4 * HOUR_MS)
"""After which what followed a reach is looked at."""
FEWEST_STEPS = 3
"""Of a horizon of fewer steps of the path nothing is said: too much happens unseen."""
_EMPTY = 2
"""So many empty levels a case has, or none."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case within a horizon that is over."""

    case: Case
    reached_ms: int | None
    """When price came to the cluster's price."""
    was_gone: bool
    """Whether the cluster had been closed or merged before: price came to a place that was empty by then."""
    ended: bool
    """Whether it was closed or merged within the horizon, and price had not come to it."""
    mirrored: float
    """1 where the mirrored price was reached, else 0."""
    empty: float | None
    """Share of the empty levels that were reached; None where there are none."""
    walk: float | None
    """Probability that a random walk reaches it; None where the volatility is unknown."""
    overshoot_pct: float | None
    """How far price went beyond it in the hour after, percent of it; None where that is not over."""
    after_pct: tuple[float | None, ...]
    """How far price stood beyond it (+, follow) or back (-, fade) after each of `AFTER_MS`, percent of it."""
    liquidated_usd: float | None
    """Its side's liquidations from the step in which price came there until an hour later; None: untold."""

    @property
    def reached(self) -> float:
        """1 where it was reached, else 0."""
        return float(self.reached_ms is not None)


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """The same of many cases, in columns of shape (n,); what is None there is NaN here, or `NEVER`."""

    cases: Sequence[Case]
    time_ms: Ints
    usd: Floats
    """What the map had there."""
    reached_ms: Ints
    was_gone: Bools
    ended: Bools
    mirrored: Floats
    empty: Floats
    walk: Floats
    overshoot_pct: Floats
    after_pct: Floats
    """Shape (n, len(AFTER_MS))."""
    liquidated_usd: Floats

    def __len__(self) -> int:
        return len(self.time_ms)

    @property
    def reached(self) -> Floats:
        """1 where it was reached, else 0."""
        return (self.reached_ms != NEVER).astype(np.float64)

    def where(self, these: Bools) -> "Outcomes":
        """Return some of them."""
        columns = (getattr(self, name) for name in _COLUMNS)
        own = [self.cases[place] for place in np.flatnonzero(these).tolist()]
        return Outcomes(own, *(column[these] for column in columns))

    @staticmethod
    def joined(parts: Sequence["Outcomes"]) -> "Outcomes":
        """Return those of several markets as one."""
        cases = [case for part in parts for case in part.cases]
        columns = (np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS)
        return Outcomes(cases, *columns)

    def __getitem__(self, place: int) -> Outcome:
        reached_ms = int(self.reached_ms[place])
        return Outcome(
            case=self.cases[place],
            reached_ms=None if reached_ms == NEVER else reached_ms,
            was_gone=bool(self.was_gone[place]),
            ended=bool(self.ended[place]),
            mirrored=float(self.mirrored[place]),
            empty=_told(self.empty[place]),
            walk=_told(self.walk[place]),
            overshoot_pct=_told(self.overshoot_pct[place]),
            after_pct=tuple(map(_told, self.after_pct[place])),
            liquidated_usd=_told(self.liquidated_usd[place]),
        )


_COLUMNS = tuple(one.name for one in fields(Outcomes) if one.name != "cases")


@dataclass(frozen=True, slots=True, eq=False)
class Fates:
    """What became of cases by now: the same whatever the horizon, so that it is found out once.

    Columns of shape (n,); `NEVER` and NaN where there is nothing to tell.
    """

    cases: Sequence[Case]
    path: Path
    time_ms: Ints
    usd: Floats
    distance: Floats
    ended_ms: Ints
    reached_ms: Ints
    mirrored_ms: Ints
    empty_ms: Ints
    """Shape (n, 2)."""
    has_empty: Bools
    sigma: Floats
    overshoot_pct: Floats
    after_pct: Floats
    """Shape (n, len(AFTER_MS))."""
    liquidated_usd: Floats

    @staticmethod
    def of(
        cases: Sequence[Case],
        path: Path,
        longest_ms: int = HORIZONS_MS[-1],
        liquidations: LiquidationSums | None = None,
    ) -> "Fates":
        """Return what `path` and `liquidations` say of cases within `longest_ms`."""
        time_ms = np.array([case.time_ms for case in cases], dtype=np.int64)
        until_ms = time_ms + longest_ms
        price = _floats([case.cluster.price for case in cases])
        spot = _floats([case.spot for case in cases])
        is_long = np.array([case.cluster.side is Side.LONG for case in cases], dtype=np.bool_)
        empty = np.array([case.empty or (math.nan,) * _EMPTY for case in cases], dtype=np.float64)
        empty = empty.reshape(-1, _EMPTY)
        reached_ms = path.reached(price, time_ms, until_ms)
        return Fates(
            cases=cases,
            path=path,
            time_ms=time_ms,
            usd=_floats([case.cluster.usd for case in cases]),
            distance=np.abs(np.log(price / spot)),
            ended_ms=np.array(
                [NEVER if case.ended_ms is None else case.ended_ms for case in cases], dtype=np.int64
            ),
            reached_ms=reached_ms,
            mirrored_ms=path.reached(spot**2 / price, time_ms, until_ms),
            empty_ms=np.stack([path.reached(column, time_ms, until_ms) for column in empty.T], axis=1),
            has_empty=np.asarray(np.isfinite(empty).all(axis=1), dtype=np.bool_),
            sigma=path.volatilities(time_ms),
            overshoot_pct=_overshoot_pct(path, price, is_long, reached_ms),
            after_pct=np.stack(
                [_beyond_pct(path, price, is_long, reached_ms, after) for after in AFTER_MS], axis=1
            ),
            liquidated_usd=_liquidated(liquidations, path, is_long, reached_ms),
        )

    def is_over(self, horizon_ms: int) -> Bools:
        """Return of which a horizon is over."""
        return self.time_ms + horizon_ms <= self.path.until_ms

    def is_seen(self, horizon_ms: int) -> Bools:
        """Return of which price is known throughout a horizon, in steps that are short enough for it."""
        return self.path.seen(self.time_ms, self.time_ms + horizon_ms) & self.is_fine(horizon_ms)

    def is_fine(self, horizon_ms: int) -> Bools:
        """Return of which price is known in steps that are short enough for a horizon."""
        return FEWEST_STEPS * self.path.steps_at(self.time_ms) <= horizon_ms

    def within(self, horizon_ms: int) -> Outcomes:
        """Return what became within a horizon of those of which it is over, and was seen."""
        until_ms = self.time_ms + horizon_ms
        came = self.reached_ms <= until_ms
        outcomes = Outcomes(
            cases=self.cases,
            time_ms=self.time_ms,
            usd=self.usd,
            reached_ms=np.where(came, self.reached_ms, NEVER),
            was_gone=came & (self.ended_ms < self.reached_ms),
            ended=~came & (self.ended_ms <= until_ms),
            mirrored=(self.mirrored_ms <= until_ms).astype(np.float64),
            empty=np.where(self.has_empty, np.mean(self.empty_ms <= until_ms[:, None], axis=1), np.nan),
            walk=_walks(self.distance, self.sigma, horizon_ms),
            overshoot_pct=np.where(came, self.overshoot_pct, np.nan),
            after_pct=np.where(came[:, None], self.after_pct, np.nan),
            liquidated_usd=np.where(came, self.liquidated_usd, np.nan),
        )
        return outcomes.where(self.is_over(horizon_ms) & self.is_seen(horizon_ms))


def outcome(case: Case, path: Path, horizon_ms: int) -> Outcome | None:
    """Return what became of `case` within `horizon_ms`; None where that is not over, or was not seen."""
    found = Fates.of([case], path, horizon_ms).within(horizon_ms)
    return found[0] if len(found) else None


def reach_probability(distance: float, sigma: float, horizon_ms: int) -> float:
    """Return how probably a random walk without drift comes as far as `distance` (ln price) to one side.

    `sigma`: standard deviation by the square root of a ms. Reflection principle: 2 Phi(-d / sigma sqrt T).
    """
    return float(_walks(np.array([distance]), np.array([sigma]), horizon_ms)[0])


def _walks(distance: Floats, sigma: Floats, horizon_ms: int) -> Floats:
    """Return the same of each, NaN where `sigma` is."""
    spread = sigma * math.sqrt(2 * horizon_ms)
    with np.errstate(divide="ignore", invalid="ignore"):  # no spread: it is reached where it is there already
        far = np.where(distance > 0, distance / spread, 0.0)
    far = np.where(np.isnan(sigma), np.nan, far)
    return _floats(list(map(math.erfc, far.tolist())))  # erfc(x / sqrt 2) = 2 Phi(-x)


def _overshoot_pct(path: Path, price: Floats, is_long: Bools, reached_ms: Ints) -> Floats:
    """Return how far price went beyond each in the hour after, percent; NaN where that is not over."""
    found = np.full(len(price), np.nan)
    known = reached_ms + HOUR_MS <= path.until_ms
    if not known.any():
        return found
    begin = np.searchsorted(path.time_ms, reached_ms[known], side="left")
    end = np.searchsorted(path.time_ms, reached_ms[known] + HOUR_MS, side="right")
    spans = np.stack([begin, end], axis=1).ravel()  # each from its begin to its end, and on to the next begin
    lowest = np.minimum.reduceat(np.append(path.low, np.inf), spans)[::2]
    highest = np.maximum.reduceat(np.append(path.high, -np.inf), spans)[::2]
    own = price[known]
    beyond = np.where(is_long[known], 1 - lowest / own, highest / own - 1)
    found[known] = np.maximum(beyond, 0.0) * 100
    return found


def _beyond_pct(path: Path, price: Floats, is_long: Bools, reached_ms: Ints, after_ms: int) -> Floats:
    """Return how far price stood beyond each a while after, percent; NaN where that is not known."""
    closes = path.closes_at(np.where(reached_ms == NEVER, NEVER, reached_ms + after_ms))
    return (closes / price - 1) * np.where(is_long, -100, 100)


def _liquidated(liquidations: LiquidationSums | None, path: Path, is_long: Bools, reached_ms: Ints) -> Floats:
    """Return the USD of each one's side from the step in which price came until an hour later."""
    found = np.full(len(reached_ms), np.nan)
    if liquidations is None:
        return found
    for side, own in ((Side.LONG, is_long), (Side.SHORT, ~is_long)):
        here = own & (reached_ms != NEVER)
        place = np.searchsorted(path.time_ms, reached_ms[here])
        before_ms = np.where(
            place > 0, path.time_ms[place - 1], reached_ms[here] - path.steps_at(reached_ms[here])
        )
        found[here] = liquidations.between_each(side, before_ms, reached_ms[here] + HOUR_MS)
    return found


def _floats(values: Sequence[float]) -> Floats:
    return np.array(values, dtype=np.float64)


def _told(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
