"""What is kept for long, on the command line: out of the bot's database."""

import asyncio
import json
from dataclasses import replace

import pytest
from markets import HOUR, LAYER, long, short, view_of
from typer.testing import CliRunner

from liqbot.cli import command_line
from liqbot.engine.cases import CaseFinder
from liqbot.store.sqlite.store import SqliteStore

NOW = 1000 * HOUR


@pytest.fixture
def database(tmp_path, monkeypatch):
    """Return a database that has seen a coin stand still for three days beside a cluster."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIQBOT_DATABASE", str(tmp_path / "liqbot.db"))

    async def fill():
        store = SqliteStore(tmp_path / "liqbot.db")
        finder = CaseFinder()
        for hour in range(72, -1, -2):
            view = replace(view_of(long("ann", 2, at=98), short("bob", 1, at=103)), time_ms=NOW - hour * HOUR)
            await store.history.record([view])
            await store.cases.record(LAYER, "BTC", finder.see(view))
        await store.observations.record([view])
        await store.close()

    asyncio.run(fill())


def run(*arguments):
    return CliRunner().invoke(command_line([arguments[0]]), arguments)


@pytest.mark.usefixtures("database")
class TestRecords:
    def test_history_is_printed_in_words_and_as_one_object(self):
        words = run("history", "btc", "3d")
        assert words.exit_code == 0, words.output
        assert words.output.startswith("BTC: readings of 3d")
        answer = json.loads(run("history", "BTC", "3d", "--json").output)
        assert len(answer["readings"]) > 30
        assert answer["readings"][-1]["time_ms"] == NOW

    def test_the_scoreboard_is_printed_in_words_and_as_one_object(self):
        words = run("scoreboard", "btc", "7d")
        assert words.exit_code == 0, words.output
        assert "BTC: what became of clusters, 7d" in words.output
        answer = json.loads(run("scoreboard", "BTC", "7d", "--within", "3%", "--json").output)
        assert answer["cases"] == 1  # the other stands farther off
        assert [one["reached"] for one in answer["horizons"]] == [0] * len(answer["horizons"])

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (("history", "BTC", "5m"), "5m"),
            (("scoreboard", "BTC", "5m"), "5m"),
            (("history", "DOGE"), "DOGE"),
            (("scoreboard", "BTC", "--within", "7%"), "7%"),
            (("scoreboard", "BTC", "--least", "much"), "much"),
        ],
    )
    def test_what_there_is_not_is_named(self, arguments, named):
        ran = run(*arguments)
        assert ran.exit_code != 0
        assert named in ran.output + str(ran.exception)
