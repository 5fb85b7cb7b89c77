import asyncio
from contextlib import contextmanager
from io import StringIO

import pytest
from chat.stand_ins import BTC, ME, later
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from liqbot.chat.command import CommandContext
from liqbot.chat.console.printer import Printer
from liqbot.chat.console.prompt import LineCompleter, Prompt, ticker
from liqbot.message import Tone

TYPED = ["/subscribe", "trapped", "BTC", "over=", "side=l", "/help", "/timezone", "/why", "/mute", "", "="]
ENTER, CTRL_C, CTRL_D, UP, TAB = "\r", "\x03", "\x04", "\x1b[A", "\t"


class Seat:
    """Somebody at the prompt: keys that are pressed, and what is on the screen."""

    def __init__(self, room, folder, keyboard):
        self.keyboard = keyboard
        self.file = StringIO()
        printer = Printer(Console(file=self.file, width=200), folder / "pictures")
        self.prompt = Prompt(room.answering, CommandContext(ME, room.services), printer, folder / "history")

    async def press(self, *keys) -> str:
        """Press keys until the prompt is left; return what was printed."""
        self.keyboard.send_text("".join(keys))
        async with asyncio.timeout(10):
            await self.prompt.run()
        return self.file.getvalue()


@pytest.fixture
def sit(room, tmp_path):
    """Return a way to sit down at a prompt; a second one finds the history of the first."""

    @contextmanager
    def seat():
        with create_pipe_input() as keyboard, create_app_session(input=keyboard, output=DummyOutput()):
            yield Seat(room, tmp_path, keyboard)

    return seat


class TestPrompt:
    async def test_commands_are_answered_one_after_the_other(self, sit):
        with sit() as seat:
            screen = await seat.press("/clusters BTC", ENTER, "regime eth", ENTER, "/quit", ENTER)
        assert screen.index("BTC 64,000: long-liquidation setup") < screen.index("ETH 2,000: no reading")

    async def test_a_mistake_is_answered_and_the_prompt_goes_on(self, sit):
        with sit() as seat:
            screen = await seat.press("/clutsers", ENTER, "/map doge", ENTER, "/quit", ENTER)
        assert "Did you mean /clusters?" in screen
        assert "There is no coin 'doge' here." in screen

    @pytest.mark.parametrize("word", ["/quit", "/exit", "quit", "exit", "  /quit ", "/QUIT"])
    async def test_a_word_leaves(self, sit, word):
        with sit() as seat:
            assert await seat.press(word, ENTER, "/status", ENTER) == ""

    async def test_ctrl_d_leaves(self, sit):
        with sit() as seat:
            assert "Status" in await seat.press("/status", ENTER, CTRL_D)

    async def test_ctrl_c_drops_the_line_says_how_to_leave_and_does_not_leave(self, sit):
        with sit() as seat:
            screen = await seat.press("/map BT", CTRL_C, "/status", ENTER, CTRL_D)
        assert "Ctrl-D or /quit leaves." in screen
        assert "Status: all is well" in screen
        assert "There is no" not in screen

    async def test_an_empty_line_says_nothing(self, sit):
        with sit() as seat:
            assert await seat.press(ENTER, "   ", ENTER, CTRL_D) == ""

    async def test_what_was_typed_is_there_again_the_next_time(self, sit):
        with sit() as seat:
            await seat.press("/regime BTC", ENTER, CTRL_D)
        with sit() as seat:
            assert "BTC 64,000" in await seat.press(UP, ENTER, CTRL_D)

    async def test_a_history_that_cannot_be_written_is_done_without(self, sit, tmp_path):
        (tmp_path / "history").mkdir()
        with sit() as seat:
            assert "Status" in await seat.press("/status", ENTER, CTRL_D)


async def complete(room, text):
    """Return what the completer offers at the end of `text`, each with its help."""
    completer = LineCompleter(room.answering, CommandContext(ME, room.services))
    offered = completer.get_completions_async(Document(text), CompleteEvent())
    return {item.text: item.display_meta_text async for item in offered}


