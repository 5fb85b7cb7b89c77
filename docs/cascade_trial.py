"""Hold the cascade simulator to the simulated market's own cascades, and write the table into how-far.md.

`python -m docs.cascade_trial` takes some minutes. In each case price is pushed within five minutes, and what
its forced orders add is measured: the same market with the same chances is lived through a second time
with forced orders that move nothing, and the difference of the two is the feedback.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from docs.sections import replace_section
from liqbot.engine.board import Board
from liqbot.engine.cascade import Cascade
from liqbot.engine.cascade_of_view import cascade_of
from liqbot.market.layer import Basis, Layer, Origin
from liqbot.market.updates import AssetContext, Liquidation
from liqbot.sources.simulator.market import SimulatedMarket
from liqbot.sources.simulator.scenario import Scenario

PAGE = Path(__file__).with_name("how-far.md")
LAYER = Layer("Sandbox", Basis.MEASURED, Origin.SIMULATED)
COINS = ("BTC", "SOL")
SETTLED_ON = tuple(range(201, 205))
"""Markets that were looked at while the trial was set up: which books, pushes, and what comes back."""
FRESH = tuple(range(3301, 3341))
"""Markets that nobody had looked at before their table was written; nothing was changed after it."""
PUSHES = (-5.0, 5.0)
CROWDING = 6 * 3600
"""Each market has lived for so many seconds, in which leverage builds up, before it is pushed."""
PUSHED_S, FOLLOWED_S, STEP_S = 300, 720, 20
"""How long the push takes, how long it is followed from its beginning, and the steps of that."""
DEPTHS = (0.4, 0.2)
"""Books are so many times as deep as usual: with usual ones hardly any push runs on."""
RESAMPLES = 2_000
FORECASTS: Sequence[tuple[str, Callable[[Cascade], float]]] = (
    ("**liqbot, likely stop**", lambda found: found.usual.price),
    ("liqbot, nothing comes back", lambda found: found.thin.price),
    ("liqbot, most comes back", lambda found: found.deep.price),
    ("no feedback: it stops at the push", lambda found: found.push_price),
    ("all at once, nothing comes back", lambda found: found.simultaneous.price),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One push of one market. Distances are |ln(price / spot)| in percent."""

    seed: int
    coin: str
    push_pct: float
    actual: float
    """How far price went: the push, and what forced orders added to it at most."""
    forecasts: tuple[float, ...]
    within: bool
    """Whether it stopped between liqbot's nearest and farthest stop."""
    forced_usd: float
    told_usd: float
    """What was really forced, and what was said, up to the likely stop."""


def main() -> None:
    """Write the table anew."""
    with ProcessPoolExecutor() as pool:
        fresh, settled = (
            [case for found in pool.map(cases_of, seeds) for case in found] for seeds in (FRESH, SETTLED_ON)
        )
    PAGE.write_text(replace_section(PAGE.read_text(), "cascades", both(fresh, settled)))


def both(fresh: Sequence[Case], settled: Sequence[Case]) -> str:
    """Return the table of the markets never looked at before, and apart from it that of the others."""
    return "\n\n".join(
        [
            f"### {len({case.seed for case in fresh})} markets that nobody had looked at",
            table(fresh),
            f"### {len({case.seed for case in settled})} markets that were looked at while this was set up",
            table(settled),
        ]
    )


