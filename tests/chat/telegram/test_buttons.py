"""Buttons: what they carry, and how they stand below a message."""

from hypothesis import given
from hypothesis import strategies as st

from liqbot.chat.telegram.buttons import DATA_LIMIT, data_of, keyboard, tapped
from liqbot.message import Button, Weight

commands = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(
    lambda text: len(text.encode()) <= 60
)


def rows(*labels):
    markup = keyboard([Button(label, f"/{label}") for label in labels])
    return [[button.text for button in row] for row in markup.inline_keyboard]


@given(commands, st.booleans())
def test_a_button_says_after_any_time_what_it_said_when_it_was_made(command, renews):
    data = data_of(Button("x", command, renews))
    assert len(data.encode()) <= DATA_LIMIT
    assert tapped(data) == (command, renews)


def test_data_that_is_not_ours_means_nothing():
    assert [tapped(data) for data in ("", "~", "+", "noop", "/heatmap BTC")] == [None] * 5


def test_a_message_without_buttons_has_no_keyboard():
    assert keyboard([]) is None


def test_a_command_that_is_too_long_for_a_button_has_none_and_the_others_stay():
    assert keyboard([Button("Long", "/x" * 40)]) is None
    assert [
        [button.text for button in row]
        for row in keyboard([Button("Long", "/x" * 40), Button("Fits", "/x")]).inline_keyboard
    ] == [["Fits"]]


def test_short_labels_share_a_row_and_long_ones_do_not():
    assert rows("12h", "24h", "3d", "7d", "30d", "90d") == [["12h", "24h", "3d", "7d", "30d"], ["90d"]]
    assert rows("Unsubscribe #1", "Unsubscribe #2", "x") == [["Unsubscribe #1"], ["Unsubscribe #2", "x"]]


def test_what_ends_a_choice_stands_alone():
    buttons = [
        Button("Subscribe", "/x", weight=Weight.MAIN),
        Button("a", "/a"),
        Button("b", "/b", weight=Weight.CHOSEN),
        Button("Back", "/y", weight=Weight.BACK),
    ]
    labels = [[button.text for button in row] for row in keyboard(buttons).inline_keyboard]
    assert labels == [["✓ Subscribe"], ["a", "• b"], ["‹ Back"]]


def test_there_are_no_more_buttons_than_telegram_takes():
    assert sum(map(len, rows(*(f"b{number}" for number in range(150))))) == 100
