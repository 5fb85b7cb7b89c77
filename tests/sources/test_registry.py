"""The registry: every source comes through one door, and a new venue is one new folder."""

import sys

import pytest

import liqbot.sources
from liqbot.app.sources import make_source
from liqbot.plugin import SourceRequest, source
from liqbot.sections import Section, SettingsError
from liqbot.settings import Settings
from liqbot.sources import registry
from liqbot.sources.source import WithCheck

NEW_VENUE = '''
"""A venue of a folder of its own."""

from pydantic import Field

from liqbot.plugin import SourceRequest, source
from liqbot.sections import Section


class Freshly(Section):
    """Fresh, live."""

    api_url: str = Field(default="https://fresh.example", description="the address of its API")


@source("fresh", settings=Freshly)
def fresh(request: SourceRequest):
    """Fresh, measured."""
    return request
'''


def test_the_simulator_recordings_and_every_exchange_come_through_the_same_door():
    assert set(registry.venues()) == {
        *("simulator", "replay", "hyperliquid"),
        *("binance", "bybit", "okx", "bitget", "gate"),
    }
    assert set(registry.sections()) == set(registry.venues())


@pytest.mark.parametrize("name", ["hyperliquid", "binance", "bybit", "okx", "bitget", "gate"])
def test_every_live_source_can_be_checked_by_an_operator(name, tmp_path):
    settings = Settings(database=tmp_path / "liqbot.db", sources=(name,))
    assert isinstance(make_source(name, settings, 0), WithCheck)


def test_a_new_folder_is_a_new_source_with_its_settings_and_nothing_else_is_touched(tmp_path, monkeypatch):
    folder = tmp_path / "fresh"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "venue.py").write_text(NEW_VENUE)
    monkeypatch.setattr(liqbot.sources, "__path__", [*liqbot.sources.__path__, str(tmp_path)])
    try:
        found = registry.venues.__wrapped__()
    finally:
        for name in [name for name in sys.modules if name.startswith("liqbot.sources.fresh")]:
            del sys.modules[name]
    assert set(found) == {*registry.venues(), "fresh"}
    assert found["fresh"].settings().api_url == "https://fresh.example"
    assert found["fresh"].text[0] == "Fresh, measured."


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("binance", True),
        ("replay:x.csv", True),
        ("plugin:wall", True),
        ("replay:", False),
        ("replay", False),
        ("plugin:", False),
        ("binance:x", False),
        ("kraken", False),
    ],
)
def test_what_takes_an_argument_has_one_and_what_takes_none_has_none(name, is_one):
    assert registry.is_spelt(name) is is_one


class Own(Section):
    """What a plugin's source is told."""

    depth: int = 5


@source("told", settings=Own)
def told(request: SourceRequest):
    """Returns what it is told."""
    return request.options


def test_a_plugins_source_may_declare_its_settings_and_they_are_checked_by_name():
    kinds = {"told": told}
    settings = Settings(plugins={"options": {"told": {"depth": "7"}}})
    assert make_source("plugin:told", settings, 0, kinds) == {"depth": 7}
    wrong = Settings(plugins={"options": {"told": {"depth": "x"}}})
    with pytest.raises(SettingsError, match=r"plugins\.options\.told\.depth: Input should be"):
        make_source("plugin:told", wrong, 0, kinds)
