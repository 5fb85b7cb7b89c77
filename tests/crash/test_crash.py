"""The short form of the crash suite, on both kinds of database; `make soak` runs the long one."""

import pytest
from crash.campaign import Death, campaign, deaths, seeded
from crash.points import Point
from postgres_server import programs, running

from liqbot.alerts.delivery.send import MOST_ATTEMPTS


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.long])])
def address(request, tmp_path):
    """Return where a new database is, of which nothing is lost that was committed."""
    if request.param == "sqlite":
        yield tmp_path / "liqbot.db"
        return
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed; tests/store/postgres/postgresql.sh installs Debian's")
    with running(found, settings=()) as server:
        yield server.make("liqbot_model")


def test_nothing_is_lost_or_doubled_wherever_the_bot_is_killed(tmp_path, address):
    with campaign(tmp_path, address, chats=240, share=0.25, seed=1) as ours:
        ours.broadcast(deaths(seeded(1), address, rounds=1, reach=6, randomly=4, longest_s=0.25))
        outcome = ours.finish()
    assert set(outcome.kills) == {None, *Point}
    assert outcome.is_well, outcome
    assert outcome.unknown > 0


@pytest.mark.long
def test_a_bot_that_dies_again_and_again_gives_nothing_up_for_that(tmp_path, address):
    with campaign(tmp_path, address, chats=20, share=0.7, seed=2) as ours:
        ours.broadcast([Death(Point.CLAIMED)] * MOST_ATTEMPTS)
        outcome = ours.finish()
    assert outcome.kills == {Point.CLAIMED: MOST_ATTEMPTS}
    assert outcome.is_well, outcome
