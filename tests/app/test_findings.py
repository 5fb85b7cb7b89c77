"""One list of troubles: what it names, and that chats are told no paths."""

import asyncio

import pytest
from app.stand_ins import Told, beat
from chat.stand_ins import Room

from liqbot.app.findings import SILENT_MS, findings_of, setup_findings
from liqbot.hosting.plugins import Plugins
from liqbot.sections import PluginSettings
from liqbot.service.troubles import Finding, Troubles
from liqbot.settings import Settings
from liqbot.store.sqlite.store import SqliteStore


def test_what_the_settings_name_and_what_is_not_there_is_named(tmp_path):
    settings = Settings(
        plugins_path=tmp_path / "nowhere", plugins=PluginSettings(trusted=("gone",), overlays=("none",))
    )
    found = {finding.name: finding for finding in setup_findings(settings, Plugins())}
    assert list(found) == ["plugins folder", "trusted plugin gone", "overlay none"]
    assert all(finding.advice for finding in found.values())
    assert str(tmp_path) not in found["plugins folder"].text
    assert str(tmp_path) in found["plugins folder"].whole


async def test_a_source_that_never_tells_anything_is_named_after_a_while(bot_of):
    bot = bot_of(Told(asyncio.Event()))
    async with bot:
        assert list(findings_of(bot, 0, 0)) == []
        [finding] = findings_of(bot, SILENT_MS, 0)
    assert finding.text == "It has told nothing yet, 2 min after the start."
    assert finding.advice


async def test_one_that_told_something_is_not(bot_of):
    bot = bot_of(Told(beat(1)))
    async with bot:
        await bot.until(lambda: False)
        assert list(findings_of(bot, SILENT_MS, 0)) == []


async def test_status_says_what_is_wrong_since_when_and_no_path(room_with_disk_trouble):
    text = str((await room_with_disk_trouble.say("/status")).lines)
    assert "disk, for 2 h: Only 7 MB are free." in text
    assert "/srv/secret" not in text


def test_what_lasts_keeps_its_beginning_and_what_is_over_goes():
    troubles = Troubles()
    troubles.renew([Finding("a", "x"), Finding("b", "x")], 1_000)
    troubles.renew([Finding("a", "y"), Finding("c", "x")], 5_000)
    assert [(one.finding.name, one.finding.text, one.since_ms) for one in troubles.all] == [
        ("a", "y", 1_000),
        ("c", "x", 5_000),
    ]


@pytest.fixture
async def room_with_disk_trouble(tmp_path):
    store = SqliteStore(tmp_path / "liqbot.db")
    room = Room(store)
    finding = Finding("disk", "Only 7 MB are free.", "Make room.", detail="/srv/secret.")
    room.services.troubles.renew([finding], room.now_ms)
    room.wait(2)
    yield room
    await store.close()
