"""The guard of single routes, in virtual time: the counterpart's buckets refuse nothing."""

import random

import pytest
from counterparts.discord.buckets import SIZES, RateLimits

from liqbot.chat.discord.route_limits import LONGEST_S, RouteLimits

TEMPLATE = "/channels/{channel_id}/messages"
LIMIT, WINDOW_S = SIZES["POST", TEMPLATE]


class Line:
    """A line to Discord on which answers get lost, and requests too."""

    def __init__(self, chance=None):
        self.now_s = 100.0
        self.guard = RouteLimits(lambda: self.now_s)
        self.buckets = RateLimits(clock_s=lambda: self.now_s)
        self.chance = chance
        self.refused = 0

    def wait_s(self, channel):
        return self.guard.wait_s("POST", f"/channels/{channel}/messages")

    async def send(self, channel, *, arrives=True, answered=True):
        """Send as soon as it may leave."""
        self.now_s += self.wait_s(channel)
        name = await self.guard.turn("POST", f"/channels/{channel}/messages")
        self.now_s += 0.01
        verdict = arrives and self.buckets.take("POST", TEMPLATE, {"channel_id": channel}, counts=False)
        self.refused += bool(verdict) and not verdict.passed
        self.now_s += 0.02
        if answered and verdict:
            self.guard.answered(name, verdict.headers, done=verdict.passed)
        else:
            self.guard.lost(name)


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_gets_lost_no_request_is_one_too_many(seed):
    chance = random.Random(seed)  # noqa: S311 - a reproducible choice
    line = Line()
    for _ in range(300):
        await line.send(
            str(10**17 + chance.randrange(3)), arrives=chance.random() < 0.8, answered=chance.random() < 0.6
        )
        line.now_s += chance.choice([0, 0, 0.1, 1, 4])
    assert line.refused == 0


async def test_a_steady_line_loses_no_time():
    line = Line()
    begun_s = line.now_s
    for _ in range(10 * LIMIT):
        await line.send("1")
    assert line.refused == 0
    assert line.now_s - begun_s <= 10 * (WINDOW_S + 0.1)


async def test_one_channel_is_no_reason_to_wait_in_another():
    line = Line()
    for _ in range(LIMIT):
        await line.send("123456")
    assert line.wait_s("123456") > 0
    assert line.wait_s("123457") == 0


async def test_what_one_channel_tells_is_known_of_the_next():
    line = Line()
    await line.send("123456")
    for _ in range(LIMIT):
        assert line.wait_s("123457") == 0
        await line.send("123457", answered=False)
    assert line.wait_s("123457") > 0


async def test_a_route_without_limits_is_not_held_up():
    line = Line()
    for _ in range(50):
        name = await line.guard.turn("GET", "/gateway/bot")
        line.guard.answered(name, {}, done=True)
        assert line.guard.wait_s("GET", "/gateway/bot") == 0


async def test_a_page_in_place_of_an_answer_counts_as_a_request_that_arrived():
    line = Line()
    await line.send("123456")
    for _ in range(LIMIT - 1):
        name = await line.guard.turn("POST", "/channels/123456/messages")
        line.guard.answered(name, {"Content-Type": "text/html"}, done=False)
    assert line.wait_s("123456") == pytest.approx(LONGEST_S, abs=0.02)


async def test_what_another_process_may_have_spent_is_waited_for():
    line = Line()
    line.guard.spend("POST", "/users/@me/channels", 10)
    assert line.guard.wait_s("POST", "/users/@me/channels") == pytest.approx(10)
    line.now_s += 10
    assert line.guard.wait_s("POST", "/users/@me/channels") == 0
