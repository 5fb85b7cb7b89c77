"""`liqbot doctor` on PostgreSQL: who is at work, and what nobody does."""

import asyncio
from contextlib import closing

import psycopg
import pytest

from liqbot.cli import house
from liqbot.settings import Settings
from liqbot.store.maintenance import differences
from liqbot.store.postgres.leases import PostgresLeases
from liqbot.store.postgres.line import Line, make_tables
from liqbot.store.postgres.presence import PostgresPresence
from liqbot.store.presence import ProcessReport


@pytest.fixture
def settings(postgres, tmp_path):
    return Settings(database=postgres, plugins_path=tmp_path)


async def at_work(url, *, ended_s=0.0):
    """Let a process tell of itself, and hold a lease that ended so long ago; 0 for one that it holds."""
    line, leases = Line(url, "test"), PostgresLeases(url, "host-7-a3f9")
    presence = PostgresPresence(url, "test")
    await make_tables(line)
    await presence.tell(
        ProcessReport(
            name="host-7-a3f9", roles=("engine", "alerts"), version="1", started_ms=1, lags_s={"alerts": 2.0}
        )
    )
    lease = await leases.acquire("alerts")
    assert lease is not None
    if ended_s:
        await line.ask("UPDATE leases SET expires = clock_timestamp() - make_interval(secs => %s)", [ended_s])
    for one in (line, leases, presence):
        await one.close()


def test_before_anybody_has_run_nobody_is_at_work(settings):
    assert house._processes(settings) == "none is at work now"


def test_who_is_at_work_is_told_with_what_they_lead(settings, postgres):
    asyncio.run(at_work(postgres))
    assert house._processes(settings) == "a3f9 (engine,alerts) leads alerts, alerts 2 s behind"
    assert list(differences(postgres)) == [], "what processes tell each other is no flaw of the schema"


def test_who_has_not_told_of_itself_for_long_is_called_silent(settings, postgres):
    asyncio.run(at_work(postgres))
    with closing(psycopg.connect(postgres.url, autocommit=True)) as connection:
        connection.execute("UPDATE processes SET seen = clock_timestamp() - interval '20 seconds'")
    said = "leads alerts, alerts 2 s behind, silent for 20 s"
    assert house._processes(settings) == f"a3f9 (engine,alerts) {said}"


def test_what_nobody_does_is_named_with_what_to_do(settings, postgres):
    asyncio.run(at_work(postgres, ended_s=60.0))
    with pytest.raises(house.Ailing, match=r"nobody does alerts for 6\d s; start a process with that role"):
        house._processes(settings)
