"""Plugins in the whole bot: their alerts, commands, overlays, sources and chats."""

import asyncio

import pytest
from app.stand_ins import ME, Told, beat, subscribe
from markets import MINUTE
from platforms import Paper

from liqbot.app import plugin_setup as room
from liqbot.app.bot import Bot
from liqbot.app.plugin_chats import plugin_chats, subscribe_plugin_chats
from liqbot.app.plugin_reload import following
from liqbot.app.sources import make_source
from liqbot.builtin import RULES
from liqbot.chat.command import CommandContext
from liqbot.hosting import worker as worker_room
from liqbot.settings import PluginSettings, SettingsError

RULE = '''
from dataclasses import dataclass
from liqbot.plugin import *

@dataclass
class Seen:
    views: int = 0

@rule("counts", policy=Policy(cooldown=0))
class Counts:
    """It counts views."""
    State = Seen
    def read(self, view, state):
        state.views += 1
        yield Hit(str(state.views), f"view {state.views}, others {len(view.neighbours)}")

@command("spot")
def spot(view, *, times: Annotated[Ratio, Between(1, 9), Help("how many times")] = 1):
    """What spot is, `times` times."""
    return Message(f"{view.coin} {view.spot * times:g}")
'''.replace("from liqbot.plugin", "from typing import Annotated\nfrom liqbot.plugin")
NETWORK = '''
from liqbot.plugin import *

class Shelf:
    """Keeps what it is sent, until it is full."""
    def __init__(self, options):
        self.room = int(options["room"])
        self.kept = KEPT
    async def send(self, chat, message):
        if len(self.kept) >= self.room:
            raise Undelivered("the shelf is full", final=True)
        self.kept.append((chat, message.title))

KEPT = []

@adapter("shelf")
def shelf(options):
    """A shelf."""
    return Shelf(options)

class Told:
    name, layer, live_from_ms = "plugin:told", Layer("Plug", Basis.MEASURED), 0
    def __init__(self, request):
        self.request = request
    async def updates(self):
        for minute in (1, 2):
            for coin in self.request.coins:
                yield AssetContext(coin, minute * 60_000, float(self.request.options["spot"]))
            yield Beat(minute * 60_000)

@source("told")
def told(request):
    """It tells."""
    assert request.argument == "an argument"
    return Told(request)
'''


@pytest.fixture
def with_plugins(settings):
    """Return the settings, with plugins in their folder and more settings of plugins."""

    def with_plugins(options=None, trusted=(), **files):
        settings.plugins_path.mkdir(exist_ok=True)
        for name, text in files.items():
            (settings.plugins_path / f"{name}.py").write_text(text)
        own = PluginSettings(trusted=trusted, options=options or {})
        return settings.model_copy(update={"plugins": own})

    return with_plugins


@pytest.fixture
def plugins_of():
    """Load plugins, and close them with the test."""
    made = []

    def plugins_of(settings):
        made.append(room.plugins_of(settings))
        return made[-1]

    yield plugins_of
    for plugins in made:
        plugins.close()


@pytest.fixture
def bot_with(undrawn, plugins_of):
    assert undrawn is None
    return lambda settings, *sources, **chats: Bot(settings, sources, chats, plugins_of(settings))


@pytest.mark.long
async def test_a_rule_in_the_worker_alerts_like_any_and_its_state_is_kept(with_plugins, bot_with):
    settings, chat = with_plugins(mine=RULE), Paper()
    told = [asyncio.Event() for _ in range(2)]
    steps = [*beat(MINUTE), told[0], *beat(2 * MINUTE), told[1], *beat(3 * MINUTE)]
    bot = bot_with(settings, Told(steps), here=chat)
    await subscribe(bot, ME, "counts")
    async with bot:
        for number, more in enumerate(told, start=1):
            await chat.has_got(number)
            more.set()
        await bot.until(lambda: False)
        await bot.drain()
    assert [message.title for _, message in chat.messages] == [f"BTC: view {n}, others 0" for n in (1, 2, 3)]
    assert bot.plugins.worker.pid is None, "the worker ends with the bot"
    again = bot_with(settings, Told(beat(4 * MINUTE)), here=chat)
    async with again:
        await again.until(lambda: False)
        await again.drain()
    assert chat.messages[-1][1].title == "BTC: view 4, others 0"


async def test_one_that_was_not_reached_in_time_has_not_failed_and_is_asked_on_the_next_view(
    with_plugins, bot_with, monkeypatch
):
    settings, chat, more = with_plugins(mine=RULE), Paper(), asyncio.Event()
    bot = bot_with(settings, Told([*beat(MINUTE), more, *beat(2 * MINUTE)]), here=chat)
    await subscribe(bot, ME, "counts")
    monkeypatch.setattr(worker_room, "LONGEST_S", 0.0)
    async with bot:
        await bot.until(lambda: bot.beats == 1)
        assert bot.services.status.faults == {}
        monkeypatch.setattr(worker_room, "LONGEST_S", 45.0)
        more.set()
        await chat.has_got(1)
    assert chat.messages[0][1].title == "BTC: view 1, others 0"


