"""Running a trial of the modelled map: model, truth and rivals side by side, to lines of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from liqbot.engine.assumptions import Assumptions, rungs_of
from liqbot.engine.model_steps import Steps
from liqbot.engine.modelled import Model
from liqbot.engine.trial.findings import DISTANCE, FREE, MODEL, REAL, STACK, Findings, Truth
from liqbot.engine.trial.judging import Judge
from liqbot.engine.trial.rivals import stacked, without_conservation
from liqbot.engine.trial.scoring import TOP, Interval, by_days
from liqbot.market.margin import MarginTiers
from liqbot.market.positions import Floats, Ints

FEWEST = 4
"""So many real maps are needed at least."""


@dataclass(frozen=True, slots=True)
class Line:
    """How one map fared. Intervals are of 95%, from a bootstrap that draws whole days."""

    name: str
    correlation: Interval | None
    """Mean rank correlation with the real map within 10% of spot."""
    common: Interval | None
    """Mean mass in common with it, 0 to 1."""
    size: Interval | None
    """USD within 10% of spot over those of the real map, sums of all maps; None where a map has no size."""
    gain: Interval | None
    """Information gained over the distance baseline, in bits a liquidated dollar."""
    ranked: Interval | None
    """Area under the curve, 0.5 is chance."""
    lift: Interval | None
    """Share of the liquidated dollars in the best fifth of the reached cells, over a fifth."""
    less_correlation: Interval | None
    """By how much `correlation` is less than the model's: above 0, the model is better."""
    less_common: Interval | None
    less_gain: Interval | None
    """The same of `common` and of `gain`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a trial found."""

    lines: tuple[Line, ...]
    maps: int
    """How many maps were compared."""
    forecasts: int
    """How many forecasts were scored: those after which anything was liquidated where price went."""
    days: int
    events: int
    """Liquidations in that time."""


def find(
    steps: Steps,
    truth: Truth,
    *,
    tiers: MarginTiers | None,
    assumptions: Assumptions | Sequence[Assumptions] | None = None,
    first_half: bool = False,
) -> Findings:
    """Return how the model and its rivals fare on `steps`.

    Whatever is fitted, the distance baseline and how far to trust each map, is fitted on the first half of
    the `truth`, and all is scored on the second, or with `first_half` on the same. A forecast holds until the
    next one. Several `assumptions` are parts of one map, added up. Raises `ValueError` where there is too
    little to halve.
    """
    if len(truth.at) < FEWEST:
        raise ValueError(f"{len(truth.at)} maps of real positions are too few to compare with; {FEWEST} do")
    if truth.at[0] < 1:
        raise ValueError("the first map must be later than the first candle")
    parts = [assumptions or Assumptions()] if not isinstance(assumptions, Sequence) else assumptions
    maps = _maps(steps, truth, tiers, parts[0])
    for part in parts[1:]:
        maps = {name: coins + maps[name] for name, coins in _maps(steps, truth, tiers, part).items()}
    maps[REAL] = truth.coins
    return Judge(steps, truth, first_half=first_half).findings(maps)


def find_by_liquidations(steps: Steps, shown: Truth) -> Findings:
    """Return how the maps of a modelled layer fare by what was liquidated after each.

    `shown` has the layer's own maps in the place of real ones, and the liquidations that its venue told. The
    distance baseline, and how far to trust the map, is fitted on the first half, and the second is scored.
    Raises `ValueError` where there is too little to halve.
    """
    if len(shown.at) < FEWEST:
        raise ValueError(f"{len(shown.at)} maps are too few to score; {FEWEST} do")
    return Judge(steps, shown).by_liquidations({MODEL: shown.coins})


