"""Formatted text: what is escaped comes back, what is broken is refused, nothing else happens."""

from html import escape

import pytest
from counterparts.telegram.html import parse_html
from counterparts.telegram.markdown import RESERVED, parse_markdown
from counterparts.telegram.text import formatted, units
from hypothesis import given
from hypothesis import strategies as st

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)
TAGS = ("b", "i", "u", "s", "code", "tg-spoiler")


def escaped_markdown(text):
    return "".join(f"\\{character}" if character in RESERVED + "\\" else character for character in text)


@given(TEXTS)
def test_escaped_text_comes_back_as_it_was(text):
    assert parse_html(escape(text)) == (text, [])
    assert parse_markdown(escaped_markdown(text)) == (text, [])


@given(st.lists(st.tuples(st.sampled_from(TAGS), TEXTS), max_size=5))
def test_each_tag_marks_exactly_its_text(parts):
    source = "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in parts)
    text, entities = parse_html(source)
    assert text == "".join(part for _, part in parts)
    wide = text.encode("utf-16-le")
    marked = [wide[2 * e["offset"] :][: 2 * e["length"]].decode("utf-16-le") for e in entities]
    assert marked == [part for _, part in parts if part]


@given(st.text(st.sampled_from("<>/=\"'&;ab *_~|[]()`\\!.\n🟢"), max_size=40))
def test_broken_markup_is_a_value_error_and_never_another(source):
    for parse in (parse_html, parse_markdown):
        try:
            text, entities = parse(source)
        except ValueError:
            continue
        assert all(0 <= e["offset"] < e["offset"] + e["length"] <= units(text) for e in entities)


@given(TEXTS)
def test_what_is_stored_is_trimmed_and_its_entities_fit(text):
    stored, entities = formatted(f" \n{text} ", limit=4096, what="caption")
    assert stored == text.strip()
    assert all(e["offset"] + e["length"] <= units(stored) for e in entities)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start now", [("bot_command", "/start")]),
        ("see /help@a_bot, not a/b", [("bot_command", "/help@a_bot")]),
        ("$BTC and #map, 5$ and $btc", [("cashtag", "$BTC"), ("hashtag", "#map")]),
        ("https://example.org/a?b=/c.", [("url", "https://example.org/a?b=/c")]),
        ("ask @somebody or a@example.org", [("mention", "@somebody"), ("email", "a@example.org")]),
    ],
)
def test_commands_links_and_tags_are_found(text, found):
    stored, entities = formatted(text, limit=4096, what="text")
    assert [(e["type"], stored[e["offset"] :][: e["length"]]) for e in entities] == found