async def test_no_rule_in_the_worker_is_waited_for_on_the_event_loop(with_plugins, bot_with):
    settings = with_plugins(mine=RULE)
    bot = bot_with(settings, Told(beat(MINUTE)))
    await subscribe(bot, ME, "counts")
    asked = []
    ask = bot.plugins.worker.ask
    bot.plugins.worker.ask = lambda *given, **more: asked.append(_on_loop()) or ask(*given, **more)
    async with bot:
        await bot.until(lambda: False)
    assert asked == [False]


def _on_loop():
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def test_a_command_of_a_plugin_is_typed_like_any(with_plugins, bot_with):
    async with bot_with(with_plugins(mine=RULE), Told([*beat(MINUTE), asyncio.Event()])) as bot:
        await bot.until(lambda: bool(bot.services.markets.views))

        async def title(line):
            return (await bot.answering.answer(line, CommandContext(ME, bot.services))).title

        assert await title("/spot btc times=3") == "BTC 300"
        assert await title("/spot BTC times=99") == "spot: times must be from 1 to 9, not 99 (/help spot)"
        assert "times: how many times; from 1 to 9. Default: 1." in bot.answering.commands["spot"].details


async def test_what_is_wrong_with_a_plugin_is_in_the_status(with_plugins, bot_with):
    async with bot_with(with_plugins(mine=RULE, bad="x = 1\n1 / 0\n"), Told()) as bot:
        said = await bot.answering.answer("/status", CommandContext(ME, bot.services))
    assert "✗ plugin bad.py, line 2: ZeroDivisionError: division by zero" in said.lines


async def test_a_source_of_a_plugin_is_named_in_the_settings_and_given_options(
    with_plugins, bot_with, plugins_of
):
    settings = with_plugins({"told": {"spot": 7}}, ("network",), network=NETWORK)
    plugins = plugins_of(settings)
    source = make_source("plugin:told:an argument", settings, 5, plugins.sources)
    async with bot_with(settings, source) as bot:
        await bot.until(lambda: False)
        assert bot.services.markets.views["ETH"].spot == 7
        assert [other.coin for other in bot.services.markets.views["ETH"].neighbours] == ["BTC"]
    with pytest.raises(SettingsError, match="no plugin brings a source gone; there is "):
        make_source("plugin:gone", settings, 5, plugins.sources)


async def test_a_chat_of_a_plugin_hears_what_its_options_subscribe_to(with_plugins, undrawn, plugins_of):
    assert undrawn is None
    options = {"shelf": {"room": 1, "subscribe": ["near-cluster BTC within=5%"]}}
    settings = with_plugins(options, ("network",), network=NETWORK)
    plugins = plugins_of(settings)
    chats = plugin_chats(plugins, settings)
    steps = [*beat(MINUTE, near=96), *beat(2 * MINUTE, near=60), *beat(2000 * MINUTE, near=97)]
    bot = Bot(settings, [Told(steps)], chats, plugins)
    await subscribe_plugin_chats(bot, settings)
    async with bot:
        await bot.until(lambda: False)
        await bot.drain()
        assert await bot.store.deliveries.owed() == 1, "what the shelf had no room for waits for another try"
    [(chat, title)] = chats["shelf"].adapter.kept
    assert (chat.platform, chat.name) == ("shelf", "default")
    assert "$10M of long liquidations at 96" in title


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"room": "much"}, "plugins.options.shelf: invalid literal for int"),
        (
            {"room": 1, "subscribe": ["gone BTC"]},
            "plugins.options.shelf: subscribe 'gone BTC': There is no rule gone.",
        ),
        (
            {"room": 1, "subscribe": ["trapped BTC over=7x"]},
            "subscribe 'trapped BTC over=7x': trapped: over must be",
        ),
    ],
)
async def test_options_that_make_no_sense_are_refused_by_name(with_plugins, options, said, plugins_of):
    settings = with_plugins({"shelf": options}, ("network",), network=NETWORK)
    plugins = plugins_of(settings)
    with pytest.raises(SettingsError) as refused:
        await subscribe_plugin_chats(Bot(settings, [], plugin_chats(plugins, settings), plugins), settings)
    assert said in str(refused.value)


@pytest.mark.long
async def test_while_developing_a_change_of_a_file_is_noticed(with_plugins, plugins_of):
    settings = with_plugins(mine=RULE)
    plugins, told, came = plugins_of(settings), [], asyncio.Event()

    def tell(text):
        told.append(text)
        came.set()

    async def heard():
        async with asyncio.timeout(30):
            await came.wait()
        came.clear()

    async with following(plugins, settings.plugins_path, tell):
        (settings.plugins_path / "other.py").write_text("1 / 0  # at first")
        await heard()
        (settings.plugins_path / "other.py").write_text(
            RULE.replace("counts", "other").replace("spot", "other")
        )
        while "other" not in plugins.rules.by_name:
            await heard()
    assert told[0] == f"Plugins loaded anew: {len(RULES) + 1} rules."
    assert "other.py, line 1: ZeroDivisionError" in told[1]
    assert plugins.errors == []


def test_no_plugins_means_none(with_plugins, plugins_of):
    settings = with_plugins(mine=RULE)
    off = replace_plugins(settings, enabled=False)
    plugins = plugins_of(off)
    assert plugins.worker is None
    assert "counts" not in plugins.rules.by_name


def replace_plugins(settings, **changes):
    return settings.model_copy(update={"plugins": settings.plugins.model_copy(update=changes)})
