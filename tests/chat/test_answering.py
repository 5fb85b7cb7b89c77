import asyncio

import pytest
from chat.stand_ins import ME, SOMEBODY_ELSE, Room
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from liqbot.builtin import RULES
from liqbot.chat.answering import AT_ONCE, Answering
from liqbot.chat.bot_commands import COMMANDS
from liqbot.chat.command import Coin, CommandContext, Settings, Window, command
from liqbot.message import Message, Tone
from liqbot.rules.plugin_loading import Rules
from liqbot.service.errors import UserError
from liqbot.store.sqlite.store import SqliteStore

RULE_NAMES = ", ".join(rule.name for rule in RULES)
SUBSCRIBE = "/subscribe RULE COIN [name=value …]"


@pytest.mark.parametrize(
    "line", ["/clusters BTC", "clusters BTC", "/CLUSTERS btc", "  /clusters   btc  ", '/clusters "btc"']
)
async def test_a_command_is_found_with_or_without_its_slash_in_any_case(room, line):
    assert await room.title(line) == "BTC 64,000: long-liquidation setup"


async def test_a_quotation_mark_too_few_is_no_reason_not_to_answer(room):
    assert await room.title("/clusters 'btc") == 'There is no coin "\'btc" here. Did you mean BTC?'


@pytest.mark.parametrize(
    "coin",
    [
        *(
            "BTC",
            "btc",
            "Btc",
            "$btc",
            "#BTC",
            "BTC-PERP",
            "btcusdt",
            "BTCUSDC",
            "BTCUSD",
            "btc-usd",
            "BTC/USDT",
        ),
        *("BTC_USDT", "BTC-USDT-SWAP", "BTCUSDT.P", "BTC/USDT:USDT", "$BTC-PERP"),
    ],
)
async def test_a_coin_is_found_as_exchanges_and_charts_write_it(room, coin):
    assert (await room.title(f"/regime {coin}")).startswith("BTC 64,000")


