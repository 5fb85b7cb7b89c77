"""What Discord's answers mean for a delivery."""

from types import SimpleNamespace

import discord
import pytest

from liqbot.alerts.platform import ChatAway, ChatGone, NotSent, Refused, SlowDown, Unclear
from liqbot.chat.discord.errors import is_passing, outcome


def answer(status, code=0, **headers):
    kind = {403: discord.Forbidden, 404: discord.NotFound}.get(
        status, discord.DiscordServerError if status >= 500 else discord.HTTPException
    )
    response = SimpleNamespace(status=status, reason="so", headers=headers)
    return kind(response, {"code": code, "message": "no"})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (answer(403, 50013), ChatAway),
        (answer(404, 10003), ChatGone),
        (answer(404, 0), NotSent),
        (answer(403, 0), NotSent),
        (answer(400, 50083), ChatAway),
        (answer(400, 50035), Refused),
        (answer(413, 40005), Refused),
        (answer(413, 0), NotSent),
        (answer(403, 40333), NotSent),
        (answer(401), NotSent),
        (answer(500), Unclear),
        (answer(502), Unclear),
        (answer(503), Unclear),
        (ConnectionResetError(), Unclear),
        (TimeoutError(), Unclear),
        (discord.RateLimited(90.0), SlowDown),
    ],
)
def test_each_answer_has_its_meaning(error, kind):
    assert type(outcome(error)) is kind


@pytest.mark.parametrize(
    ("headers", "pause_s", "everywhere"),
    [
        ({"Retry-After": "7", "Via": "1.1 google"}, 7, False),
        ({"Retry-After": "7", "Via": "1.1 google", "X-RateLimit-Scope": "global"}, 7, True),
        ({"Retry-After": "3600"}, 3600, True),
        ({"Retry-After": "soon"}, 5, True),
        ({}, 5, True),
    ],
)
def test_a_pause_is_as_long_and_as_wide_as_discord_says(headers, pause_s, everywhere):
    found = outcome(answer(429, **headers))
    assert (found.pause_s, found.everywhere) == (pause_s, everywhere)


def test_only_troubles_of_discord_or_the_line_pass():
    assert is_passing(answer(503))
    assert is_passing(answer(429))
    assert is_passing(ConnectionResetError())
    assert not is_passing(answer(404, 10062))
    assert not is_passing(discord.LoginFailure("no"))
