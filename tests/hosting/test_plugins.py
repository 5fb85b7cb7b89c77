"""All plugins together: which are loaded, where they run, and what becomes of names that are taken."""

import asyncio
from dataclasses import replace

import pytest
from markets import long, view_of

from liqbot.builtin import RULES
from liqbot.hosting.plugins import Wanted, load_plugins
from liqbot.message import Message
from liqbot.rules.rule import Need
from liqbot.rules.rule_calls import Question, ask

VIEW = view_of(long("ann", 2, at=95), spot=100)


def a_rule(name, text="text"):
    return f'''
@rule("{name}")
def function(view):
    """Something."""
    yield Hit("key", "{text}")
'''


OTHERS = '''
@command("said")
def said(view, *, within: Percent = 1):
    """It says."""
    return Message(f"{view.coin} {within:g}")

@overlay("drawn")
def drawn(view):
    """It draws."""
    yield line(view.spot, "spot")
'''
NETWORK = '''
@source("told")
def told(request):
    """It tells."""
    return request

@adapter("brought")
def brought(options):
    """It brings."""
    return options
'''


def test_a_plugin_runs_in_the_worker_unless_it_is_trusted(plugins_of):
    plugins = plugins_of(plugins={"one": a_rule("one"), "two": a_rule("two")}, trusted=("two",))
    assert {known.name: (known.runs, known.brings) for known in plugins.known} == {
        "one": ("worker", ("rule one",)),
        "two": ("inside", ("rule two",)),
    }
    assert texts(plugins, "one") == ["text"]
    assert plugins.rules.by_name["two"].function(VIEW) is not None
    with pytest.raises(TypeError, match="the code of one is in the worker"):
        plugins.rules.by_name["one"].function(VIEW)


def test_what_a_rule_needs_is_known_of_one_in_the_worker_too(plugins_of):
    text = a_rule("one").replace('@rule("one")', '@rule("one", needs=[Need.BOOK, Need.FUNDING])')
    assert plugins_of(plugins={"one": text}).rules.by_name["one"].needs == {Need.BOOK, Need.FUNDING}


def test_commands_and_overlays_work_from_the_worker(plugins_of):
    plugins = plugins_of(plugins={"others": OTHERS}, overlays=("drawn", "not there"))
    assert plugins.commands["said"].answer(VIEW, {"within": 2.0}) == Message("BTC 2")
    assert [(mark.low, mark.label) for mark in plugins.marks(VIEW)] == [(100, "spot")]


def test_an_overlay_is_drawn_only_where_the_settings_name_it_and_one_that_fails_costs_no_picture(plugins_of):
    broken = "\n@overlay('broken')\ndef broken(view):\n    'It is broken.'\n    1 / 0\n"
    plugins = plugins_of(plugins={"others": OTHERS, "broken": broken})
    assert plugins.marks(VIEW) == ()
    plugins.wanted = replace(plugins.wanted, overlays=("broken", "drawn"))
    assert [mark.label for mark in plugins.marks(VIEW)] == ["spot"]


def test_sources_and_chat_adapters_are_there_only_when_their_plugin_is_trusted(plugins_of):
    outside = plugins_of(plugins={"network": NETWORK})
    assert (outside.sources, outside.adapters, outside.errors) == ({}, {}, [])
    assert outside.known[0].runs == "worker; its source told and chat adapter brought only when trusted"
    inside = plugins_of(trusted=("network",))
    assert (list(inside.sources), list(inside.adapters)) == (["told"], ["brought"])


def test_a_name_of_the_house_or_of_another_plugin_is_refused_naming_both_files(plugins_of):
    plugins = plugins_of(RULES, plugins={"a": a_rule("trapped"), "b": a_rule("mine"), "c": a_rule("mine")})
    assert list(plugins.rules.by_name) == [*(rule.name for rule in RULES), "mine"]
    first, second = plugins.errors
    assert (first.file.name, first.line) == ("a.py", 4)
    assert "there is a rule trapped already, in " in first.reason
    assert "trapped.py" in first.reason
    assert (second.file.name, second.line) == ("c.py", 4)
    assert "b.py; this one is left out" in second.reason


def test_denied_plugins_are_not_even_run(plugins_of, write):
    write(evil='__version__ = "1.5"\nraise SystemExit("it ran")')
    plugins = plugins_of(denied=("evil<2",))
    assert (plugins.errors, plugins.worker) == ([], None)
    assert [(known.name, known.runs) for known in plugins.known] == [("evil", "denied by evil<2")]


def several(text):
    """Return the files of a package whose rule says what another of its files holds."""
    rule = a_rule("several").replace('"text"', "TEXT")
    return {
        "__init__": "from . import rules\n",
        "rules": f"from liqbot.plugin import *\nfrom .words import TEXT\n{rule}",
        "words": f"TEXT = {text!r}\n",
    }


def texts(plugins, rule):
    return [hit.text for hit in plugins.rules.by_name[rule].read(VIEW, {}).hits]


def test_all_files_of_a_package_count_and_one_that_has_changed_is_read_anew(write_package):
    said = []
    for text in ("before", "afterwards"):
        folder = write_package("several", **several(text))
        plugins = load_plugins((), Wanted(folder=folder, trusted=("several",)))
        assert plugins.errors == []
        said += texts(plugins, "several")
    assert said == ["before", "afterwards"]


