"""How wrong is the modelled map? It is run where the truth is known, and compared with it and with rivals."""

from liqbot.engine.trial.findings import DISTANCE, FREE, MODEL, REAL, STACK, Findings, Truth
from liqbot.engine.trial.judging import has_levels_near
from liqbot.engine.trial.running import Line, Outcome, find, find_by_liquidations, outcome
from liqbot.engine.trial.scoring import Interval
from liqbot.engine.trial.witness import Witness

__all__ = [
    "DISTANCE",
    "FREE",
    "MODEL",
    "REAL",
    "STACK",
    "Findings",
    "Interval",
    "Line",
    "Outcome",
    "Truth",
    "Witness",
    "find",
    "find_by_liquidations",
    "has_levels_near",
    "outcome",
]
