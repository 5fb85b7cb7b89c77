"""The text catalogue: English unless another language is spoken and knows the sentence."""

import asyncio

import pytest

from liqbot.text import N_, Catalogues, _, ngettext, speaking

GERMAN = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: de\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "There is no coin {coin} here."
msgstr "{coin} gibt es hier nicht."

msgid "{count} alert"
msgid_plural "{count} alerts"
msgstr[0] "{count} Meldung"
msgstr[1] "{count} Meldungen"
"""


@pytest.fixture
def catalogues(tmp_path):
    (tmp_path / "de.po").write_text(GERMAN)
    return Catalogues(tmp_path)


def told():
    return _("There is no coin {coin} here.", coin="X"), ngettext("{count} alert", "{count} alerts", 2)


def test_english_is_the_source():
    assert told() == ("There is no coin X here.", "2 alerts")
    assert ngettext("{count} alert", "{count} alerts", 1) == "1 alert"


def test_a_sentence_without_values_may_hold_braces():
    assert _("{as it is}") == "{as it is}"
    assert _("") == ""


def test_what_is_said_meanwhile_is_in_the_language_that_is_spoken(catalogues):
    with speaking("de", catalogues=catalogues) as language:
        assert language == "de"
        assert told() == ("X gibt es hier nicht.", "2 Meldungen")
        assert _(N_("Not translated")) == "Not translated"
    assert told()[0] == "There is no coin X here."


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (("de-AT",), "de"),
        (("de_CH",), "de"),
        ((None, "fr", "DE"), "de"),
        (("fr", "pt-BR"), "en"),
        (("en", "de"), "en"),
        ((), "en"),
        (("",), "en"),
    ],
)
def test_the_first_wanted_language_that_there_is_is_spoken(catalogues, wanted, language):
    assert catalogues.nearest(*wanted) == language


async def test_two_conversations_at_once_keep_their_languages_apart(catalogues):
    async def said(language):
        with speaking(language, catalogues=catalogues):
            await asyncio.sleep(0)
            return await asyncio.to_thread(told)

    german, english = await asyncio.gather(said("de"), said("en"))
    assert german[0] == "X gibt es hier nicht."
    assert english[0] == "There is no coin X here."
