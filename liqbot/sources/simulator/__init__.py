"""A made-up market that behaves like one: the bot's built-in source, and the flight simulator for rules."""

from liqbot.sources.simulator.market import SimulatedMarket
from liqbot.sources.simulator.scenario import Scenario

__all__ = ["Scenario", "SimulatedMarket"]
