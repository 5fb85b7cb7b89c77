"""A made-up market that behaves like one: the bot's built-in source, and the flight simulator for rules."""

from liqbot.sources.simulator.coins import DEFAULT_COINS, KNOWN_COINS
from liqbot.sources.simulator.market import SimulatedMarket
from liqbot.sources.simulator.scenario import Scenario
from liqbot.sources.simulator.source import Simulator

__all__ = ["DEFAULT_COINS", "KNOWN_COINS", "Scenario", "SimulatedMarket", "Simulator"]
