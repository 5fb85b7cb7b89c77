"""Discord's shards in processes of their own, as large bots have them: `--shards 0/2` and `--shards 1/2`.

Each serves its own servers, and says nothing of those of the other: not where it begins, not where it takes
over, not where the bot is removed from a server. Alerts reach the servers of both, whoever sends them.
"""

import re
import sys
from contextlib import closing

import psycopg
import pytest
from beside.processes import Process, complaints_of, environment_of, until
from counterparts.discord.fixture import discord_counterpart, discord_process

from liqbot.chat.discord.verdicts import LEFT

__all__ = ["discord_counterpart", "discord_process"]

pytestmark = [pytest.mark.long, pytest.mark.postgres]

LIQBOT = [sys.executable, "-m", "liqbot"]
SHARDS = 2
WAVE = re.compile(r"wave (\d+)")
TAKEN_OVER_S = 20
"""A lease runs out, and a connection to Discord is made: on a busy machine."""
EXPECTED = {"no data of BTC", "role receiver/discord/1-1/2"}
"""Troubles that there are: the market's clock is behind, and for a while nobody serves the second shard."""


class House:
    """The processes, the servers of each shard, and what is told there."""

    def __init__(self, discord, database, folder):
        self.discord, self._database, self._folder = discord, database, folder
        self._environment = environment_of(database) | {
            "LIQBOT_DISCORD__TOKEN": discord.token,
            "LIQBOT_DISCORD__API_URL": discord.api_url,
            "LIQBOT_DISCORD__GATEWAY_URL": discord.gateway_url,
        }
        self.processes = []

    async def begin(self, name, *words):
        process = Process(LIQBOT, words, name=name, folder=self._folder, environment=self._environment)
        self.processes.append(process)
        await process.started()
        return process

    async def serve(self, name, shard):
        return await self.begin(name, "--role", "discord", "--shards", f"{shard}/{SHARDS}")

    async def open_server(self, shard):
        """Return a new server of a shard, and a channel there."""
        while True:
            guild = await self.discord.add_guild()
            if (guild.id >> 22) % SHARDS == shard:
                return guild.id, await self.discord.add_channel(guild.id)

    async def connected(self, *shards):
        """Wait until so many shards are connected, and no others."""

        async def are_there():
            sessions = await self.discord.sessions(at_least=0, wait=0)
            return sorted((one["shard"], one["shards"]) for one in sessions) == [
                (shard, SHARDS) for shard in shards
            ]

        await until(are_there, f"the shards {shards} are connected", TAKEN_OVER_S)

    async def offered(self):
        """Wait until Discord knows the commands."""

        async def are_there():
            return any(command["name"] == "subscribe" for command in await self.discord.commands())

        await until(are_there, "Discord knows the commands")

    async def waves(self, channel):
        """Return the waves of which a channel was told, as often as it was."""
        told = await self.discord.messages(channel)
        return [number for one in told for number in dict.fromkeys(map(int, WAVE.findall(str(one.wire))))]

    async def flows(self, *channels):
        """Wait until each channel is told of a wave that begins after now."""
        newest = {channel: max(await self.waves(channel), default=0) for channel in channels}
        after = max(newest.values())
        for channel in channels:

            async def is_told(channel=channel):
                return max(await self.waves(channel), default=0) > after + 1

            await until(is_told, f"{channel} is told of a wave after {after}")

    async def answers(self, channel):
        answer = await self.discord.slash("regime", channel, coin="BTC", wait=TAKEN_OVER_S)
        assert "BTC" in str(answer)

    async def is_deaf(self, channel):
        """Fail if anybody answers in a channel."""
        answer = await self.discord.slash("regime", channel, coin="BTC", until="acknowledged")
        assert answer.failed

    def silenced(self):
        """Return by channel why it is told nothing more, of those that are not."""
        with closing(psycopg.connect(self._database.url, autocommit=True)) as connection:
            found = connection.execute("SELECT native_id, inactive FROM chats WHERE inactive IS NOT NULL")
            return {int(native_id): reason for native_id, reason in found.fetchall()}

    async def silences(self, *channels):
        """Wait until these channels are told nothing more, and no others."""
        await until(lambda: self.silenced() == dict.fromkeys(channels, LEFT), f"{channels} are silenced")


@pytest.fixture
async def house(discord_counterpart, postgres, tmp_path):
    made = House(discord_counterpart, postgres, tmp_path)
    yield made
    for process in made.processes:
        process.kill()


async def test_each_process_serves_the_servers_of_its_shards_and_silences_none_of_another(house):
    discord = house.discord
    (_, first), (left, gone) = [await house.open_server(0) for _ in range(2)]
    (_, second), (quiet_left, quiet) = [await house.open_server(1) for _ in range(2)]
    engine = await house.begin("engine", "--role", "engine,alerts")
    leads = await house.serve("first", 0)
    await house.connected(0)
    stands_by = await house.serve("first again", 0)
    other = await house.serve("second", 1)
    await house.connected(0, 1)
    await house.offered()
    for channel in (first, second, gone):
        await discord.slash("limit", channel, number=1000)
        await discord.slash("subscribe wave", channel, coin="BTC")
    await discord.slash("subscribe regime-flip", quiet, coin="BTC")
    await house.flows(first, second, gone)
    assert house.silenced() == {}

    other.kill()  # nobody has its range: alerts come all the same, and nobody else answers there
    await house.connected(0)
    await house.flows(first, second)
    await house.is_deaf(second)
    await house.answers(first)
    await discord.leave_guild(quiet_left)

    leads.kill()  # who stands by takes its range, learns of its servers, and judges no other
    await house.connected()
    await house.connected(0)
    await house.answers(first)
    await house.flows(first, second)
    assert house.silenced() == {}

    other = await house.serve("second again", 1)
    await house.connected(0, 1)
    await house.silences(quiet)
    await house.answers(second)
    await discord.leave_guild(left)
    await until(lambda: gone in house.silenced(), "the server that was left is told nothing more")
    assert house.silenced().keys() == {quiet, gone}
    await house.flows(first, second)

    for channel in (first, second):
        waves = await house.waves(channel)
        assert len(set(waves)) == len(waves), "Discord shows each once"
    for process in (stands_by, other, engine):
        await process.stop()
    assert not [line for process in house.processes for line in complaints_of(process, EXPECTED)]
