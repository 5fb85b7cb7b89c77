"""The short form of `make chaos`."""

import os

import pytest
from chaos.campaign import Chaos
from counterparts.discord.fixture import discord_counterpart, discord_process
from counterparts.telegram.fixtures import telegram, telegram_process

__all__ = ["discord_counterpart", "discord_process", "telegram", "telegram_process"]


@pytest.mark.long
@pytest.mark.skipif(
    "LIQBOT_TEST_CHAOS" not in os.environ, reason="LIQBOT_TEST_CHAOS=1 runs it; `make chaos` is its long form"
)
@pytest.mark.timeout(280)
async def test_a_moment_of_chaos_loses_nothing_and_doubles_nothing(discord_counterpart, telegram, tmp_path):
    chaos = Chaos(tmp_path, discord_counterpart, telegram, chats=40, every_s=2)
    outcome = await chaos.run(6, kill_every_s=4)
    assert outcome.expected >= 80
    assert (outcome.lost, outcome.doubled, outcome.own_429) == (0, 0, 0), outcome
    assert outcome.log_bytes < 100_000, outcome