@pytest.mark.parametrize(
    ("window", "drawn"),
    [
        ("12h", "12h"),
        ("7D", "7d"),
        ("1d", "24h"),
        ("72h", "3d"),
        ("1w", "7d"),
        ("365d", "1y"),
        ("0.5d", "12h"),
    ],
)
async def test_a_window_is_found_by_its_length(room, window, drawn):
    await room.say(f"/heatmap BTC {window}")
    assert room.studio.asked == [f"BTC-heatmap-{drawn}"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        # Commands.
        ("", "Type a command. /help lists them."),
        ("   ", "Type a command. /help lists them."),
        ("/", "There is no command '/'. /help lists the commands."),
        ("/clutsers BTC", "There is no command '/clutsers'. Did you mean /clusters?"),
        ("/heat BTC", "There is no command '/heat'. Did you mean /heatmap?"),
        ("good morning", "There is no command 'good'. /help lists the commands."),
        # Coins.
        ("/clusters", "Which coin? Choose from BTC, ETH. Type /clusters COIN [name=value …]"),
        ("/map BTCC", "There is no coin 'BTCC' here. Did you mean BTC?"),
        ("/map doge", "There is no coin 'doge' here. Choose from BTC, ETH."),
        ("/map usdt", "There is no coin 'usdt' here. Choose from BTC, ETH."),
        ("/map BTC ETH", "One coin at a time."),
        # Windows.
        (
            "/heatmap BTC 5d",
            "There is no window '5d' here. Choose from 12h, 24h, 3d, 7d, 30d, 90d, 180d, 1y.",
        ),
        (
            "/heatmap BTC window=7d",
            "There is no 'window' here, only venue=, tier=, opened=, zoom=, beside=.",
        ),
        (
            "/heatmap BTC 7d please",
            "'please' is not of the form name=value. Type /heatmap COIN [window] [name=value …]",
        ),
        # Rules and their parameters.
        (
            "/subscribe",
            f"Which rule? Choose from {RULE_NAMES}. Type {SUBSCRIBE}",
        ),
        ("/subscribe near-clutser BTC", "There is no rule 'near-clutser' here. Did you mean near-cluster?"),
        (
            "/subscribe anything BTC",
            f"There is no rule 'anything' here. Choose from {RULE_NAMES}.",
        ),
        ("/subscribe trapped", f"Which coin? Choose from BTC, ETH. Type {SUBSCRIBE}"),
        ("/subscribe trapped over=60", f"Which coin? Choose from BTC, ETH. Type {SUBSCRIBE}"),
        ("/subscribe trapped DOGE", "There is no coin 'DOGE' here. Choose from BTC, ETH."),
        ("/subscribe trapped BTC over", f"'over' is not of the form name=value. Type {SUBSCRIBE}"),
        ("/subscribe trapped BTC =60", f"'=60' is not of the form name=value. Type {SUBSCRIBE}"),
        ("/subscribe trapped BTC over=60 over=70", f"'over' is given twice. Type {SUBSCRIBE}"),
        (
            "/subscribe trapped BTC ovre=60",
            "trapped: there is no parameter 'ovre'; did you mean over? (/help trapped)",
        ),
        (
            "/subscribe trapped BTC over=200%",
            "trapped: over must be from 1% to 99%, not 200% (/help trapped)",
        ),
        (
            "/subscribe trapped BTC side=up",
            "trapped: side must be either, long or short, not 'up' (/help trapped)",
        ),
        (
            "/subscribe trapped BTC over=",
            "trapped: over must be a percentage such as 2 or 2.5%, not '' (/help trapped)",
        ),
        *(
            (line, "venue= names no venue. Write venue=binance, venue=measured or venue=modelled.")
            for line in (
                "/stops BTC venue=",
                "/clusters BTC venue=",
                "/heatmap BTC venue=' '",
                "/book BTC venue=",
            )
        ),
        # Numbers.
        ("/unsubscribe", "This chat has no subscriptions. Make one with /subscribe"),
        ("/unsubscribe 1", "This chat has no subscriptions. Make one with /subscribe"),
        # Topics.
        ("/help clusterz", "There is no command or rule 'clusterz' here. Did you mean clusters?"),
        ("/status now", "'now' is more than /status takes. Type /status"),
    ],
)
async def test_what_is_wrong_is_answered_with_what_would_be_right(room, line, said):
    answer = await room.say(line)
    assert (answer.title, answer.tone) == (said, Tone.WARNING)


async def test_of_a_long_text_only_the_beginning_is_repeated(room):
    for line in (
        "x" * 9_999,
        f"/map {'x' * 9_999}",
        f"/map BTC {'x' * 9_999}",
        f"/subscribe trapped BTC {'x' * 9_999}",
    ):
        assert len(await room.title(line)) < 160


async def test_before_the_first_view_it_says_that_the_market_is_still_being_read(room):
    room.services.markets.views.clear()
    said = "No coin is known yet: the market is still being read. See /status"
    assert await room.title("/clusters") == said
    assert await room.title("/clusters BTC") == said
    assert await room.title("/help") == "What you can ask"


async def test_without_any_rule_it_says_so(room):
    room.services.rules = Rules()
    assert await room.title("/subscribe near-cluster BTC") == "No rule is loaded. See /status"


async def test_a_command_that_fails_says_so_and_its_trace_goes_to_the_log_only(room):
    def break_down(_chat):
        raise ZeroDivisionError("secrets of the house")

    room.store.subscriptions.of = break_down
    with capture_logs() as logs:
        answer = await room.say("/subscriptions")
    assert answer == Message(
        title="Something went wrong on our side. The operator's log has the details.",
        lines=("ZeroDivisionError",),
        tone=Tone.WARNING,
        private=True,
    )
    [entry] = logs
    assert (entry["event"], entry["command"], entry["exc_info"]) == (
        "command_failed",
        "subscriptions",
        True,
    )