async def test_the_worker_too_reads_a_package_anew_of_which_another_file_has_changed(
    plugins_of, write_package
):
    write_package("several", **several("first"))
    plugins = plugins_of()
    said = [texts(plugins, "several")]
    for text in ("other", "third"):  # as long as before, within the same second: no file of bytecode is stale
        write_package("several", words=f"TEXT = {text!r}\n")
        await plugins.reload()
        said.append(texts(plugins, "several"))
    assert (plugins.errors, said) == ([], [["first"], ["other"], ["third"]])
    write_package("several", words="1 / 0\n")
    await plugins.reload()
    [error] = plugins.errors
    assert (error.file.name, error.line) == ("words.py", 1)
    assert error.reason == "ZeroDivisionError: division by zero"


def test_without_plugins_there_is_no_worker():
    plugins = load_plugins(RULES, Wanted())
    assert plugins.worker is None
    assert len(plugins.rules.by_name) == len(RULES)
    plugins.close()


async def test_many_rules_in_the_worker_are_asked_at_once_and_the_event_loop_is_free_meanwhile(plugins_of):
    slow = {
        name: a_rule(name, name).replace("yield", "time.sleep(0.2)\n    yield") for name in ("one", "two")
    }
    plugins = plugins_of(plugins={name: f"import time\n{text}" for name, text in slow.items()})
    rules = plugins.rules.by_name
    asking = asyncio.create_task(ask(VIEW, [Question(rules["one"], {}), Question(rules["two"], {})]))
    turns = 0
    while not asking.done():
        turns += 1
        await asyncio.sleep(0.005)
    assert [answer.hits[0].text for answer in await asking] == ["one", "two"]
    assert turns > 10


async def test_each_question_is_answered_in_its_place_and_a_fault_is_one_answer(plugins_of):
    plugins = plugins_of(
        plugins={"one": a_rule("one"), "odd": a_rule("odd").replace("yield", "1 / 0\n    yield")}
    )
    rules = plugins.rules.by_name
    odd, one = await ask(VIEW, [Question(rules["odd"], {}), Question(rules["one"], {})])
    assert "ZeroDivisionError" in str(odd)
    assert [hit.text for hit in one.hits] == ["text"]


@pytest.mark.long
async def test_loading_anew_takes_up_what_the_files_say_now(plugins_of, write):
    plugins = plugins_of(plugins={"one": a_rule("one"), "two": a_rule("two")})
    write(one=a_rule("one", "changed"), two="1 / 0", three=a_rule("three"))
    await plugins.reload()
    assert list(plugins.rules.by_name) == ["one", "three"]
    assert texts(plugins, "one") == ["changed"]
    [error] = plugins.errors
    assert (error.file.name, error.reason) == ("two.py", "ZeroDivisionError: division by zero")
    write(two=a_rule("two"))
    await plugins.reload()
    assert plugins.errors == []
    assert list(plugins.rules.by_name) == ["one", "three", "two"]


@pytest.mark.long
def test_one_that_ends_the_worker_while_it_is_loaded_is_named_and_the_rest_loads(plugins_of):
    leaves = "import os\nos._exit(3)\n"
    plugins = plugins_of(plugins={"a": a_rule("a"), "leaves": leaves, "z": a_rule("z")})
    assert list(plugins.rules.by_name) == ["a", "z"]
    [error] = plugins.errors
    assert error.file.name == "leaves.py"
    assert error.reason == "while it was loaded it ended its process (exit status 3)"


def test_what_a_distribution_announces_runs_in_the_worker_too(tmp_path, monkeypatch):
    site = tmp_path / "site"
    (site / "announced-1.3.dist-info").mkdir(parents=True)
    (site / "hosted_rules.py").write_text("from liqbot.plugin import *\n" + a_rule("announced"))
    (site / "announced-1.3.dist-info" / "METADATA").write_text("Name: announced\nVersion: 1.3\n")
    (site / "announced-1.3.dist-info" / "entry_points.txt").write_text(
        "[liqbot.plugins]\nmine = hosted_rules\ngone = no_such_module\n"
    )
    monkeypatch.syspath_prepend(site)
    plugins = load_plugins((), Wanted(installed=True))
    try:
        mine = next(known for known in plugins.known if known.name == "mine")
        assert (mine.version, mine.runs, mine.brings) == ("1.3", "worker", ("rule announced",))
        assert texts(plugins, "announced") == ["text"]
        [error] = plugins.errors
        assert error.file == site / "no_such_module.py"
        assert "ModuleNotFoundError" in error.reason
    finally:
        plugins.close()


def test_a_file_and_a_package_of_one_name_are_one_too_many_and_both_are_named(plugins_of, write):
    folder = write(wall=a_rule("wall"))
    (folder / "wall").mkdir()
    (folder / "wall" / "__init__.py").write_text("raise SystemExit")
    [error] = plugins_of().errors
    assert {error.file, folder / "wall.py", folder / "wall" / "__init__.py"} == {
        folder / "wall.py",
        folder / "wall" / "__init__.py",
    }
    assert "there is a plugin wall already, " in error.reason
    assert str(folder / "wall") in error.reason
