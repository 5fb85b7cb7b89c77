"""The site: it builds, and what its pages tell a reader to do works, word for word."""

import asyncio
import subprocess
import sys
import time

import pytest
from docs_pages import PAGES, File, Run, follow, steps
from kestrel_exchange import kestrel_exchange

from liqbot.app.bot import Bot
from liqbot.app.sources import make_source
from liqbot.builtin import RULES
from liqbot.chat.command import CommandContext
from liqbot.hosting.plugins import Wanted, load_plugins
from liqbot.market.layer import Basis
from liqbot.market.side import Side
from liqbot.rules.parameters import ParameterError
from liqbot.sections import PluginSettings
from liqbot.settings import Settings
from liqbot.store.chats import ChatKey


@pytest.mark.long
def test_from_nothing_to_a_rule_that_fires_in_the_console_in_under_five_minutes(tmp_path, record_property):
    start = time.perf_counter()
    done = follow("first-rule.md", tmp_path)
    took = time.perf_counter() - start
    assert sum(isinstance(step, Run) for step in done) == 5
    assert took < 5 * 60
    record_property(
        "table", f"from nothing to a rule that fires, following docs/pages/first-rule.md: {took:.0f} s"
    )


@pytest.mark.long
def test_every_program_on_the_page_about_plugins_works(tmp_path):
    done = follow("plugins.md", tmp_path)
    assert len([step for step in done if isinstance(step, File)]) >= 7


def test_the_plugins_on_that_page_load_without_a_word(tmp_path):
    for step in steps("plugins.md"):
        if isinstance(step, File):
            (tmp_path / step.path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / step.path).write_text(step.text)
    plugins = load_plugins((), Wanted(folder=tmp_path / "plugins", trusted=("tick", "notebook", "kestrel")))
    try:
        assert plugins.errors == []
        assert {known.name: known.runs for known in plugins.known} == {
            "kestrel": "inside",
            "ladder_marks": "worker",
            "large_sweeps": "worker",
            "lopsided": "worker",
            "new_high": "worker",
            "notebook": "inside",
            "round_prices": "worker",
            "spread": "worker",
            "tick": "inside",
        }
    finally:
        plugins.close()


async def test_the_source_on_that_page_shows_its_market(tmp_path):
    [tick] = [
        step for step in steps("plugins.md") if isinstance(step, File) and step.path.endswith("tick.py")
    ]
    (tmp_path / "tick.py").write_text(tick.text)
    settings = Settings(database=tmp_path / "liqbot.db", coins=("BTC",), sources=("plugin:tick",))
    plugins = load_plugins(RULES, Wanted(folder=tmp_path, trusted=("tick",)))
    source = make_source("plugin:tick", settings, 1_000, plugins.sources)
    async with Bot(settings, [source], {}, plugins) as bot:
        await bot.until(lambda: "BTC" in bot.services.markets.views)
        context = CommandContext(ChatKey("here", "me"), bot.services)
        assert "all is well" in str(await bot.answering.answer("/status", context))
        clusters = await bot.answering.answer("/clusters BTC", context)
    [view] = [bot.services.markets.views["BTC"]]
    assert {cluster.side for cluster in view.clusters} == set(Side)
    assert "96" in str(clusters.tables)
    assert not view.accounts.long + view.accounts.short < 2


async def test_the_exchange_on_that_page_is_modelled_and_outlasts_an_outage(tmp_path):
    for step in steps("plugins.md"):
        if isinstance(step, File) and "/kestrel/" in step.path:
            (tmp_path / step.path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / step.path).write_text(step.text)
    async with kestrel_exchange() as exchange:
        options = PluginSettings(options={"kestrel": {"url": exchange.url, "poll_s": 0.01}})
        settings = Settings(
            database=tmp_path / "liqbot.db", coins=("BTC",), sources=("plugin:kestrel",), plugins=options
        )
        plugins = load_plugins(RULES, Wanted(folder=tmp_path / "plugins", trusted=("kestrel",)))
        source = make_source("plugin:kestrel", settings, exchange.now_ms, plugins.sources)
        assert (await source.check()).startswith("answers: BTC ")
        async with Bot(settings, [source], {}, plugins) as bot:
            await bot.until(lambda: "BTC" in bot.services.markets.views)
            view = bot.services.markets.views["BTC"]
            assert (view.layer.venue, view.layer.basis) == ("Kestrel", Basis.MODELLED)
            assert view.clusters
            assert view.depth is not None
            assert view.depth.bid_prices[0] < view.spot < view.depth.ask_prices[0]
            assert view.context.funding_rank is not None
            exchange.is_away = True
            await status_with("503 Service Unavailable", bot)
            exchange.is_away = False
            await status_with("all is well", bot)


async def status_with(words, bot):
    """Wait until `/status` says so."""
    context = CommandContext(ChatKey("here", "me"), bot.services)
    async with asyncio.timeout(30):
        while words not in str(await bot.answering.answer("/status", context)):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.02)


def test_the_rule_with_a_state_on_that_page_is_one_of_events(tmp_path):
    [high] = [
        step for step in steps("plugins.md") if isinstance(step, File) and step.path.endswith("new_high.py")
    ]
    (tmp_path / "new_high.py").write_text(high.text)
    plugins = load_plugins((), Wanted(folder=tmp_path, trusted=("new_high",)))
    rule = plugins.rules.by_name["new-high"]
    assert rule.policy.is_event
    with pytest.raises(ParameterError, match="there is no for here: it tells of events"):
        rule.form.parse({"for": "10m"})


def test_the_site_builds_and_nothing_about_it_is_dubious(tmp_path):
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=PAGES.parents[1], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    built = {file.stem for file in tmp_path.glob("*.html")}
    assert built >= {page.stem for page in PAGES.glob("*.md")}
