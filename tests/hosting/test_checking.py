"""What a check finds before anyone relies on a plugin: names that are taken, markets that it seldom meets."""

import pytest
from hosting.conftest import LIMITS
from hosting.test_worker import GOOD, call

from liqbot.hosting.checking import check
from liqbot.hosting.worker import Worker
from liqbot.market.layer import Basis
from liqbot.market.side import Side
from liqbot.operations.edge_markets import edge_markets
from liqbot.rules.contributions import command
from liqbot.rules.plugin_discovery import find_in_folder

NOW_MS = 1_770_000_000_000
EDGES = edge_markets(NOW_MS)
DAY = tuple(EDGES.values())[:1] * 3


@pytest.fixture
def found(write):
    """Return how to check a plugin: what is found, by what."""

    def found(text, **more):
        [candidate] = find_in_folder(write(mine=text))
        return {one.what: one for one in check(candidate, DAY, LIMITS, edges=EDGES, **more)}

    return found


def test_the_edges_are_what_they_say():
    assert EDGES["an empty market"].ratio is None
    assert not EDGES["a market without shorts"].clusters.of(Side.SHORT)
    assert not EDGES["a market without longs"].clusters.of(Side.LONG)
    assert EDGES["a modelled market"].layer.basis is Basis.MODELLED


def test_a_sound_rule_reads_all_of_them(found):
    edges = found(GOOD)["good: edges"]
    assert edges.is_well
    assert edges.said == ", ".join(EDGES)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("1 / view.ratio", "an empty market"),
        ("view.clusters.of(Side.SHORT)[0]", "a market without shorts"),
        ("view.clusters.of(Side.LONG)[0]", "a market without longs"),
    ],
)
def test_a_rule_that_fails_on_one_is_told_on_which_and_in_which_line(found, body, where):
    text = f'@rule("brittle")\ndef brittle(view):\n    """It is brittle."""\n    {body}\n    yield from ()\n'
    edges = found(text)["brittle: edges"]
    assert not edges.is_well
    assert where in edges.said
    assert "mine.py, line 6" in edges.said


def test_a_package_is_checked_as_a_whole_and_a_fault_is_told_with_its_file_and_line(write_package):
    helper = "def weight(view):\n    return 1 / (view.layer.basis is Basis.MEASURED)\n"
    rules = f"from .weights import weight\n{GOOD.replace('yield', 'weight(view); yield')}"
    head = "from dataclasses import dataclass\nfrom liqbot.plugin import *\n"
    files = {"__init__": "from . import rules\n", "rules": head + rules, "weights": head + helper}
    folder = write_package("mine", **files)
    found = {one.what: one for one in check(*find_in_folder(folder), DAY, LIMITS, edges=EDGES)}
    assert found["loads"].said == "rule good"
    assert found["good: looks ahead"].is_well
    assert not found["good: edges"].is_well
    assert "a modelled market: " in found["good: edges"].said
    assert "rules.py, line 8" in found["good: edges"].said


def test_a_name_that_is_taken_is_told_with_the_other_file(found):
    name = found(GOOD, taken={("rule", "good"): "plugins/other.py"})["good: name"]
    assert not name.is_well
    assert "plugins/other.py" in name.said


def test_what_a_plugin_prints_is_seen_at_once_where_it_is_shown(write, capfd):
    printing = GOOD.replace("yield", "print('seen at once'); yield")
    worker = Worker(list(find_in_folder(write(mine=printing))), LIMITS, show_output=True)
    try:
        worker.ask_one(DAY[0], call("good"))
        assert "seen at once" in capfd.readouterr().err
    finally:
        worker.close()


def test_ones_own_file_takes_no_name(found, write):
    own = str(write() / "mine.py")
    assert "good: name" not in found(GOOD, taken={("rule", "good"): own})


def test_two_of_one_name_in_a_plugin_are_told_with_their_lines(found):
    name = found(GOOD + GOOD.replace("def good", "def better"))["good: name"]
    assert not name.is_well
    assert "mine.py, line 4, and " in name.said
    assert name.said.count("mine.py, line") == 2


@pytest.mark.parametrize("name", ["all", "watch"])
def test_a_rule_that_nobody_could_subscribe_to_is_refused(found, name):
    loads = found(GOOD.replace('rule("good")', f'rule("{name}")'))["loads"]
    assert not loads.is_well
    assert f"no rule can be called {name}" in loads.said


@pytest.mark.parametrize("name", ["all", "start", "stop"])
def test_a_command_that_a_platform_has_itself_is_refused(name):
    with pytest.raises(ValueError, match=f"no command can be called {name}"):
        command(name)
