"""Scans in PostgreSQL: the newest of each account, told once to every other process."""

import asyncio

import pytest

from liqbot.store.postgres import scans as module
from liqbot.store.postgres.line import Line, make_tables
from liqbot.store.postgres.scans import PostgresScans
from liqbot.store.scans import Scan


@pytest.fixture
async def scans_of(postgres):
    line, made = Line(postgres, "test"), []
    await make_tables(line)
    await line.close()

    def scans_of(process, venue="hyperliquid"):
        made.append(PostgresScans(postgres, process, venue))
        return made[-1]

    yield scans_of
    for scans in made:
        await scans.close()


async def test_what_one_process_tells_every_other_one_hears_once(scans_of):
    a, b, engine = scans_of("a"), scans_of("b"), scans_of("engine")
    await a.tell([Scan("0x1", b"one"), Scan("0x2", b"two")])
    assert sorted(await engine.news()) == [Scan("0x1", b"one"), Scan("0x2", b"two")]
    await b.tell([Scan("0x2", b"newer")])
    assert await engine.news() == [Scan("0x2", b"newer")]
    assert await engine.news() == []
    assert await b.news() == [Scan("0x1", b"one")], "not what it has told itself"


async def test_who_comes_later_hears_the_newest_of_all_in_parts(scans_of, monkeypatch):
    monkeypatch.setattr(module, "MOST", 2)
    a = scans_of("a")
    await a.tell([Scan("0x1", b"old")])
    await a.tell([Scan(f"0x{number}", b"new") for number in range(5)])
    late, found = scans_of("late"), []
    while part := await late.news():
        assert len(part) <= 2
        found += part
    assert sorted(found) == [Scan(f"0x{number}", b"new") for number in range(5)]


async def test_venues_are_kept_apart(scans_of):
    await scans_of("a").tell([Scan("0x1", b"one")])
    assert await scans_of("b", "elsewhere").news() == []


async def test_of_two_who_tell_the_same_accounts_at_once_none_waits_for_ever(scans_of):
    a, b = scans_of("a"), scans_of("b")
    accounts = [f"0x{number}" for number in range(200)]
    await asyncio.gather(
        *(a.tell([Scan(name, b"a") for name in accounts]) for _ in range(5)),
        *(b.tell([Scan(name, b"b") for name in reversed(accounts)]) for _ in range(5)),
    )
    assert len(await scans_of("c").news()) == 200
