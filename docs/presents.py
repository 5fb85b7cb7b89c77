"""How the past of the embedded market ends, for its first view: `python -m docs.presents` writes the files.

They are in `liqbot/sources/simulator/presents/`, and are to be written anew whenever the simulated market is
another one than before; `tests/sources/simulator/test_present.py` notices.
"""

from liqbot.market.coins import DEFAULT_COINS
from liqbot.market.positions import Floats
from liqbot.market.updates import AccountsSeen, AssetContext, Beat
from liqbot.sources.simulator import Scenario, Simulator
from liqbot.sources.simulator.present import SCENARIOS, write
from liqbot.sources.simulator.settings import SimulatorSettings
from liqbot.sources.simulator.source import PAST_STEP_S

HOUR_MS = 3_600_000
NOW_MS = 1_770_000_000_000 // HOUR_MS * HOUR_MS


def lived_through(scenario: Scenario) -> tuple[list[AssetContext], AccountsSeen, Floats]:
    """Live through the past; return the contexts of its hours, what is seen at its end, and the depth."""
    own = SimulatorSettings()
    simulator = Simulator(
        now_ms=NOW_MS,
        seed=own.seed,
        scenario=scenario,
        coins=DEFAULT_COINS,
        backfill_days=own.backfill_days,
    )
    contexts: list[AssetContext] = []
    while not simulator.is_live:
        *updates, beat = simulator.market.step(PAST_STEP_S)
        assert isinstance(beat, Beat)  # noqa: S101 - the last of a step
        if beat.time_ms % HOUR_MS == 0:
            contexts += [update for update in updates if isinstance(update, AssetContext)]
    return contexts, simulator.market.known(), simulator.market.depth_usd


def main() -> None:
    """Write the files."""
    own = SimulatorSettings()
    for scenario in SCENARIOS:
        contexts, seen, depth_usd = lived_through(scenario)
        write(
            scenario, seed=own.seed, days=own.backfill_days, contexts=contexts, seen=seen, depth_usd=depth_usd
        )


if __name__ == "__main__":
    main()
