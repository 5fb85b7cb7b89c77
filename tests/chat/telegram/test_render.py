"""Rendering: entities instead of markup, and every limit kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import MessageEntity

from liqbot.chat.telegram.render import CAPTION_LIMIT, TEXT_LIMIT, TOAST_LIMIT, rendered, toast, units
from liqbot.message import Fact, Message, Picture, Table, Tone

CHART = Picture(b"png", "BTC liquidation map. Spot $64,000; $5M of shorts above.", "BTC.png")
texts = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=400)
messages = st.builds(
    Message,
    title=st.text(st.characters(codec="utf-8"), min_size=1, max_size=1500),
    lines=st.lists(texts, max_size=12).map(tuple),
    facts=st.lists(st.builds(Fact, texts, texts), max_size=4).map(tuple),
    tables=st.lists(
        st.builds(Table, st.lists(st.lists(texts, max_size=4).map(tuple), max_size=5).map(tuple), texts),
        max_size=3,
    ).map(tuple),
    notes=st.lists(texts, max_size=4).map(tuple),
    tone=st.sampled_from(Tone),
    picture=st.none() | st.builds(Picture, st.just(b"png"), texts, st.just("x.png")),
    time_ms=st.none() | st.integers(0, 2_000_000_000_000),
    provenance=st.none() | texts,
)


def marked(message, kind):
    """Return the parts of the text that have entities of `kind`."""
    text = rendered(message)
    units_of = text.text.encode("utf-16-le")
    return [
        units_of[entity.offset * 2 : (entity.offset + entity.length) * 2].decode("utf-16-le")
        for entity in text.entities
        if entity.type == kind
    ]


@given(messages)
def test_no_message_is_longer_than_telegram_takes(message):
    limit = TEXT_LIMIT if message.picture is None else CAPTION_LIMIT
    assert 0 < units(rendered(message).text) <= limit


@given(messages)
def test_entities_lie_within_the_text_and_cut_no_character(message):
    text = rendered(message)
    encoded = text.text.encode("utf-16-le")
    for entity in text.entities:
        assert 0 <= entity.offset < entity.offset + entity.length <= units(text.text)
        encoded[entity.offset * 2 : (entity.offset + entity.length) * 2].decode("utf-16-le")


@given(messages)
def test_the_answer_to_a_tap_is_short(message):
    assert units(toast(message)) <= TOAST_LIMIT


def test_what_looks_like_markup_stays_text():
    message = Message("<b>*BTC*</b> & _co_", ("[x](http://y) `z` </i>",))
    assert rendered(message).text == "<b>*BTC*</b> & _co_\n[x](http://y) `z` </i>"


def test_the_title_is_bold_and_its_icon_says_whose_liquidations_it_is_about():
    assert marked(Message("Up", tone=Tone.SHORTS), MessageEntity.BOLD) == ["🔵 Up"]
    assert marked(Message("Down", tone=Tone.LONGS), MessageEntity.BOLD) == ["🟠 Down"]
    assert marked(Message("Wrong", tone=Tone.WARNING), MessageEntity.BOLD) == ["⚠️ Wrong"]
    assert marked(Message("So it is"), MessageEntity.BOLD) == ["So it is"]


def test_headings_and_the_names_of_figures_are_bold_and_tables_are_blocks_of_equal_letters():
    message = Message(
        "BTC",
        facts=(Fact("Ratio", "1.5"),),
        tables=(
            Table((("66,500", "+3.9%"), ("101,000", "+58%")), "Above spot"),
            Table((("620", "−2%"),), "Below spot"),
        ),
    )
    assert marked(message, MessageEntity.BOLD) == ["BTC", "Ratio", "Above spot", "Below spot"]
    assert marked(message, MessageEntity.PRE) == [" 66,500  +3.9%\n101,000   +58%", "    620    −2%"]
    assert "\nRatio 1.5\n" in rendered(message).text


def test_where_it_is_from_is_in_italics_and_the_time_is_the_readers_own():
    message = Message("BTC", provenance="Testex, measured", time_ms=1_770_295_440_422)
    assert rendered(message).text == "BTC\nTestex, measured · 2026-02-05 12:44 UTC"
    assert marked(message, MessageEntity.ITALIC) == ["Testex, measured"]
    assert marked(message, MessageEntity.DATE_TIME) == ["2026-02-05 12:44 UTC"]
    (time,) = [each for each in rendered(message).entities if each.type == MessageEntity.DATE_TIME]
    assert time.to_dict()["unix_time"] == 1_770_295_440


def test_a_caption_says_what_the_picture_shows_in_words():
    message = Message("BTC", ("Within ±5%",), picture=CHART)
    assert rendered(message).text == f"BTC\nWithin ±5%\n{CHART.alt}"
    assert marked(message, MessageEntity.EXPANDABLE_BLOCKQUOTE) == [CHART.alt]


def test_a_long_description_of_the_picture_is_cut_at_a_word():
    chart = Picture(b"", "word " * 400, "x.png")
    text = rendered(Message("BTC", picture=chart)).text
    assert text.endswith("word…")
    assert CAPTION_LIMIT - 10 < units(text) <= CAPTION_LIMIT


def test_too_many_lines_are_cut_at_a_line_and_it_is_said_how_many():
    lines = tuple(f"line {number:03}" for number in range(900))
    shown = rendered(Message("Many", lines, provenance="Testex")).text.splitlines()
    assert shown[:3] == ["Many", "line 000", "line 001"]
    assert shown[-1] == "Testex"
    kept = len(shown) - 3
    assert shown[-3] == f"line {kept - 1:03}"
    assert shown[-2] == f"… and {900 - kept} more lines"


def test_of_one_endless_line_as_much_is_kept_as_fits():
    shown = rendered(Message("Long", ("word " * 2000,))).text
    assert TEXT_LIMIT - 10 < units(shown) <= TEXT_LIMIT
    assert shown.endswith("word…")


def test_the_small_print_of_an_alert_survives_a_caption_that_is_too_long():
    message = Message("BTC", ("x" * 2000,), notes=("Possible duplicate.",), picture=CHART)
    assert rendered(message).text.splitlines()[-1] == "Possible duplicate."
    assert marked(message, MessageEntity.ITALIC) == ["Possible duplicate."]


@pytest.mark.parametrize("length", range(1020, 1030))
def test_around_the_limit_of_a_caption_nothing_is_lost_that_fits(length):
    message = Message("T", ("y" * (length - 2),), picture=Picture(b"", "", "x.png"))
    text = rendered(message).text
    assert (text == "T\n" + "y" * (length - 2)) == (length <= CAPTION_LIMIT)
