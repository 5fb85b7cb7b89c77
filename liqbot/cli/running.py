"""`liqbot run` and `liqbot demo`: the bot itself."""

import asyncio
import contextlib
import os
import select
import signal
import stat
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console

from liqbot import __version__
from liqbot.alerts.platform import Platform
from liqbot.app.background import in_background
from liqbot.app.bot import Bot, clock_ms
from liqbot.app.memory import set_aside_after_start
from liqbot.app.plugin_chats import plugin_chats, subscribe_plugin_chats
from liqbot.app.plugin_reload import following
from liqbot.app.plugin_setup import may_come_later, plugins_of
from liqbot.app.roles import Duties, read_duties, require_shared, whole
from liqbot.app.runtime import serving
from liqbot.app.sources import make_simulator, make_source
from liqbot.app.tour import ALERT_TIMEOUT_S, TOUR, Player, ScriptFailed
from liqbot.chat import registry as platforms
from liqbot.chat.command import CommandContext
from liqbot.chat.console.printer import CONSOLE_CHAT, Printer
from liqbot.chat.console.script import ScriptError, Step, parse_script
from liqbot.logs import set_up_logs
from liqbot.settings import Settings, load_settings
from liqbot.sources.simulator import Scenario
from liqbot.sources.simulator.settings import SimulatorSettings
from liqbot.sources.source import SourceError

_log = structlog.get_logger()

PIPE_S = 0.2
"""How long is waited for what is piped in; a pipe that stays empty is nobody's."""
EMBEDDED = ("simulator",)
"""The sources of a bot that nobody has set up yet."""
LIVELY = Scenario.MIXED
"""What a demo and the tour show where nothing else is asked for: more happens in it than in a real market."""


