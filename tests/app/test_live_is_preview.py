"""One evaluation: what a bot has told in a day is what previews and replays of it find, rule by rule."""

import asyncio
import json
import random
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest
from app.lived_day import HOUR, MEASURED, MODELLED, START, Telling, Turns, drawn, lived
from app.stand_ins import ME
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from plugins.examples import FOLDER, examples

from liqbot.alerts.evaluator import Evaluator
from liqbot.alerts.layer_choice import LayerChoices
from liqbot.alerts.preview import preview
from liqbot.alerts.states import Reason
from liqbot.app.bot import Bot
from liqbot.charts.studio import Studio
from liqbot.cli.replaying_plugins import replay
from liqbot.cli.terminal import utc
from liqbot.market.clusters import End
from liqbot.market.events import ClusterEnded
from liqbot.operations.plugin_replay import previewed
from liqbot.rules.hit import Hit
from liqbot.settings import Settings
from liqbot.store.opening import reading
from liqbot.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.long

RULES = examples().rules.by_name
VENUES = {"": MEASURED, "measured": MEASURED, "binance": MODELLED, "modelled": MODELLED}
EASY = {
    "near-cluster": {"within": "20%", "at_least": "1k", "size": "0%", "single": "1"},
    "regime-flip": {"at_least": "0", "band": "0", "balanced": "yes", "for": "0s"},
    "fragile": {"push": "1%", "beyond": "0.2%"},
    "trapped": {"over": "5%", "unusual": "0%"},
    "divergence": {"over": "0.05", "at_least": "0"},
    "funding-confirms": {"over": "0.0001%", "reading": "either", "at_least": "0"},
    "big-liquidation": {"at_least": "100k"},
    "liquidation-burst": {"within": "1h", "times": "0.1", "at_least": "1k"},
    "cascade": {"move": "0.1%", "at_least": "1k", "clusters": "0"},
    "big-account": {"within": "50%", "at_least": "1k"},
    "cluster-growth": {"by": "1%", "at_least": "1k"},
    "cluster-swept": {"at_least": "1k"},
    "cohort-split": {"lean": "5%", "at_least": "1k"},
    "correlated-risk": {"within": "10%", "at_least": "1k"},
    "funding-stretched": {"over": "1%"},
    "imbalance": {"over": "1%", "at_least": "0"},
    "leverage-build-up": {"by": "0.5%", "thicker": "1%"},
    "quiet-market": {"calm": "20%", "span": "10m", "at_least": "0"},
    "wall": {"at_least": "1k"},
}
"""What has to be asked for so that a rule finds something within a day, whatever the market is like."""


@dataclass(frozen=True)
class Wish:
    """A watch that somebody asks for."""

    rule: str
    venue: str
    parameters: str

    @property
    def values(self):
        return RULES[self.rule].form.restore(self.parameters)


def wishes(seed=11):
    """Return watches of every rule on every layer: as it comes, and with parameters that are drawn."""
    rng = random.Random(seed)  # noqa: S311 - to be the same each time
    for rule in RULES.values():
        for venue in ("", "binance"):
            yield Wish(rule.name, venue, rule.form.canonical(rule.form.defaults()))
        yield Wish(rule.name, "measured", rule.form.canonical(rule.form.parse(EASY[rule.name])))
        for venue in ("", "binance", "modelled"):
            yield Wish(rule.name, venue, rule.form.canonical(drawn(rule.form, rng)))


