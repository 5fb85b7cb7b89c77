"""One evaluation: what a bot has told in a day is what a preview of that day counts, rule by rule."""

from collections import Counter
from dataclasses import replace

from app.stand_ins import LIVE, ME, Told, beat
from markets import HOUR, MINUTE
from plugins.examples import examples

from liqbot.alerts.preview import preview
from liqbot.app.bot import Bot
from liqbot.store.sqlite.store import SqliteStore

START = 20_000 * 24 * HOUR
STEPS = range(0, 25 * 60, 15)
CUT = 11 * 60
"""The bot is stopped at this minute, and started again."""


def a_day(minutes):
    """Return what a market tells that falls through its clusters again and again, twice a minute."""
    for minute in minutes:
        spot = 100 - minute // 15 % 8
        level = 99.5 - minute // 120 * 0.3
        for seconds in (0, 20):
            yield from beat(
                START + minute * MINUTE + seconds * 1_000, spot - seconds / 100, near=min(level, spot)
            )


async def test_every_rule_has_told_what_its_preview_finds_also_across_a_restart(settings, undrawn):
    assert undrawn is None
    rules = examples().rules.by_name
    for first, minutes in ((True, [m for m in STEPS if m <= CUT]), (False, [m for m in STEPS if m > CUT])):
        bot = Bot(settings, [Told(list(a_day(minutes)))], {}, replace(examples()))
        if first:
            for rule in rules.values():
                await bot.store.subscriptions.subscribe(
                    ME,
                    rule=rule.name,
                    coin="BTC",
                    parameters=rule.form.canonical(rule.form.defaults()),
                    now_ms=1,
                )
        async with bot:
            await bot.until(lambda: False)
        assert not bot.evaluator.faults
    with SqliteStore(settings.database) as store:
        live = Counter(
            store._db.execute("SELECT rule, time_ms, key, reason FROM alerts WHERE reason != 'resolved'")
        )
        counted = Counter()
        for rule in rules.values():
            found = await preview(rule, rule.form.defaults(), store.observations.since(LIVE, "BTC", 0))
            assert found.views == len(STEPS)
            counted.update(
                (rule.name, one.view.time_ms, one.hit.key, one.reason.value) for one in found.firings
            )
    assert counted == live
    assert {rule for rule, *_ in live} >= {"near-cluster", "cluster-swept"}