def run(
    *,
    use_plugins: Annotated[
        bool, typer.Option("--plugins/--no-plugins", help="Load plugins, or none.", show_default=False)
    ] = True,
    dev: Annotated[bool, typer.Option("--dev", help="Load plugins anew when their files change.")] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Run until told to stop, also with nobody to serve but the page.")
    ] = False,
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role",
            metavar="ROLES",
            help="What this process does of engine,alerts,telegram,discord,scanner,web. Needs PostgreSQL.",
            show_default=False,
        ),
    ] = None,
    shards: Annotated[
        str,
        typer.Option(
            "--shards",
            metavar="RANGE",
            help="Which of Discord's shards this process serves, as 0-3/16. Needs PostgreSQL.",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Start the bot with the settings of liqbot.toml and LIQBOT_* variables.

    It serves every platform whose token is set, and at a terminal it opens a prompt. Without a terminal, and
    with nothing but the simulated market and nobody to serve, it answers the lines that it is given, or plays
    a short tour, and ends.
    """
    settings = load_settings()
    if not use_plugins:
        none = settings.plugins.model_copy(update={"enabled": False})
        settings = settings.model_copy(update={"plugins": none})
    duties = read_duties(role or (), shards, [one.name for one in platforms.accounts(settings.section)])
    require_shared(duties, settings)
    if not duties.is_whole:
        _serve(settings, dev=dev, duties=duties)
    elif _at_terminal() and not serve:
        _talk(settings, dev=dev)
    elif settings.sources != EMBEDDED or settings.serves_people or serve:
        _serve(settings, dev=dev)
    elif (lines := _given_lines()) or not dev:
        _play(_lively(settings), lines or parse_script(TOUR), ALERT_TIMEOUT_S, dev=dev)
    else:
        _serve(settings, dev=dev)


def demo(
    scenario: Annotated[
        Scenario | None, typer.Option(help="What the simulated market is up to.", show_default=False)
    ] = None,
    script: Annotated[
        Path | None, typer.Option(help="A file of commands to play instead of a prompt.", show_default=False)
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0, help="Seconds that a script waits for an alert.")
    ] = ALERT_TIMEOUT_S,
) -> None:
    """Try the bot on the simulated market, with a database that is thrown away."""
    settings = _lively(load_settings()) if scenario is None else _with(load_settings(), scenario)
    if script is None and _at_terminal():
        with _thrown_away(settings) as own:
            _talk(own)
    else:
        _play(settings, parse_script(TOUR) if script is None else _read_script(script), timeout)


def _lively(settings: Settings) -> Settings:
    """Return the settings with a lively market, unless somebody has set what it is up to."""
    said = "scenario" in settings.section(SimulatorSettings).model_fields_set
    return settings if said else _with(settings, LIVELY)


def _with(settings: Settings, scenario: Scenario) -> Settings:
    simulator = settings.section(SimulatorSettings).model_copy(update={"scenario": scenario.value})
    return settings.model_copy(update={"simulator": simulator})


def _talk(settings: Settings, *, dev: bool = False) -> None:
    """Run the bot with a prompt until the person leaves; the log is for whoever redirects it."""
    set_up_logs("error" if sys.stderr.isatty() else settings.log_level, settings.log_format)
    asyncio.run(_talked(settings, dev=dev))


def _play(settings: Settings, steps: Sequence[Step], alert_timeout_s: float, *, dev: bool = False) -> None:
    """Run the bot on the simulated market for as long as a script takes."""
    set_up_logs("error")
    try:
        with _thrown_away(settings) as own:
            asyncio.run(_played(own, steps, alert_timeout_s, dev=dev))
    except ScriptFailed as error:
        raise SourceError(f"the script stopped: {error}") from None


def _serve(settings: Settings, *, dev: bool = False, duties: Duties | None = None) -> None:
    """Run the bot, or those parts of it that `duties` name, without a console until it is told to stop."""
    set_up_logs(settings.log_level, settings.log_format)
    asyncio.run(_served(settings, whole() if duties is None else duties, dev=dev))


async def _made(
    settings: Settings, platforms: Mapping[str, Platform], *, dev: bool, duties: Duties | None = None
) -> Bot:
    """Return a bot with all that the settings and the plugins bring, as far as it is among its duties."""
    plugins = plugins_of(settings, show_output=dev, later=may_come_later(settings))
    with contextlib.ExitStack() as undo:
        undo.callback(plugins.close)
        sources = [make_source(name, settings, clock_ms(), plugins.sources) for name in settings.sources]
        chats = {**plugin_chats(plugins, settings), **platforms}
        bot = Bot(settings, sources, chats, plugins, duties=duties)
        await subscribe_plugin_chats(bot, settings)
        undo.pop_all()
    return bot


def _developing(
    bot: Bot, settings: Settings, tell: Callable[[str], None], *, dev: bool
) -> AbstractAsyncContextManager[None]:
    return following(bot.plugins, settings.plugins_path, tell) if dev else contextlib.nullcontext()


async def _talked(settings: Settings, *, dev: bool) -> None:
    console = Console()
    printer = Printer(console, settings.pictures_path)
    while await _talked_once(settings, console, printer, dev=dev):
        printer.narrate("This machine's clock was put back; everything begins anew.")


async def _talked_once(settings: Settings, console: Console, printer: Printer, *, dev: bool) -> bool:
    """Talk until the person leaves; return True where the clock was put back meanwhile."""
    from liqbot.chat.console.prompt import Prompt  # noqa: PLC0415 - at a terminal alone; it takes a while

    bot = await _made(settings, {CONSOLE_CHAT.platform: printer}, dev=dev)
    async with (
        serving(bot),
        in_background(set_aside_after_start()),
        _developing(bot, settings, printer.narrate, dev=dev),
    ):
        ask = CommandContext(CONSOLE_CHAT, bot.services)
        with console.status("reading the market …"):
            await bot.until(lambda: bool(bot.services.markets.views))
        if bot.failure is not None:
            raise bot.failure
        printer.show(await bot.answering.answer("/status", ask))
        if bot.address:
            printer.narrate(f"The live page: {bot.address}")
        printer.narrate("Type a command; Tab completes, /help lists them, Ctrl-D leaves.")
        prompt = Prompt(bot.answering, ask, printer, settings.beside_database(".history"))
        talking = asyncio.create_task(prompt.run())
        put_back = asyncio.create_task(bot.clock_put_back.wait())
        await asyncio.wait([talking, put_back], return_when=asyncio.FIRST_COMPLETED)
        put_back.cancel()
        if talking.done():
            talking.result()
            return False
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        return True


async def _played(settings: Settings, steps: Sequence[Step], alert_timeout_s: float, *, dev: bool) -> None:
    printer = Printer(Console(), settings.pictures_path)
    simulator = make_simulator(settings, clock_ms())
    plugins = plugins_of(settings, show_output=dev, later=may_come_later(settings))
    async with Bot(settings, [simulator], {CONSOLE_CHAT.platform: printer}, plugins) as bot:
        await bot.until(lambda: len(bot.services.markets.views) == len(simulator.market.coins))
        await Player(bot, simulator, printer, alert_timeout_s).play(steps)


async def _served(settings: Settings, duties: Duties, *, dev: bool) -> None:
    stop = asyncio.Event()
    for number in _ends():
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    while not stop.is_set():
        await _served_once(settings, stop, duties, dev=dev)


def _ends() -> Iterator[signal.Signals]:
    """Yield the signals that end a bot in order: that its terminal is gone, unless `nohup` has it stay."""
    yield from (signal.SIGINT, signal.SIGTERM)
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        yield hangup


async def _served_once(settings: Settings, stop: asyncio.Event, duties: Duties, *, dev: bool) -> None:
    """Serve until told to stop, or until the clock was put back: then everything begins anew."""
    bot = await _made(settings, {}, dev=dev, duties=duties)
    async with (
        serving(bot),
        in_background(set_aside_after_start()),
        _developing(bot, settings, _log.info, dev=dev),
    ):
        _log.info(
            "bot_started",
            version=__version__,
            roles=duties.words,
            sources=list(settings.sources),
            platforms=[serving.name for serving in bot.servings],
            coins=list(settings.coins),
            database=str(settings.database),
        )
        stopped = asyncio.create_task(stop.wait())
        failed = asyncio.create_task(bot.until(lambda: bot.failure is not None))
        put_back = asyncio.create_task(bot.clock_put_back.wait())
        await asyncio.wait([stopped, failed, put_back], return_when=asyncio.FIRST_COMPLETED)
        if bot.failure is None and not put_back.done():
            await asyncio.wait([stopped, put_back], return_when=asyncio.FIRST_COMPLETED)
        why = "signal" if stop.is_set() else "the clock was put back; everything begins anew"
        for task in (stopped, failed, put_back):
            task.cancel()
        _log.info("bot_stopping", reason=why if bot.failure is None else str(bot.failure))
    _log.info("bot_stopped", version=__version__)
    if bot.failure is not None:
        raise bot.failure


def _at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _given_lines() -> Sequence[Step]:
    """Return the lines of a pipe or a file, as to answer one question; none where there are none."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
        is_given = stat.S_ISFIFO(mode) or stat.S_ISREG(mode)
        readable = is_given and select.select([sys.stdin], [], [], PIPE_S)[0]
        return parse_script(sys.stdin.read()) if readable else ()
    except ScriptError as error:
        raise typer.BadParameter(str(error), param_hint="standard input") from None
    except (OSError, ValueError):  # there is no standard input, or none that can be read
        return ()


def _read_script(file: Path) -> Sequence[Step]:
    try:
        return parse_script(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ScriptError) as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="--script") from None


@contextlib.contextmanager
def _thrown_away(settings: Settings) -> Generator[Settings]:
    """Give the settings a database of their own, which goes when all is done, and the simulated market."""
    with tempfile.TemporaryDirectory(prefix="liqbot-") as folder:
        yield settings.model_copy(update={"database": Path(folder) / "liqbot.db", "sources": EMBEDDED})
