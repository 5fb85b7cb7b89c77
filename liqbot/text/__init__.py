"""The text catalogue: what people read, by key, and how figures, times and lists are written in it."""

from liqbot.text.catalogue import N_, Catalogues, _, language, languages, ngettext, speaking

__all__ = ["N_", "Catalogues", "_", "language", "languages", "ngettext", "speaking"]
