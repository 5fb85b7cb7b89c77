"""The short form of the kill suite of a bot that is several processes; `make cluster` runs the long one."""

import pytest
from cluster.campaign import KINDS, ROLES, SAFE, SHORT, campaign
from postgres_server import programs, running


@pytest.mark.long
@pytest.mark.postgres
def test_nothing_is_lost_or_doubled_whichever_process_of_a_bot_is_killed(tmp_path):
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed; tests/store/postgres/postgresql.sh installs Debian's")
    assert len(ROLES) >= 6
    # A server of its own, as this one has to keep what it has committed.
    with (
        running(found, settings=SAFE) as server,
        campaign(tmp_path, server, chats=500, share=0.2, seed=3, tempo=SHORT) as ours,
    ):
        outcome = ours.run(12)
    assert set(outcome.kills) == set(KINDS)
    assert outcome.waves > 1
    assert outcome.is_well, f"{outcome.line} at_once={outcome.at_once}"