async def words(room, text):
    return list(await complete(room, text))


class TestCompleting:
    async def test_commands_with_their_help(self, room):
        assert set(await complete(room, "/")) == {f"/{name}" for name in [*room.answering.commands, "quit"]}
        assert await complete(room, "/clu") == {
            "/clusters": (
                "The nearest clusters of liquidations that matter, three above spot and three below."
            )
        }

    async def test_commands_without_a_slash_where_none_was_typed(self, room):
        assert await words(room, "reg") == ["regime"]
        assert (await words(room, ""))[0] == "/heatmap"
        assert await words(room, "/REG") == ["/regime"]

    async def test_coins_with_what_they_are_at(self, room):
        assert await complete(room, "/clusters ") == {
            "BTC": "64,000 · long-liquidation setup",
            "ETH": "2,000 · no reading",
        }
        assert await words(room, "/clusters b") == ["BTC"]
        assert await words(room, "CLUSTERS e") == ["ETH"]

    async def test_windows(self, room):
        assert await words(room, "/heatmap BTC ") == ["12h", "24h", "3d", "7d", "30d", "90d", "180d", "1y"]
        assert await words(room, "/heatmap BTC 1") == ["12h", "180d", "1y"]

    async def test_rules_with_what_they_find(self, room):
        assert await complete(room, "/subscribe t") == {
            "trapped": "More than 70% of one side's open size is underwater, "
            "more than in 90% of its last month."
        }

    async def test_parameters_with_their_help_and_bounds_but_those_that_are_given(self, room):
        assert await complete(room, "/subscribe trapped BTC ") == {
            "over=": "minimum share of the side's open size that is underwater; from 1% to 99%",
            "side=": "whose positions; either, long or short",
            "depth=": "underwater at all, or by more than 5%; 0% or 5%",
            "unusual=": "must be higher than in this share of the coin's last month; 0% turns this off; "
            "from 0% to 100%",
            "venue=": "which map to read: an exchange, measured or modelled",
            "for=": "how long it must hold before you are alerted; from 0 s to 30 d",
            "cooldown=": "minimum time between two alerts about the same thing; from 0 s to 30 d",
            "repeat=": "repeat the alert this often while it holds; 0 for never; from 0 s to 30 d",
            "resolved=": "also alert when it has resolved; no or yes",
            "silent=": "without a sound; no or yes",
            "digest=": "combine the alerts of an hour or a day into one message; off, hourly or daily",
        }
        assert (await words(room, "/subscribe trapped BTC over=60 "))[:2] == ["side=", "depth="]
        assert await words(room, "/subscribe TRAPPED BTC side=long d") == ["depth=", "digest="]

    async def test_the_values_of_a_parameter(self, room):
        assert await complete(room, "/subscribe trapped BTC side=") == {
            "side=either": "default",
            "side=long": "",
            "side=short": "",
        }
        assert await words(room, "/subscribe trapped BTC side=l") == ["side=long"]
        assert await words(room, "/subscribe near-cluster BTC within=") == ["within=2%"]
        assert await words(room, "/subscribe near-cluster BTC nothing=") == []

    async def test_subscription_numbers_with_what_they_are(self, room):
        await room.say("/subscribe trapped BTC")
        await room.say("/subscribe trapped ETH over=60")
        assert await complete(room, "/unsubscribe ") == {
            "1": "trapped BTC",
            "2": "trapped ETH over=60%",
        }

    async def test_alerts_with_what_they_said(self, room):
        await room.say("/subscribe near-cluster BTC within=3%")
        await room.see(later(BTC, 1))
        for line in ("/why ", "/alert "):
            assert await complete(room, line) == {
                "1": "BTC: $20.5M of long liquidations at 62,700, 2% below (2 accounts, 62% whales)"
            }
        assert await words(room, "/why 2") == []

    async def test_spans_hours_counts_and_consent(self, room):
        assert await words(room, "/mute ") == ["1h", "4h", "8h", "1d", "off"]
        assert await words(room, "/quiet 23") == ["23:00-08:00"]
        assert await words(room, "/limit ") == ["5", "10", "20", "50", "100", "off"]
        assert await words(room, "/forget ") == ["yes"]

    async def test_time_zones_with_the_time_there_the_usual_ones_first(self, room):
        offered = await complete(room, "/timezone ")
        assert list(offered.items())[:2] == [("UTC", "04:00"), ("America/New_York", "23:00")]
        assert "Asia/Kathmandu" in offered
        assert (await words(room, "/timezone europe/b"))[0] == "Europe/Berlin"
        assert await words(room, "/timezone Europe/Berlin ") == []

    async def test_cities_without_their_continent(self, room):
        assert await words(room, "/timezone berl") == ["Europe/Berlin"]
        assert "America/New_York" in await words(room, "/timezone new_y")

    async def test_subscriptions_to_pause_and_a_rule_with_a_coin_to_test(self, room):
        await room.say("/subscribe trapped BTC")
        assert await words(room, "/pause ") == await words(room, "/resume ") == ["1"]
        assert await words(room, "/test t") == ["trapped"]
        assert await words(room, "/test trapped ") == ["BTC", "ETH"]
        assert await words(room, "/test trapped BTC ") == []

    async def test_how_alerts_come(self, room):
        assert await complete(room, "/subscribe trapped BTC silent=") == {
            "silent=no": "default",
            "silent=yes": "",
        }
        assert await words(room, "/subscribe trapped BTC digest=") == [
            "digest=off",
            "digest=hourly",
            "digest=daily",
        ]
        assert await words(room, "/subscribe near-cluster BTC cooldown=") == ["cooldown=1d"]
        assert await words(room, "/subscribe trapped BTC resolved=y") == ["resolved=yes"]

    @pytest.mark.parametrize(
        "line",
        ["/mute ", "/quiet ", "/limit ", "/timezone ", "/timezone Europe/B", "/pause ", "/test trapped "],
    )
    async def test_what_is_offered_is_understood(self, room, line):
        await room.say("/subscribe trapped BTC")
        before = line.rpartition(" ")[0]
        for word in (await words(room, line))[:20]:
            assert (await room.say(f"{before} {word}")).tone is not Tone.WARNING

    async def test_what_help_can_explain(self, room):
        offered = await complete(room, "/help tr")
        assert offered == {
            "trapped": "How much of each side is underwater, and how much of it by more than 5%."
        }
        assert "near-cluster" in await complete(room, "/help ")

    async def test_what_singles_out_a_part_of_a_market(self, room):
        assert await words(room, "/map BTC ") == ["venue=", "tier=", "opened="]
        assert await words(room, "/heatmap BTC 7d z") == ["zoom="]
        assert "zoom=20%" in await words(room, "/heatmap BTC 7d zoom=")

    @pytest.mark.parametrize(
        "text", ["/status ", "/nothing ", "/subscribe nothing BTC ", "/zzz", "/heatmap BTC 7d colour="]
    )
    async def test_nothing_where_nothing_fits(self, room, text):
        assert await words(room, text) == []

    async def test_every_completion_of_a_command_line_is_understood(self, room):
        for coin in await words(room, "/heatmap "):
            for window in await words(room, f"/heatmap {coin} "):
                assert "There is no" not in await room.title(f"/heatmap {coin} {window}")

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.one_of(st.text(), st.lists(st.sampled_from(TYPED)).map(" ".join)))
    async def test_whatever_is_typed_the_completer_does_not_break(self, room, text):
        await complete(room, text)


def test_below_the_prompt_stands_each_coin_with_its_spot_and_which_way_its_fuel_lies(room):
    assert "".join(text for _, text, *_ in ticker(room.services)) == " BTC 64,000 ▼ 0.24   ETH 2,000 —   "
    room.services.markets.views = {"BTC": BTC}
    assert ("fg:#FF9F43", "▼ 0.24") in ticker(room.services)
    room.services.markets.views = {}
    assert ticker(room.services) == [("", " ")]
