"""Messages as embeds: within every limit, escaped, cut at a line."""

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.chat.discord.render import body, embed_of, escaped, file_name, files_of, plain
from liqbot.message import Fact, Message, Picture, Table, Tone

FULL = Message(
    "BTC 64,000 · balanced",
    ("Within ±5%: ▲ $5M above",),
    tone=Tone.LONGS,
    picture=Picture(b"png", "in words", "BTC-heatmap-24h.png"),
    time_ms=1_700_000_000_999,
    provenance="Testex, measured, 80% covered",
)


def test_an_embed_has_title_lines_time_footer_colour_and_picture():
    embed = embed_of(FULL)
    assert embed.title == "BTC 64,000 · balanced"
    assert embed.description == "Within ±5%: ▲ $5M above\n-# <t:1700000000:R>"
    assert embed.footer.text == "Testex, measured, 80% covered"
    assert embed.image.url == "attachment://BTC-heatmap-24h.png"
    assert embed.colour == discord.Colour.from_rgb(0xFF, 0x9F, 0x43)


def test_each_tone_has_a_colour_of_its_own():
    assert len({embed_of(Message("x", tone=tone)).colour.value for tone in Tone}) == len(Tone)


def test_a_picture_carries_its_alt_text():
    [file] = files_of(FULL)
    assert (file.filename, file.description, file.fp.read()) == ("BTC-heatmap-24h.png", "in words", b"png")


def test_alt_text_that_is_too_long_is_cut():
    [file] = files_of(Message("x", picture=Picture(b"png", "a" * 2000, "x.png")))
    assert len(file.description) == 1024
    assert file.description.endswith("…")


def test_a_picture_that_discord_would_not_take_is_left_out_and_said_so():
    huge = Message("x", picture=Picture(b"x" * (10 * 2**20 + 1), "big", "x.png"))
    assert files_of(huge) == []
    assert embed_of(huge).image.url is None
    assert "too large" in embed_of(huge).description


@pytest.mark.parametrize(
    ("name", "shown"),
    [("kPEPE:1 map.png", "kPEPE-1-map.png"), ("@107/USDC.png", "107-USDC.png"), ("…", "picture.png")],
)
def test_a_file_name_is_one_that_discord_leaves_as_it_is(name, shown):
    assert file_name(Picture(b"", "", name)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at_least=$5M", r"at\_least=$5M"),
        ("*bold* `code` ~~gone~~ ||spoiler||", r"\*bold\* \`code\` \~\~gone\~\~ \|\|spoiler\|\|"),
        ("<@&123> [a](http://b)", r"\<@&123\> \[a\](http://b)"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("12. item", r"12\. item"),
        ("12.5% and 3 - 1", "12\\.5% and 3 - 1"),
        ("    indented", "\N{EM SPACE}\N{EM SPACE}indented"),
        ("back\\slash", r"back\\slash"),
        ("62,031 · −3.5%", "62,031 · −3.5%"),
    ],
)
def test_text_is_shown_as_it_stands(text, shown):
    assert escaped(text) == shown


def test_lines_beyond_the_limit_are_left_out_whole_and_counted():
    embed = embed_of(Message("x", tuple(f"line {number} " + "x" * 90 for number in range(100)), time_ms=1000))
    *lines, more, time = embed.description.split("\n")
    assert len(embed.description) <= 4096
    assert lines == [f"line {number} " + "x" * 90 for number in range(len(lines))]
    assert more == f"… and {100 - len(lines)} more lines"
    assert time == "-# <t:1:R>"


def test_figures_have_their_names_tables_are_blocks_and_notes_are_small():
    message = Message(
        "x",
        ("So it is.",),
        facts=(Fact("Rat*io", "low"),),
        tables=(
            Table((("66,500", "+3.9%"), ("101,000", "+58%")), "Above"),
            Table((("620", "`−2%`"),), "Below"),
        ),
        notes=("Mind the gap.",),
    )
    assert embed_of(message).description == (
        "So it is.\n**Rat\\*io** low\n"
        "**Above**\n```\n 66,500  +3.9%\n101,000  +58%\n```\n**Below**\n```\n    620  ˋ−2%ˋ\n```\n"
        "-# Mind the gap."
    )


def test_a_table_that_is_cut_is_still_a_block():
    table = Table(tuple((f"{number}", "x" * 20) for number in range(400)))
    text = embed_of(Message("x", tables=(table,), time_ms=1000)).description
    assert len(text) <= 4096
    assert text.count("```") == 2
    assert "\n```\n… and " in text


def test_a_single_endless_line_is_cut_between_letter_and_escape():
    text = embed_of(Message("x", ("_" * 5000,))).description
    assert len(text) <= 4096
    assert text.removesuffix("…").replace(r"\_", "") == ""


def test_a_long_title_is_cut_after_escaping():
    title = embed_of(Message("*" * 300)).title
    assert len(title) <= 256
    assert title.removesuffix("…").replace(r"\*", "") == ""


@given(st.text(max_size=400), st.lists(st.text(max_size=900), max_size=12), st.text(max_size=4000))
def test_no_message_goes_beyond_a_limit(title, lines, footer):
    shown = [line for line in lines if line]
    message = Message(
        title,
        tuple(lines),
        facts=tuple(Fact(line[:20], line) for line in shown),
        tables=(Table(tuple((line[:50], line) for line in shown), title),),
        notes=tuple(shown[:3]),
        provenance=footer,
        time_ms=1,
    )
    embed = embed_of(message)
    assert 0 < len(embed.title) <= 256
    assert len(embed.description) <= 4096
    assert len(embed) <= 6000
    assert embed.description.endswith("-# <t:0:R>")
    assert len(plain(message)) <= 2000


@given(st.text(alphabet="ab*_[]()<>`~|\\-#1. \n", max_size=60))
def test_no_text_of_a_message_becomes_markup(text):
    shown = body(Message("x", (text,)), 4096)
    bare = shown.replace("\\\\", "").replace("\N{EM SPACE}", "")
    for place, letter in enumerate(bare):
        if letter in "*_[]<>`~|":
            assert place > 0
            assert bare[place - 1] == "\\"


def test_plain_text_says_the_same_without_embed():
    assert plain(FULL) == (
        "**BTC 64,000 · balanced**\nWithin ±5%: ▲ $5M above\n"
        "-# Testex, measured, 80% covered\n-# <t:1700000000:R>"
    )
