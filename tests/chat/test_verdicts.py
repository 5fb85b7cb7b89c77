"""What each answer of a platform means: one table for both, printed, and checked row by row."""

import re
from pathlib import Path

import pytest
from chat.verdict_rows import AGAIN, DEGRADE, ROWS, WAIT

from liqbot.alerts.verdict import Verdict
from liqbot.chat.discord import verdicts as discord
from liqbot.chat.telegram import verdicts as telegram

PUBLISHED = (
    Path(__file__).parents[1]
    / "counterparts/conformance/discordjs/node_modules/discord-api-types/rest/common.d.ts"
)
"""Discord's codes as its published types name them; there where `make conformance` has fetched them."""


def verdict_of(platform, status, said):
    if platform == "discord":
        return discord.verdict(status, said or None)
    return telegram.verdict(status, said or None)


def test_the_table_of_both_platforms_holds():
    """Print it with `pytest -s -k table_of_both`."""
    print(f"\n{'platform':9} {'HTTP':>4}  {'what the platform itself says':66} verdict")  # noqa: T201 - it is to be read
    for platform, status, said, verdict in ROWS:
        print(f"{platform:9} {status:>4}  {said or '- (a page, or nothing)'!s:66} {verdict}")  # noqa: T201 - it is to be read
        assert verdict_of(platform, status, said) is verdict, (platform, status, said)
    counted = {verdict: sum(row[3] is verdict for row in ROWS) for verdict in Verdict}
    print(", ".join(f"{verdict}: {count}" for verdict, count in counted.items()))  # noqa: T201 - it is to be read


@pytest.mark.parametrize("platform", ["discord", "telegram"])
def test_no_page_of_a_proxy_is_final(platform):
    assert {verdict_of(platform, status, "") for status in range(300, 600)} == {AGAIN}


def test_a_code_that_nobody_knows_yet_never_ends_a_chat():
    for status in (400, 403, 404, 413):
        assert discord.verdict(status, 999_999) in (WAIT, DEGRADE)
    for status in (400, 403):
        assert telegram.verdict(status, "Bad Request: NEWS_OF_TOMORROW") in (WAIT, DEGRADE)


@pytest.mark.parametrize("code", sorted(discord.FORMS))
def test_what_is_refused_for_what_it_holds_is_so_whatever_the_status(code):
    assert {discord.verdict(status, code) for status in (400, 403, 404, 413)} == {DEGRADE}


@pytest.mark.skipif(not PUBLISHED.exists(), reason="`make conformance` fetches Discord's published types")
def test_every_code_that_discord_publishes_is_in_the_table():
    enumeration = PUBLISHED.read_text(encoding="utf-8").partition("enum RESTJSONErrorCodes")[2]
    published = {int(code) for code in re.findall(r"= (\d+)", enumeration.partition("\n}")[0])}
    assert len(published) > 200
    assert published - {code for platform, _, code, _ in ROWS if platform == "discord"} == {0}