def cases_of(seed: int, pushes: Iterable[float] = PUSHES) -> list[Case]:
    """Return what came of pushing each coin of one market."""
    market = SimulatedMarket(seed, Scenario.NATURAL, COINS, start_ms=0, step_s=60)
    for _ in range(CROWDING // 600):
        market.step(600)
    return [
        case_of(market, seed, coin, push, depth=depth)
        for coin in COINS
        for push in pushes
        for depth in DEPTHS
    ]


def case_of(market: SimulatedMarket, seed: int, coin: str, push_pct: float, *, depth: float) -> Case:
    """Return what came of one push, beside what was forecast of it."""
    board = Board(LAYER)
    place = market.coins.index(coin)
    pushed, still = market.twin(depth=depth), market.twin(depth=depth, is_silent=True)
    board.apply_all([*_contexts(pushed), pushed.census(), *pushed.books(LAYER.venue)])
    view = board.view(coin)
    found = cascade_of(view, push_pct)
    if found is None:
        raise SystemExit(f"the simulated market has no book of {coin}")
    sign = math.copysign(1.0, push_pct)
    most, forced = 0.0, 0.0
    for one in (pushed, still):
        one.shock(coin, push_pct, PUSHED_S)
    for _ in range(FOLLOWED_S // STEP_S):
        told = pushed.advance(STEP_S)
        still.advance(STEP_S)
        forced += sum(
            one.price * one.size for one in told if isinstance(one, Liquidation) and one.coin == coin
        )
        most = max(most, sign * math.log(pushed.marks[place] / still.marks[place]))
    push = abs(math.log1p(push_pct / 100))
    told_at = [100 * abs(math.log(price(found) / view.spot)) for _, price in FORECASTS]
    actual = 100 * (push + most)
    return Case(
        seed,
        coin,
        push_pct,
        actual,
        tuple(told_at),
        told_at[2] - 0.1 <= actual <= told_at[1] + 0.1,
        forced,
        found.usual.forced_usd,
    )


def table(cases: Sequence[Case]) -> str:
    """Return the errors of each forecast with their intervals, and of those cases that did cascade alone."""
    moved = [case for case in cases if case.actual - _push(case) >= 0.25]
    parts: list[str] = []
    for name, chosen in (("every push", cases), ("pushes that did run on by 0.25% or more", moved)):
        rows = ["| forecast | median error | 95% | median bias |", "| --- | --- | --- | --- |"]
        for place, (label, _) in enumerate(FORECASTS):
            errors = [abs(case.forecasts[place] - case.actual) for case in chosen]
            bias = [case.forecasts[place] - case.actual for case in chosen]
            low, high = interval(chosen, errors)
            rows.append(
                f"| {label} | {np.median(errors):.2f}% | {low:.2f}–{high:.2f}% | {np.median(bias):+.2f}% |"
            )
        head = f"{len(chosen)} cases: {name}."
        parts += [head, "\n".join(rows)]
    within = np.mean([case.within for case in cases])
    parts.append(
        f"{within:.0%} of all stopped between liqbot's nearest and farthest stop, give or take 0.1%."
        f" {len({case.seed for case in cases})} markets, {' and '.join(COINS)}, pushes of"
        f" {' and '.join(f'{push:+g}%' for push in PUSHES)},"
        f" books {' and '.join(map(str, DEPTHS))} times as deep as usual."
    )
    return "\n\n".join(parts)


def interval(cases: Sequence[Case], errors: Sequence[float]) -> tuple[float, float]:
    """Return a 95% interval of the median, by resampling whole markets: cases of one market are alike."""
    rng = np.random.default_rng(7)
    by_seed: dict[int, list[float]] = {case.seed: [] for case in cases}
    for case, error in zip(cases, errors, strict=True):
        by_seed[case.seed].append(error)
    groups = list(by_seed.values())
    medians = [
        np.median([error for place in rng.integers(len(groups), size=len(groups)) for error in groups[place]])
        for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(medians, (0.025, 0.975))
    return float(low), float(high)


def _push(case: Case) -> float:
    return 100 * abs(math.log1p(case.push_pct / 100))


def _contexts(market: SimulatedMarket) -> list[AssetContext]:
    interest = market.open_interest()
    return [
        AssetContext(name, market.time_ms, float(mark), interest[name])
        for name, mark in zip(market.coins, market.marks, strict=True)
    ]


if __name__ == "__main__":
    main()
