"""Sentences by key: English is the source, and what a translation lacks stays English.

    _("There is no coin {coin} here.", coin=quoted(word))
    ngettext("{count} alert", "{count} alerts", count)

The English sentence is the key. Placeholders have names, so that a translation may move them. A language is
one file `catalogues/<language>.po` (the template is `catalogues/liqbot.pot`); whatever is put into words
within `speaking(language)` comes out in that language.
"""

import gettext
import io
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

FOLDER = Path(__file__).parent / "catalogues"
ENGLISH = "en"


class Catalogues:
    """The languages that a folder has catalogues of."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {file.stem.replace("_", "-").lower(): file for file in sorted(folder.glob("*.po"))}
        self._loaded: dict[str, gettext.NullTranslations] = {ENGLISH: gettext.NullTranslations()}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that can be spoken, English first."""
        return (ENGLISH, *self._files)

    def nearest(self, *wanted: str | None) -> str:
        """Return the first wanted language that there is, `pt` also for `pt-BR`; English where none is."""
        for language in wanted:
            tag = (language or "").replace("_", "-").lower()
            for candidate in (tag, tag.partition("-")[0]):
                if candidate in self.languages:
                    return candidate
        return ENGLISH

    def translations(self, language: str) -> gettext.NullTranslations:
        """Return the catalogue of one of the `languages`."""
        if language not in self._loaded:
            self._loaded[language] = _read(self._files[language])
        return self._loaded[language]

    def load(self) -> None:
        """Read every catalogue now. It takes long: nothing for an event loop."""
        for language in self.languages:
            self.translations(language)


_own = Catalogues()
_english = _own.translations(ENGLISH)
_spoken: ContextVar[gettext.NullTranslations | None] = ContextVar("spoken", default=None)
_language: ContextVar[str] = ContextVar("language", default=ENGLISH)


def languages() -> tuple[str, ...]:
    """Return the languages that the bot speaks."""
    return _own.languages


@contextmanager
def speaking(*wanted: str | None, catalogues: Catalogues | None = None) -> Generator[str]:
    """Put into words what is said meanwhile in the first wanted language that there is; give its name.

    `wanted` are tags as platforms write them (`de`, `pt-BR`); None and unknown ones are passed over.
    """
    known = catalogues or _own
    chosen = known.nearest(*wanted)
    token, named = _spoken.set(known.translations(chosen)), _language.set(chosen)
    try:
        yield chosen
    finally:
        _spoken.reset(token)
        _language.reset(named)


def language() -> str:
    """Return the language that is spoken."""
    return _language.get()


def _(text: str, /, **values: object) -> str:
    """Return a sentence in the language that is spoken, with `values` in its named places."""
    said = (
        (_spoken.get() or _english).gettext(text) if text else ""
    )  # gettext keeps the file's header under ""
    return said.format_map(values) if values else said


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the sentence for so many of something; `{count}` is among its places."""
    return (_spoken.get() or _english).ngettext(one, many, count).format_map({"count": count, **values})


def N_(text: str, /) -> str:  # noqa: N802 - the name by which gettext's tools know it
    """Mark a sentence that stands in a constant, for the template; `_` says it."""
    return text


def _read(file: Path) -> gettext.NullTranslations:
    # Loaded where it is needed: English needs no tools.
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - see above
    from babel.messages.pofile import read_po  # noqa: PLC0415 - see above

    with file.open("rb") as source:
        catalogue = read_po(source)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
