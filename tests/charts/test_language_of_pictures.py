"""A picture is part of a chat's message: it speaks the language of whoever asks for it."""

import asyncio

import pytest
from charts.scenes import crowd

from liqbot.charts import frame, ladder
from liqbot.charts.request import MapInput
from liqbot.charts.studio import Studio
from liqbot.charts.theme import DARK
from liqbot.text import Catalogues, speaking

GERMAN = r"""
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\n"

msgid "short-squeeze setup"
msgstr "Lage: Short-Squeeze"

msgid "long-liquidation setup"
msgstr "Lage: Long-Liquidation"

msgid "balanced"
msgstr "Lage: ausgeglichen"

msgid "liquidation map"
msgstr "Karte der Liquidationen"

msgid "▲ shorts: forced buys"
msgstr "▲ Shorts: Zwangskäufe"

msgid "positions {span} old"
msgstr "Positionen {span} alt"
"""


@pytest.fixture
def german(tmp_path):
    (tmp_path / "de.po").write_text(GERMAN, encoding="utf-8")
    return Catalogues(tmp_path)


async def test_two_who_ask_for_the_same_picture_in_two_languages_get_two_pictures(german):
    asked = MapInput(view=crowd())
    english_alone = ladder.draw(asked)

    async def drawn(language):
        with speaking(language, catalogues=german):
            return await studio.map(asked)

    with Studio() as studio:
        in_german, in_english = await asyncio.gather(drawn("de"), drawn("en"))
        assert await drawn("de") is in_german, "drawn once for all who speak it"
    assert in_english == english_alone
    assert in_german.png != in_english.png
    assert "Karte der Liquidationen" in in_german.alt
    assert "Lage: " in in_german.alt
    assert "Positionen " in in_german.alt


def test_a_colon_in_a_translation_does_not_part_the_sentence_of_a_square_picture(german):
    with speaking("de", catalogues=german):
        first, second = ("".join(text for text, _ in line) for line in frame._in_two_lines(DARK, crowd()))
    assert first.startswith("Lage: ")
    assert first.endswith(":")
    assert second.startswith("a ")
