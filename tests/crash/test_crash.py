"""The short form of the crash suite; `make soak` runs the long one."""

from crash.campaign import campaign, deaths, seeded
from crash.points import Point


def test_nothing_is_lost_or_doubled_wherever_the_bot_is_killed(tmp_path):
    with campaign(tmp_path, chats=240, share=0.25, seed=1) as ours:
        ours.broadcast(deaths(seeded(1), rounds=1, reach=6, randomly=4, longest_s=0.25))
        outcome = ours.finish()
    assert set(outcome.kills) == {None, *Point}
    assert outcome.is_well, outcome
    assert outcome.unknown > 0
