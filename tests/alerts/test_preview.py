from dataclasses import dataclass, replace

from markets import long, view_of

from liqbot.alerts.preview import preview as previewed
from liqbot.market.events import Observation
from liqbot.rules.parameters import Percent
from liqbot.rules.rule import Hit, Policy, rule

VIEW = view_of(long("ann", 2, at=95), spot=100)
MINUTE = 60_000


async def observations(seen):
    for view in seen:
        yield Observation(view)


def views(*spots):
    return [replace(VIEW, time_ms=minute * MINUTE, spot=spot) for minute, spot in enumerate(spots)]


@rule("above", policy=Policy(cooldown=120))
def above(view, *, over: Percent = 50):
    """Spot is above `over`."""
    if view.spot > over:
        yield Hit("above", f"{view.spot:g}")


@dataclass
class Count:
    views: int = 0


@rule("every-third", policy=Policy(cooldown=0))
class EveryThird:
    """It is every third view."""

    State = Count

    def read(self, view, state):
        state.views += 1
        if state.views % 3 == 0:
            yield Hit(str(state.views), view.coin)


async def preview(rule, values, seen, **more):
    return await previewed(rule, values, observations(seen), **more)


def fired(found):
    return [(firing.view.time_ms // MINUTE, firing.hit.text) for firing in found.firings]


async def test_it_fires_as_it_would_have_fired_live_cooldown_included():
    found = await preview(above, {"over": 50}, views(10, 60, 10, 60, 10, 70))
    assert fired(found) == [(1, "60"), (3, "60"), (5, "70")]
    found = await preview(above, {"over": 50}, views(60, 10, 70, 10, 10, 80))
    assert fired(found) == [(0, "60"), (2, "70"), (5, "80")]
    found = await preview(above, {"over": 50}, views(60, 10, 10, 10)[:2] + views(60, 60)[1:])
    assert fired(found) == [(0, "60")]


async def test_what_a_rule_remembers_is_carried_from_view_to_view():
    assert fired(await preview(EveryThird, {}, views(1, 1, 1, 1, 1, 1))) == [(2, "BTC"), (5, "BTC")]


async def test_it_says_how_much_it_has_seen_and_whether_that_was_all():
    found = await preview(above, {"over": 50}, views(60, 10, 60))
    assert (found.views, found.since_ms, found.is_whole) == (3, 0, True)
    left = iter([True, True, False])
    found = await preview(above, {"over": 50}, views(60, 10, 60), go_on=lambda: next(left))
    assert (found.views, found.is_whole, len(found.firings)) == (2, False, 1)
    assert (await preview(above, {"over": 50}, [])).since_ms is None
