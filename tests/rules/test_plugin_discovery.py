"""Finding plugins, without running a line of them."""

import sys

import pytest

from liqbot.rules.plugin_discovery import Candidate, denied_by, find_at, find_in_folder, find_installed
from liqbot.rules.plugin_loading import LoadError, load

RULE = '''
from liqbot.plugin import Hit, rule


@rule("{name}")
def function(view):
    """Something."""
    yield Hit("key", view.coin)
'''


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_files_and_packages_are_found_by_name_and_helpers_and_tests_left_alone(tmp_path):
    write(
        tmp_path,
        {
            "wall.py": "",
            "deep/__init__.py": "",
            "deep/inner.py": "",
            "no_package/file.py": "",
            "_helper.py": "",
            ".hidden/__init__.py": "",
            "test_wall.py": "",
            "conftest.py": "",
            "tests/__init__.py": "",
            "notes.txt": "",
        },
    )
    assert [one.name for one in find_in_folder(tmp_path)] == ["deep", "wall"]
    assert [one.name for one in find_at(tmp_path)] == ["deep", "wall"]
    assert [one.name for one in find_at(tmp_path / "deep")] == ["deep"]
    assert [one.name for one in find_at(tmp_path / "wall.py")] == ["wall"]
    assert find_at(tmp_path / "nowhere.py") == []


def test_version_and_api_are_read_without_running_the_file(tmp_path):
    write(
        tmp_path,
        {"a.py": '__version__ = "1.2"\n__liqbot_api__ = 7\nraise SystemExit', "b.py": "def broken(:"},
    )
    a, b = find_in_folder(tmp_path)
    assert (a.version, a.api, a.words) == ("1.2", 7, "a 1.2")
    assert (b.version, b.api, b.words) == (None, 1, "b")


def test_one_that_needs_a_newer_face_is_refused_and_says_so(tmp_path):
    write(tmp_path, {"new.py": "__liqbot_api__ = 2\nraise SystemExit"})
    error = load(next(find_in_folder(tmp_path)))
    assert isinstance(error, LoadError)
    assert error.reason == "it needs version 2 of liqbot.plugin; this liqbot has 1"


def test_a_package_may_be_cut_into_modules_that_import_each_other(tmp_path):
    write(
        tmp_path,
        {
            "pair/__init__.py": "from .one import function as one\nfrom .two import function as two\n",
            "pair/one.py": RULE.format(name="one"),
            "pair/two.py": "from . import one\n" + RULE.format(name="two"),
        },
    )
    found = load(next(find_in_folder(tmp_path)))
    assert [rule.name for rule in found] == ["one", "two"]
    assert found[1].file == str(tmp_path / "pair" / "two.py")


def test_an_error_in_a_packages_module_is_told_with_that_modules_file_and_line(tmp_path):
    write(tmp_path, {"bad/__init__.py": "from . import inner\n", "bad/inner.py": "x = 1\n1 / 0\n"})
    error = load(next(find_in_folder(tmp_path)))
    assert (error.file, error.line) == (tmp_path / "bad" / "inner.py", 2)


@pytest.mark.parametrize(
    ("version", "denied", "by"),
    [
        ("1.2", ["wall"], "wall"),
        ("1.2", ["Wall"], "Wall"),
        ("1.2", ["other", "wall==1.2"], "wall==1.2"),
        ("1.2", ["wall<2"], "wall<2"),
        ("1.9rc1", ["wall<2"], "wall<2"),
        ("2.1", ["wall<2", "wall==2.0"], None),
        ("1.2", ["walls"], None),
        (None, ["wall<2"], "wall<2"),
        ("of my own", ["wall<2"], "wall<2"),
    ],
)
def test_plugins_are_denied_by_name_and_by_version(version, denied, by):
    assert denied_by(Candidate("wall", "wall.py", version=version), denied) == by


def test_an_installed_distribution_announces_its_plugins(tmp_path, monkeypatch):
    write(
        tmp_path,
        {
            "announced_rules.py": "__liqbot_api__ = 1\n" + RULE.format(name="announced"),
            "announced-1.3.dist-info/METADATA": "Metadata-Version: 2.1\nName: announced\nVersion: 1.3\n",
            "announced-1.3.dist-info/entry_points.txt": "[liqbot.plugins]\nmine = announced_rules\n",
        },
    )
    monkeypatch.syspath_prepend(tmp_path)
    [found] = [one for one in find_installed() if one.name == "mine"]
    assert (found.module, found.version) == ("announced_rules", "1.3")
    assert found.file == str(tmp_path / "announced_rules.py")
    assert "announced_rules" not in sys.modules
    [rule] = load(found)
    assert rule.name == "announced"
