"""What flows through a market, on the command line: out of the bot's database."""

import asyncio
import json
from dataclasses import replace

import pytest
from markets import HOUR, LAYER, long, view_of
from typer.testing import CliRunner

from liqbot.cli import command_line
from liqbot.market.events import LiquidationSum
from liqbot.market.side import Side
from liqbot.sources.source import SourceError
from liqbot.store.sqlite.store import SqliteStore

NOW = 1000 * HOUR


@pytest.fixture
def database(tmp_path, monkeypatch):
    """Return a database that knows a coin, of which $2M were liquidated ten minutes ago."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIQBOT_DATABASE", str(tmp_path / "liqbot.db"))

    async def fill():
        store = SqliteStore(tmp_path / "liqbot.db")
        view = replace(view_of(long("ann", 1, at=95)), time_ms=NOW)
        await store.history.record([view])
        await store.observations.record([view])
        await store.events.record(
            [
                LiquidationSum(
                    coin="BTC",
                    layer=LAYER,
                    time_ms=NOW - 600_000,
                    side=Side.LONG,
                    usd=2e6,
                    count=3,
                    sampled=False,
                )
            ]
        )
        await store.close()

    asyncio.run(fill())


def run(*arguments):
    return CliRunner().invoke(command_line([arguments[0]]), arguments)


@pytest.mark.usefixtures("database")
class TestLiquidations:
    def test_they_are_printed_in_words_and_as_one_object(self):
        words = run("liquidations", "btc", "1h")
        assert words.exit_code == 0, words.output
        assert words.output.startswith("BTC: $2M liquidated in 1 h, 100% longs\n")
        answer = json.loads(run("liquidations", "BTC", "1h", "--json").output)
        assert (answer["long_usd"], answer["count"], answer["is_lower_bound"]) == (2e6, 3, False)
        assert [venue["venue"] for venue in answer["venues"]] == ["Testex"]

    def test_a_window_and_a_coin_that_there_are_not_are_named(self):
        assert "How long is" in run("liquidations", "BTC", "soon").output
        assert "DOGE" in str(run("liquidations", "DOGE").exception)
        assert isinstance(run("liquidations", "DOGE").exception, SourceError)


@pytest.mark.usefixtures("database")
class TestBookAndCascade:
    def test_a_view_without_a_book_has_no_depth_and_a_push_no_stop(self):
        words = run("book", "BTC")
        assert words.exit_code == 0, words.output
        assert words.output.startswith("BTC 100.00: no depth\n")
        assert json.loads(run("book", "BTC", "--json").output)["book"] is None
        answer = json.loads(run("cascade", "BTC", "-6%", "--json").output)
        assert (answer["side"], answer["pushed_usd"], answer["stops"]) == ("long", 100.0, None)
        assert run("cascade", "BTC", "-6%").output.startswith("BTC −6%: $100 would be force-sold")

    def test_a_view_without_stop_orders_says_that_none_are_known(self):
        assert run("stops", "BTC").output.startswith("BTC 100.00: no stop orders known\n")
        assert json.loads(run("stops", "BTC", "--json").output)["stops"] is None

    def test_a_move_that_makes_no_sense_is_named(self):
        assert "How far is" in run("cascade", "BTC", "far").output
        assert "A push is between" in run("cascade", "BTC", "0").output


@pytest.mark.usefixtures("database")
class TestBrief:
    def test_it_is_ten_lines_and_one_object_of_the_same_answers(self):
        words = run("brief", "btc")
        assert words.exit_code == 0, words.output
        assert "Fuel within 5%" in words.output
        assert "Liquidated in 24 h" in words.output
        answer = json.loads(run("brief", "BTC", "--json").output)
        assert answer["market"]["coin"] == "BTC"
        assert answer["liquidations"]["long_usd"] == 2e6
        assert answer["book"] == json.loads(run("book", "BTC", "--json").output)
        assert answer["fall"] == json.loads(run("cascade", "BTC", "-3%", "--json").output)

    def test_a_coin_that_there_is_not_is_named(self):
        assert "DOGE" in str(run("brief", "DOGE").exception)

    def test_the_screener_tells_of_all_coins_in_words_and_as_json(self):
        assert "Coins by fuel within 2% of spot" in run("screener", "fuel").output
        answer = json.loads(run("screener", "--json").output)
        assert "BTC" in [row["coin"] for row in answer["rows"]]
        assert answer["sort"] == "nearest"
