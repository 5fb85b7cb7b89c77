"""Processes of one bot that are set up otherwise: both are named, and only one of them serves."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from app.stand_ins import Told
from counterparts.telegram.fixtures import second, second_process, telegram, telegram_process

from liqbot.app.bot import Bot
from liqbot.app.process_differences import barred_from, difference, is_replaceable
from liqbot.app.roles import Duties
from liqbot.app.runtime import serving
from liqbot.settings import Settings
from liqbot.store.presence import PresentProcess, ProcessReport

__all__ = ["second", "second_process", "telegram", "telegram_process"]

PATIENCE_S = 30
ALIKE = {"version": "1", "coins": "BTC", "sources": "hyperliquid", "rules": "near-cluster", "access": "0"}


def process(name="vm-1-aaaa", *, began=1, silent_s=0.0, **traits):
    report = ProcessReport(
        name=name, roles=("web",), version="1", started_ms=began, traits={**ALIKE, **traits}
    )
    return PresentProcess(report, silent_s)


def discord(name, shards, *, began=1, silent_s=0.0):
    return process(name, began=began, silent_s=silent_s, **{"bot discord": "7", "shards": shards})


def test_processes_that_are_alike_are_no_finding():
    assert difference(process().report, [process("vm-2-bbbb"), process("vm-3-cccc")]) is None


@pytest.mark.parametrize("trait", ["version", "coins", "sources", "rules", "access"])
def test_what_differs_is_named_with_both_processes_and_what_to_do(trait):
    found = difference(process(**{trait: "X"}).report, [process("vm-2-bbbb")])
    assert found.text == f"They are not set up alike: {trait}."
    assert found.detail == f"{trait}: aaaa has X, bbbb has {ALIKE[trait]}."
    assert found.advice.startswith("Give all of them the same version, settings and plugins")


def test_who_does_not_say_and_who_is_gone_differs_from_nobody():
    older = PresentProcess(ProcessReport(name="vm-2-bbbb", roles=(), version="0", started_ms=1), 0.0)
    assert difference(process(coins="ETH").report, [older, process("vm-3-cccc", silent_s=20.0)]) is None


def test_of_two_that_serve_as_two_bots_the_later_one_stands_aside():
    first = process(began=1, **{"bot telegram": "7"})
    later = process("vm-2-bbbb", began=2, **{"bot telegram": "8"})
    assert barred_from(later.report, [first]) == {"telegram"}
    assert barred_from(first.report, [later]) == frozenset()
    assert "the bot of telegram: bbbb has 8, aaaa has 7" in difference(later.report, [first]).detail


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        ("0-3/16", "0-3/16", False),
        ("0-3/16", "4-7/16", False),
        ("0-3/16", "3-6/16", True),
        ("0-3/16", "4-7/8", True),
        ("", "0-3/16", True),
        ("", "", False),
    ],
)
def test_of_two_ranges_of_shards_that_overlap_the_later_one_stands_aside(one, other, clash):
    first, later = discord("vm-1-aaaa", one), discord("vm-2-bbbb", other, began=2)
    assert barred_from(later.report, [first]) == (frozenset({"discord"}) if clash else frozenset())
    assert barred_from(first.report, [later]) == frozenset()
    assert (difference(later.report, [first]) is not None) == clash


def test_who_has_the_same_roles_and_people_could_take_the_place_of_a_process():
    own = discord("vm-1-aaaa", "0-3/16").report
    assert is_replaceable(own, [discord("vm-2-bbbb", "0-3/16")])
    assert not is_replaceable(own, [])
    assert not is_replaceable(own, [discord("vm-2-bbbb", "4-7/16")]), "other people"
    assert not is_replaceable(own, [discord("vm-2-bbbb", "0-3/16", silent_s=20.0)]), "it is gone"


# As processes


@asynccontextmanager
async def running(postgres, folder, platform, **more):
    settings = Settings(
        database=postgres,
        plugins_path=folder,
        pictures_path=folder,
        plugins={"enabled": False},
        web={"enabled": False},
        telegram={"token": platform.token, "api_url": platform.api_url},
        **{"coins": ("BTC",), **more},
    )
    bot = Bot(settings, [Told()], {}, duties=Duties(frozenset({"telegram"})))
    async with serving(bot):
        yield bot


async def until(holds):
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - who changes it tells nobody
            await asyncio.sleep(0.02)


async def test_a_process_with_another_bots_token_serves_nobody_while_the_first_is_there(
    postgres, tmp_path, undrawn, telegram, second
):
    assert undrawn is None
    async with (
        running(postgres, tmp_path, second, coins=("ETH",)) as first,
        running(postgres, tmp_path, telegram) as later,
    ):
        await until(lambda: later.barred == {"telegram"})
        await until(lambda: first.dispatcher.sends_on("telegram"))
        assert not later.dispatcher.sends_on("telegram")
        await until(lambda: "processes" in later.services.troubles.by_name)
        said = later.services.troubles.by_name["processes"].finding
        assert said.text == "They are not set up alike: coins, the bot of telegram."
        assert "70000002" in said.detail
        ann = await telegram.person("Ann")
        await ann.says("/help")
        await telegram.silence(ann)
    async with running(postgres, tmp_path, telegram) as right:
        await until(lambda: right.dispatcher.sends_on("telegram"))
        assert right.barred == frozenset(), "the other one is gone"