WISHES = tuple(dict.fromkeys(wishes()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("lived")


@pytest.fixture(scope="module")
def database(folder):
    """Return the database of a bot that has lived through the day."""
    own = Settings(database=folder / "liqbot.db", coins=("BTC", "ETH"), plugins_path=folder / "none")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Studio, "heatmap", None)  # nobody listens, so nothing is drawn
        asyncio.run(_live(own))
    return own.database


async def _live(own):
    for number, (measured, modelled) in enumerate(lived()):
        turns = Turns(["testex", "binance"])
        sources = [Telling(MEASURED, measured, turns), Telling(MODELLED, modelled, turns)]
        bot = Bot(own, sources, {}, replace(examples()))
        if number == 0:
            for wish in WISHES:
                await bot.store.subscriptions.subscribe(
                    ME, rule=wish.rule, coin="BTC", parameters=wish.parameters, now_ms=1, venue=wish.venue
                )
        bot.store._db.execute("PRAGMA synchronous = OFF")  # nothing dies here
        async with bot:
            await bot.until(lambda: False)
        assert not bot.evaluator.faults
        assert bot.trouble is None
        assert all(feed.health.state == "ended" for feed in bot.feeds)


@pytest.fixture(scope="module")
def live(database):
    """Return what was told, by watch: when, what, and why; but not what is resolved, as in previews."""
    told = {wish: [] for wish in WISHES}
    with SqliteStore(database) as store:
        rows = store._db.execute(
            "SELECT rule, venue, parameters, time_ms, hit, reason, layer FROM alerts ORDER BY id"
        ).fetchall()
    for rule, venue, parameters, time_ms, hit, reason, layer in rows:
        assert layer == VENUES[venue].key
        if reason not in (Reason.RESOLVED, Reason.UPDATED):
            alert = (time_ms, msgspec.json.decode(hit, type=Hit), reason)
            told[Wish(rule, venue, parameters)].append(alert)
    return told


@pytest.fixture(scope="module")
def kept(database):
    """Return the observations of the day, by layer."""

    async def read():
        with SqliteStore(database) as store:
            return {
                layer: [one async for one in store.observations.since(layer, "BTC", 0)]
                for layer in (MEASURED, MODELLED)
            }

    return asyncio.run(read())


async def each(observations):
    for one in observations:
        yield one


async def counted(wish, observations):
    """Return what a preview of these observations finds."""
    found = await preview(RULES[wish.rule], wish.values, each(observations))
    return [(one.view.time_ms, one.hit, one.reason) for one in found.firings]


def test_the_day_has_what_every_rule_looks_for(live, kept):
    for layer, observations in kept.items():
        assert len(observations) > 110, layer
        assert observations[-1].view.time_ms - observations[0].view.time_ms >= 24 * HOUR
    found = Counter(wish.rule for wish, alerts in live.items() if alerts)
    assert set(found) == set(RULES)
    beyond = {wish.venue for wish, alerts in live.items() if alerts}
    assert beyond == set(VENUES)
    ends = [event.end for one in kept[MEASURED] for event in one.events if isinstance(event, ClusterEnded)]
    assert End.SWEPT in ends


@pytest.mark.parametrize("rule", RULES)
async def test_what_was_told_is_what_a_preview_finds(rule, live, kept):
    for wish in WISHES:
        if wish.rule == rule:
            assert await counted(wish, kept[VENUES[wish.venue]]) == live[wish], wish


@pytest.mark.parametrize("rule", RULES)
async def test_what_was_told_is_what_a_replay_of_the_database_finds(rule, live, database):
    async with reading(database) as store:
        for wish in WISHES:
            if wish.rule == rule and wish.venue in ("measured", "modelled"):
                newest = await store.observations.newest(VENUES[wish.venue], "BTC")
                found = await previewed(RULES[rule], wish.values, store, newest.view, START - HOUR)
                assert [(one.view.time_ms, one.hit, one.reason) for one in found.firings] == live[wish]


SOME = 40
"""So many observations, eight hours, are enough for one try."""
FILES = {Path(rule.file).stem: rule.name for rule in RULES.values() if Path(rule.file).parent == FOLDER}


@pytest.mark.parametrize("plugin", FILES)
def test_the_command_for_replays_prints_what_was_told(plugin, live, database, monkeypatch, capsys):
    monkeypatch.setenv("LIQBOT_DATABASE", str(database))
    monkeypatch.setenv("LIQBOT_PLUGINS__TRUSTED", json.dumps([plugin]))
    for wish, alerts in live.items():
        if wish.rule == FILES[plugin] and wish.venue in ("", "binance"):
            rule = RULES[wish.rule]
            written = rule.form.show(wish.values).split()
            replay(FOLDER / f"{plugin}.py", "25h", "BTC", wish.venue, written, None)
            head, *lines = capsys.readouterr().out.splitlines()
            assert f"would have fired {len(alerts)} time" in head
            assert lines == [f"  {utc(time_ms)}  {hit.text}" for time_ms, hit, _ in alerts]


@with_settings(max_examples=12)
@given(data=st.data())
async def test_whatever_is_asked_for_and_however_often_the_bot_restarts_that_is_so(
    data, kept, tmp_path_factory
):
    rule = data.draw(st.sampled_from(list(RULES.values())))
    values = drawn(rule.form, data.draw(st.randoms(use_true_random=True)))
    layer = data.draw(st.sampled_from([MEASURED, MODELLED]))
    first = data.draw(st.integers(0, len(kept[layer]) - SOME))
    observations = kept[layer][first : first + SOME]
    restarts = data.draw(st.sets(st.integers(1, SOME - 1), max_size=4))
    wish = Wish(rule.name, "", rule.form.canonical(values))
    with SqliteStore(tmp_path_factory.mktemp("any") / "any.db") as store:
        await store.subscriptions.subscribe(
            ME, rule=rule.name, coin="BTC", parameters=wish.parameters, now_ms=1
        )
        for place, one in enumerate(observations):
            if place == 0 or place in restarts:
                evaluator = Evaluator(examples().rules, store.alerts, LayerChoices([layer]))
            await evaluator.take(one.view, one.time_ms, one.events)
        rows = store._db.execute("SELECT time_ms, hit, reason FROM alerts ORDER BY id").fetchall()
    told = [(at, msgspec.json.decode(hit, type=Hit), reason) for at, hit, reason in rows]
    assert await counted(wish, observations) == [
        one for one in told if one[2] not in (Reason.RESOLVED, Reason.UPDATED)
    ]
