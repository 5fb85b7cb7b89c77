from pathlib import Path

import pytest

from liqbot.builtin import RULES
from liqbot.rules.plugin_loading import Rules

GOOD = '''
from liqbot.plugin import Hit, rule


@rule("{name}")
def function(view):
    """Something."""
    yield Hit("key", view.coin)
'''


@pytest.fixture
def rules() -> Rules:
    return Rules()


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def told(rules: Rules) -> list[tuple[str, int | None, str]]:
    return [(error.file.name, error.line, error.reason) for error in rules.errors]


def test_a_folder_that_is_not_there_has_no_rules_and_no_errors(rules, tmp_path):
    rules.load_folder(tmp_path / "nowhere")
    assert (rules.by_name, rules.errors) == ({}, [])


def test_every_rule_of_every_file_is_there_by_its_name_in_the_order_of_files_and_lines(rules, tmp_path):
    two = GOOD.format(name="zebra") + GOOD.format(name="ant").replace("def function", "def other")
    rules.load_folder(write(tmp_path, second=GOOD.format(name="wall"), first=two))
    assert list(rules.by_name) == ["zebra", "ant", "wall"]
    assert rules.by_name["wall"].file == str(tmp_path / "second.py")
    assert rules.errors == []


def test_a_file_that_begins_with_an_underscore_is_a_helper_and_left_alone(rules, tmp_path):
    rules.load_folder(write(tmp_path, _helper="raise SystemExit", good=GOOD.format(name="good")))
    assert (list(rules.by_name), rules.errors) == (["good"], [])


BROKEN = {
    "syntax": ("x = 1\ndef broken(:\n", 2, "SyntaxError: invalid syntax"),
    "importing": ("import json\n\nimport no_such_module\n", 3, "ModuleNotFoundError: No module named"),
    "leaving": ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3"),
    "raising": ("def f():\n    return 1 / 0\n\n\nf()\n", 2, "ZeroDivisionError: division by zero"),
    "empty": ("", None, "there is no rule in it; is `@rule(…)` missing?"),
    "borrowing": ("from liqbot.builtin import trapped\n", None, "there is no rule in it"),
    "unnamed": (GOOD.format(name="Not A Name"), 5, "ValueError: a rule's name is lower-case letters"),
    "positional": (
        GOOD.format(name="bold").replace("(view)", "(view, within=2.0)"),
        5,
        "TypeError: rule bold: it must take (view, *, …)",
    ),
    "binary": ("\0", None, "SyntaxError: source code string cannot contain null bytes"),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_file_is_named_with_its_line_and_its_reason_and_the_rest_loads(rules, tmp_path, name):
    text, line, reason = BROKEN[name]
    rules.load_folder(
        write(tmp_path, good=GOOD.format(name="good"), later=GOOD.format(name="later"), **{name: text})
    )
    assert list(rules.by_name) == ["good", "later"]
    [(file, found_line, found_reason)] = told(rules)
    assert (file, found_line) == (f"{name}.py", line)
    assert found_reason.startswith(reason)


def test_an_error_reads_as_file_line_and_reason(rules, tmp_path):
    rules.load_folder(write(tmp_path, broken="1 / 0"))
    assert str(rules.errors[0]) == f"{tmp_path / 'broken.py'}, line 1: ZeroDivisionError: division by zero"
    rules.load_folder(write(tmp_path / "other", empty=""))
    assert str(rules.errors[1]).startswith(f"{tmp_path / 'other' / 'empty.py'}: there is no rule in it")


def test_lines_are_found_in_a_folder_that_is_given_relative_to_where_the_bot_runs(
    rules, tmp_path, monkeypatch
):
    write(tmp_path / "plugins", broken="\n\n1 / 0\n")
    monkeypatch.chdir(tmp_path)
    rules.load_folder(Path("plugins"))
    assert told(rules)[0][:2] == ("broken.py", 3)


def test_what_is_broken_in_a_helper_is_told_with_the_plugins_own_line(rules, tmp_path, monkeypatch):
    write(tmp_path / "lib", broken_helper_of_a_plugin="def broken(:\n")
    monkeypatch.syspath_prepend(tmp_path / "lib")
    rules.load_folder(write(tmp_path / "plugins", asking="\nimport broken_helper_of_a_plugin\n"))
    [(file, line, reason)] = told(rules)
    assert (file, line) == ("asking.py", 2)
    assert "broken_helper_of_a_plugin.py, line 1" in reason


def test_a_name_that_is_taken_is_refused_naming_both_files_and_the_first_one_stays(rules, tmp_path):
    rules.load_folder(write(tmp_path, one=GOOD.format(name="wall"), two=GOOD.format(name="wall")))
    assert rules.by_name["wall"].file == str(tmp_path / "one.py")
    [error] = rules.errors
    assert (error.file, error.line) == (tmp_path / "two.py", 5)
    assert error.reason == f"there is a rule wall already, in {tmp_path / 'one.py'}; this one is left out"


def test_a_plugin_cannot_take_the_name_of_a_built_in_rule(rules, tmp_path):
    rules.add(RULES)
    rules.load_folder(write(tmp_path, mine=GOOD.format(name="trapped"), good=GOOD.format(name="good")))
    assert list(rules.by_name) == [*(rule.name for rule in RULES), "good"]
    assert told(rules)[0][:2] == ("mine.py", 5)
