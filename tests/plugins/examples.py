"""The example plugins, loaded into the test's own process, and a market that goes on view by view."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from markets import MINUTE

from liqbot.builtin import RULES
from liqbot.hosting.plugins import Plugins
from liqbot.rules.plugin_discovery import find_in_folder
from liqbot.rules.plugin_loading import LoadError, load

FOLDER = Path(__file__).parents[2] / "plugins"


@cache
def examples() -> Plugins:
    """Return all example plugins."""
    plugins = Plugins()
    plugins.add(RULES)
    for candidate in find_in_folder(FOLDER):
        found = load(candidate)
        assert not isinstance(found, LoadError), found
        plugins.add(found)
    assert plugins.errors == []
    return plugins


def at(minute, view, **changes):
    """Return `view` as it would be `minute` minutes after 1970."""
    return replace(view, time_ms=minute * MINUTE, **changes)


def heard(name, *views, **written):
    """Return what a rule says of each view, one after the other, as (key, holding)."""
    rule = examples().rules.by_name[name]
    values, memory, said = rule.form.parse(written), None, []
    for view in views:
        reading = rule.read(view, values, memory)
        memory = reading.memory
        said.append([(hit.key, hit.holding) for hit in reading.hits])
    return said


def hits(name, view, **written):
    """Return the hits of a rule on one view."""
    rule = examples().rules.by_name[name]
    return rule.read(view, rule.form.parse(written)).hits


def event_hits(name, observation, **written):
    """Return the hits of an event rule on one observation."""
    rule = examples().rules.by_name[name]
    return rule.read(observation.view, rule.form.parse(written), None, observation.events).hits