def _maps(steps: Steps, truth: Truth, tiers: MarginTiers | None, assumed: Assumptions) -> dict[str, Floats]:
    """Return the modelled map and its rivals at the steps of the `truth`, each (n, 2 sides, bins)."""
    rungs, at = rungs_of(assumed, tiers), truth.at - 1
    first, interest, price = int(steps.end_ms[0]), float(steps.interest[0]), float(steps.close[0])
    model = Model.begin(first, interest, rungs, assumed, price).then(steps.take(slice(1, None)))
    maps = {
        MODEL: model.coins_at(at, truth.bins),
        FREE: without_conservation(model).coins_at(at, truth.bins),
        STACK: stacked(model, at, truth.bins),
    }
    return {name: coins.swapaxes(0, 1) for name, coins in maps.items()}


def outcome(trials: Sequence[Findings], seed: int = 1, *, same_days: bool = False) -> Outcome:
    """Return what all `trials` come to together; `seed` is that of the bootstrap.

    With `same_days` the trials are of one time, as the coins of one market are: what happens on a day hangs
    together in all of them.
    """
    rng = np.random.default_rng(seed)
    joined = np.concatenate if same_days else _days_apart
    compared_day = joined([trial.compared_day for trial in trials])
    scored_day = joined([trial.scored_day for trial in trials])
    compared = _pooled([trial.compared for trial in trials])
    scored = _pooled([trial.scored for trial in trials])
    lines = [
        _line(name, compared, compared_day, scored, scored_day, rng)
        for name in dict.fromkeys((MODEL, FREE, STACK, DISTANCE, REAL, *compared))
        if name in compared or name in scored
    ]
    return Outcome(
        tuple(lines),
        maps=len(compared_day),
        forecasts=len(scored_day),
        days=len(np.unique(compared_day if len(compared_day) else scored_day)),
        events=sum(trial.events for trial in trials),
    )


def _days_apart(days: Sequence[Ints]) -> Ints:
    """Return the days of all trials, those of different trials told apart."""
    return np.concatenate([trial * 1_000_000 + own for trial, own in enumerate(days)])


def _pooled(trials: Sequence[Mapping[str, Floats]]) -> dict[str, Floats]:
    parts = [trial for trial in trials if trial]
    return {name: np.concatenate([trial[name] for trial in parts]) for name in (parts[0] if parts else ())}


def _line(  # noqa: PLR0917 - what was found, twice two columns
    name: str,
    compared: Mapping[str, Floats],
    compared_day: Ints,
    scored: Mapping[str, Floats],
    scored_day: Ints,
    rng: np.random.Generator,
) -> Line:
    def mean_of(column: Floats) -> Interval:
        known = np.isfinite(column)
        rows = np.column_stack([np.where(known, column, 0.0), known])
        return by_days(compared_day, rows, _ratio, rng)

    def per_dollar(columns: Floats, over: float = 1.0) -> Interval:
        rows = np.column_stack([columns, scored[name][:, 0]])
        return by_days(scored_day, rows, lambda sums: float(sums[0] / sums[1] / over), rng)

    has_map, has_score, is_rival = name in compared, name in scored, name not in (MODEL, REAL)
    has_size = has_map and bool(np.isfinite(compared[name][:, 2]).all())

    def ahead_of(column: int) -> Interval | None:
        if not (has_map and is_rival):
            return None
        return mean_of(compared[MODEL][:, column] - compared[name][:, column])

    return Line(
        name,
        correlation=mean_of(compared[name][:, 0]) if has_map else None,
        common=mean_of(compared[name][:, 1]) if has_map else None,
        size=by_days(compared_day, compared[name][:, 2:], _ratio, rng) if has_size else None,
        gain=per_dollar(scored[name][:, 1]) if has_score else None,
        ranked=per_dollar(scored[name][:, 2]) if has_score else None,
        lift=per_dollar(scored[name][:, 3], TOP) if has_score else None,
        less_correlation=ahead_of(0),
        less_common=ahead_of(1),
        less_gain=per_dollar(scored[MODEL][:, 1] - scored[name][:, 1]) if has_score and is_rival else None,
    )


def _ratio(sums: Floats) -> float:
    return float(sums[0] / sums[1]) if sums[1] else np.nan
