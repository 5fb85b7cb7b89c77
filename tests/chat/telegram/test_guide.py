"""The guide: its steps travel in buttons, and every one of them fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.builtin import RULES
from liqbot.chat.command import CommandContext
from liqbot.chat.telegram.buttons import DATA_LIMIT, data_of
from liqbot.chat.telegram.choice import Choice
from liqbot.chat.telegram.guide import question, take
from liqbot.plugin import Coin, Hit, rule
from liqbot.service.errors import UserError
from liqbot.store.chats import ChatKey

ME = ChatKey("telegram", "5")
names = st.from_regex(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", fullmatch=True)
choices = st.builds(
    Choice,
    names,
    st.from_regex(r"[A-Z0-9:]{1,10}", fullmatch=True),
    st.dictionaries(st.integers(1, 12), st.from_regex(r"[$0-9a-zA-Z%.]{1,6}", fullmatch=True), max_size=4),
    st.integers(0, 12),
)


@pytest.fixture
def ask(room):
    return CommandContext(ME, room.services)


def walk(ask, step="?"):
    """Return every message that can be reached by tapping, by the step that leads to it."""
    seen, waiting = {}, [step]
    while waiting:
        step = waiting.pop(0)
        if step in seen or len(seen) > 600:
            continue
        seen[step] = took = take(step, ask)
        if not isinstance(took, str):
            waiting += [button.command for button in took.actions]
    return seen


@given(choices)
def test_a_step_says_what_was_chosen(choice):
    assert Choice.of(choice.step) == choice


@given(names, st.from_regex(r"[A-Z]{1,10}", fullmatch=True))
def test_a_choice_that_is_complete_says_so(rule, coin):
    done = Choice(rule, coin, {1: "3%"}, done=True)
    assert Choice.of(done.step) == done


def test_every_button_of_the_guide_fits_whatever_is_chosen_before(ask):
    seen = walk(ask)
    assert len(seen) > 300
    assert max(len(f"~{step}".encode()) for step in seen) <= DATA_LIMIT
    for message in seen.values():
        assert isinstance(message, str) or all(
            len(data_of(each).encode()) <= DATA_LIMIT for each in message.actions
        )


async def test_every_end_of_the_guide_is_a_subscription(room, ask):
    lines = {took for took in walk(ask).values() if isinstance(took, str)}
    assert len(lines) > 20
    for line in list(lines)[:40]:
        assert (await room.say(line, ME)).title.startswith(("Subscribed", "Already subscribed")), line


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_with_the_usual_values_it_is_two_taps_from_the_rule(ask, rule):
    coins = take(f"?{rule.name}", ask)
    values = take(next(button.command for button in coins.actions if button.label == "BTC"), ask)
    assert values.actions[0].label == "Subscribe"
    assert take(values.actions[0].command, ask) == f"/subscribe {rule.name} BTC"


def test_a_changed_value_shows_and_the_default_takes_it_back(ask):
    changed = take("?near-cluster BTC 1=5%", ask)
    assert "within 5% of spot" in changed.lines[0]
    assert "within: 5%" in [button.label for button in changed.actions]
    offered = take("?near-cluster BTC 1=5% .1", ask)
    labels = {button.label: button.command for button in offered.actions}
    assert "5%" in labels
    assert labels["2%"] == "?near-cluster BTC"


def test_what_every_rule_takes_is_one_tap_further(ask):
    first = take("?trapped BTC", ask)
    labels = [button.label for button in first.actions]
    assert labels[-2:] == ["More", "Back"]
    assert not {"cooldown", "digest"} & {label.split(":")[0] for label in labels}
    more = take(next(button.command for button in first.actions if button.label == "More"), ask)
    assert {"for", "cooldown", "digest", "silent"} <= {button.label.split(":")[0] for button in more.actions}
    digest = take(next(b.command for b in more.actions if b.label == "digest: off"), ask)
    chosen = take(next(b.command for b in digest.actions if b.label == "daily"), ask)
    assert take(chosen.actions[0].command, ask) == "/subscribe trapped BTC digest=daily"


def test_only_values_that_the_rule_takes_are_offered(ask):
    for step, took in walk(ask).items():
        if "." in step.split()[-1][:1]:
            for button in took.actions:
                take(button.command, ask)  # raises where a value is not allowed


def test_a_parameter_that_names_a_coin_is_typed(ask):
    @rule("beside")
    def beside(view, *, other: Coin = "ETH"):
        """Beside `other`."""
        yield Hit(other, view.coin)

    ask.services.rules.add([beside])
    asked = take("?beside BTC .1", ask)
    assert asked.actions[0].label == "ETH"
    assert take("?beside BTC 1=SOL !", ask) == "/subscribe beside BTC other=SOL"


@pytest.mark.parametrize(
    "step", ["?gone", "?gone BTC", "?near-cluster BTC 1=x", "?near-cluster BTC 99=1 !", "?a b c"]
)
def test_a_button_of_another_version_is_refused_with_advice(ask, step):
    with pytest.raises(UserError, match="/subscribe"):
        take(step, ask)


@pytest.mark.parametrize(
    ("line", "title", "first"),
    [
        ("/heatmap", "Which coin?", "/heatmap BTC"),
        ("/whales", "Which coin?", "/whales BTC"),
        ("/subscribe", "What do you want to hear of?", "?near-cluster"),
        ("/subscribe trapped", "trapped: which coin?", "?trapped BTC"),
    ],
)
async def test_what_a_command_lacks_is_asked(room, ask, line, title, first):
    asked = await question(line, ask, room.answering)
    assert (asked.title, asked.actions[0].command) == (title, first)
    assert asked.private


@pytest.mark.parametrize(
    "line",
    ["/heatmap BTC", "/status", "/help", "/subscribe trapped BTC", "/subscribe nonsense", "/unknown", ""],
)
async def test_what_lacks_nothing_is_not_asked(room, ask, line):
    assert await question(line, ask, room.answering) is None


async def test_which_subscription_is_asked_with_its_words(room, ask):
    assert await question("/unsubscribe", ask, room.answering) is None
    await room.say("/subscribe near-cluster BTC", ME)
    asked = await question("/unsubscribe", ask, room.answering)
    assert asked.actions[0].command == "/unsubscribe 1"
    assert "near-cluster BTC" in asked.text[0]