words = st.one_of(
    st.sampled_from([command.name for command in COMMANDS]).map("/{}".format),
    st.sampled_from(
        ["BTC", "$eth", "near-cluster", "trapped", "7d", "1", "#1", "within=3%", "side=longs", "over="]
    ),
    st.sampled_from(["off", "yes", "90m", "23:00-07:00", "11pm", "to", "7am", "new", "york", "UTC+2", "20"]),
    st.sampled_from(["silent=yes", "digest=daily", "role=<@&7>", "role=@all", "for=10m", "cooldown=0h"]),
    st.text(),
    st.text(alphabet="/=#$%\"'\\ \n\t\0", max_size=5),
)


@pytest.fixture(scope="module")
def used_room(tmp_path_factory):
    """Return a room for many examples: what they leave behind is part of the fun."""
    with SqliteStore(tmp_path_factory.mktemp("room") / "liqbot.db") as store:
        yield Room(store)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(line=st.one_of(st.text(), st.lists(words, max_size=6).map(" ".join)))
async def test_any_text_at_all_is_answered_and_never_breaks_anything(used_room, line):
    with capture_logs() as logs:
        answer = await used_room.say(line)
    assert answer.title
    assert logs == [], "nothing went wrong on our side"


class TestDeclaringCommands:
    def test_a_command_without_a_docstring_is_refused(self):
        async def silent(ask: CommandContext): ...

        with pytest.raises(TypeError, match=r"command silent needs a docstring: its first line is its help"):
            command(silent)

    def test_a_command_takes_an_ask_first(self):
        async def wrong(coin: Coin):
            """It is wrong."""

        with pytest.raises(TypeError, match="command wrong must take a CommandContext first"):
            command(wrong)

    @pytest.mark.parametrize("kind", [str, int, dict[str, str]])
    def test_an_argument_must_be_of_a_kind_that_chats_can_complete(self, kind):
        async def wrong(ask: CommandContext, thing): ...

        wrong.__doc__ = "It is wrong."
        wrong.__annotations__["thing"] = kind
        with pytest.raises(TypeError, match="argument thing of command wrong must be a Coin, a Window, …"):
            command(wrong)

    def test_its_usage_shows_what_may_be_left_out(self):
        @command
        async def draw(ask: CommandContext, coin: Coin, window: Window = "24h", settings: Settings = {}):  # noqa: B006
            """It draws.

            Very well
            indeed.
            """

        assert draw.usage == "/draw COIN [window] [name=value …]"
        assert (draw.summary, draw.details) == ("It draws.", ("Very well indeed.",))

    async def test_a_refusal_becomes_the_answer(self, room):
        @command
        async def refuse(ask: CommandContext) -> Message:
            """It refuses."""
            raise UserError(f"Not for {ask.chat.native_id}")

        answer = await Answering([refuse]).answer("/refuse", CommandContext(ME, room.services))
        assert answer == Message("Not for me", tone=Tone.WARNING, private=True)


async def test_what_one_chat_asks_at_once_waits_for_its_turn_and_keeps_no_other_chat_waiting(room):
    may_go_on, other_began, under_way = asyncio.Event(), asyncio.Event(), []

    @command()
    async def slow(context: CommandContext) -> Message:
        """It takes its time."""
        under_way.append(context.chat)
        if context.chat == SOMEBODY_ELSE:
            other_began.set()
        await may_go_on.wait()
        return Message("done")

    answering = Answering([slow])
    many = [
        asyncio.create_task(answering.answer("/slow", CommandContext(ME, room.services)))
        for _ in range(3 * AT_ONCE)
    ]
    other = asyncio.create_task(answering.answer("/slow", CommandContext(SOMEBODY_ELSE, room.services)))
    await other_began.wait()
    assert under_way.count(ME) == AT_ONCE
    may_go_on.set()
    assert {message.title for message in await asyncio.gather(*many, other)} == {"done"}
