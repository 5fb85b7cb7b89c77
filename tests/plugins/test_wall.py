from pathlib import Path

import pytest
from markets import long, short, view_of

from liqbot.builtin import RULES
from liqbot.rules.plugin_loading import Rules

FOLDER = Path(__file__).parents[2] / "plugins"
# A coin is $100: longs for $60M far below, shorts for $45M near above.
MARKET = view_of(long("ann", 600_000, at=80), short("bob", 450_000, at=101), spot=100)


@pytest.fixture
def wall():
    rules = Rules()
    rules.add(RULES)
    rules.load_folder(FOLDER)
    assert rules.errors == []
    return rules.by_name["wall"]


def hits(wall, **written):
    return [(hit.side, hit.holding) for hit in wall.read(MARKET, wall.form.parse(written)).hits]


def test_it_finds_a_cluster_of_that_size_wherever_it_stands(wall):
    assert hits(wall, at_least="60M") == [("long", False)]
    assert hits(wall, at_least="40M") == [("long", False), ("short", False)]
    assert hits(wall, at_least="100M") == []


def test_an_alert_that_is_on_stays_on_until_the_cluster_is_a_fifth_lighter(wall):
    assert hits(wall) == [("long", False), ("short", True)]
    assert hits(wall, at_least="57M") == [("long", False)]


def test_it_says_what_it_saw(wall):
    [hit] = wall.read(MARKET, wall.form.parse({"at_least": "60M"})).hits
    assert hit.key == MARKET.clusters[0].id
    assert hit.text == "a wall of $60M: long liquidations at 80.00 (−20%)"
    assert wall.summary == "A single cluster holds at least $50M, however far from spot."
