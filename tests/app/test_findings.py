"""One list of troubles: what it names, and that chats are told no paths."""

import asyncio
from pathlib import Path

import pytest
from app.stand_ins import Told, beat
from chat.stand_ins import Room
from platforms import Paper

from liqbot.app.bot import Bot
from liqbot.app.findings import SILENT_MS, findings_of, setup_findings
from liqbot.app.health_monitor import HealthMonitor
from liqbot.app.metrics import figures, questions_of
from liqbot.app.operator_chat import Operator
from liqbot.chat.command import CommandContext
from liqbot.hosting.plugins import Plugins
from liqbot.market.layer import Basis, Layer
from liqbot.people_settings import AccessSettings
from liqbot.rules.plugin_loading import LoadError
from liqbot.sections import PluginSettings
from liqbot.service.findings import WELL
from liqbot.service.sources import SourceHealth
from liqbot.service.troubles import Finding, Troubles
from liqbot.settings import Settings
from liqbot.store.chats import ChatKey


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
    troubles = Troubles(lambda: 5_000)
    troubles.renew([Finding("a", "x"), Finding("b", "x")], 1_000)
    troubles.renew([Finding("a", "y"), Finding("c", "x")], 5_000)
    assert [(one.finding.name, one.finding.text, one.since_ms) for one in troubles.all] == [
        ("a", "y", 1_000),
        ("c", "x", 5_000),
    ]


class Failing(Told):
    """A source that fails at once, as of an exchange that cannot be reached."""

    def __init__(self):
        super().__init__([RuntimeError("the exchange is down")])


async def test_from_the_first_moment_on_everybody_is_told_the_same(settings):
    settings = settings.model_copy(update={"access": AccessSettings(owners=("telegram:1",))})
    bot = Bot(settings, [Failing()], {"here": Paper({})})
    bot.feeds[0]._sleep = asyncio.Event().wait
    operator = Operator(None, {})
    monitor = HealthMonitor(bot, operator, bot.services.clock)

    async def told():
        """Return what is told of troubles by `/status`, `/admin troubles`, `/healthz` and the metrics."""
        owner = CommandContext(ChatKey("telegram", "1"), bot.services, person="1")
        status = await bot.answering.answer("/status", owner)
        admin = await bot.answering.answer("/admin troubles", owner)
        health = questions_of(bot, monitor).troubles()
        figure = next(
            float(line.split()[-1])
            for line in (await figures(bot, monitor)).decode().splitlines()
            if line.startswith("liqbot_troubles ")
        )
        named = [line.removeprefix("✗ ").split(": ")[0].split(",")[0] for line in status.lines if "✗" in line]
        names = [line.split(": ")[0].split(",")[0] for line in admin.lines]
        return named, names, list(health), int(figure)

    bot.services.rules.errors.append(LoadError(Path("/srv/plugins/wall.py"), None, "no rule"))
    async with bot:
        await bot.until(lambda: bot.services.status.sources[0].state not in WELL)
        for looks in range(2):
            named, names, health, count = await told()
            assert named == names == health, f"after {looks} looks of the monitor"
            assert sorted(named) == ["plugin wall.py", "source told"]
            assert count == 2
            await monitor.look()
        assert set(operator.troubles) == {"plugin wall.py", "source told"}
        bot.services.rules.errors.clear()
        assert (await told())[0] == (await told())[1] == ["source told"]


async def test_a_report_that_fails_hides_nothing_else(room_with_disk_trouble):
    def broken():
        raise RuntimeError("a plugin's source")

    room_with_disk_trouble.sources.append(
        SourceHealth("broken", Layer("X", Basis.MEASURED), "running", report=broken)
    )
    assert [one.finding.name for one in room_with_disk_trouble.services.troubles.all] == ["disk"]


@pytest.fixture
async def room_with_disk_trouble(store):
    room = Room(store)
    finding = Finding("disk", "Only 7 MB are free.", "Make room.", detail="/srv/secret.")
    room.services.troubles.renew([finding], room.now_ms)
    room.wait(2)
    return room
