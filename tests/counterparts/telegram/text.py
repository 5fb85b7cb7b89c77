"""Text as Telegram counts it: in UTF-16 code units, with entities, trimmed."""

import re

from .html import parse_html
from .markdown import parse_markdown
from .refusals import bad

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024

FOUND = (
    ("url", re.compile(r"\bhttps?://[^\s<>\"]+[^\s<>\".,;:!?)\]']")),
    ("email", re.compile(r"(?<![\w.@])[\w.+-]+@[\w-]+\.[A-Za-z]{2,}\b")),
    ("bot_command", re.compile(r"(?<![\w/<>@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>@])")),
    ("mention", re.compile(r"(?<![\w@/])@[A-Za-z0-9_]{4,32}\b")),
    ("hashtag", re.compile(r"(?<![\w#])#(?=\w*[^\W\d])\w{1,256}")),
    ("cashtag", re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?![\w$])")),
)
VERBATIM = {"code", "pre", "text_link", "text_mention", "url", "email", "bot_command", "mention"}


def units(text):
    """Return the length of a text in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def formatted(text, *, parse_mode=None, entities=None, limit, what):
    """Return a text and its entities as the real server stores them.

    `what` is "text" or "caption" and names the thing in the refusal. Formatting is parsed, the text trimmed,
    commands, links and tags found; the limit applies to what remains.
    """
    if parse_mode:
        text, marked = _parsed(text, parse_mode)
    else:
        marked = [_checked(entity, text) for entity in entities or []]
    text, marked = trimmed(text, marked)
    if what == "text" and not text:
        raise bad("message text is empty")
    if units(text) > limit:
        raise bad("message is too long" if what == "text" else "message caption is too long")
    return text, with_found(text, marked)


def _parsed(text, mode):
    match mode.lower():
        case "html":
            parse = parse_html
        case "markdownv2":
            parse = parse_markdown
        case _:
            raise bad("unsupported parse_mode")
    try:
        return parse(text)
    except ValueError as error:
        raise bad(f"can't parse entities: {error}") from error


def _checked(entity, text):
    start, length = entity["offset"], entity["length"]
    if start < 0 or length <= 0 or start + length > units(text):
        raise bad(f"entity beginning at UTF-16 offset {start} ends after the end of the text")
    return dict(entity)


def trimmed(text, entities):
    """Return the text without white space around it, the entities moved and cut to fit."""
    lead = len(text) - len(text.lstrip())
    text = text.strip()
    end = units(text)
    kept = []
    for entity in entities:
        start = max(entity["offset"] - lead, 0)
        stop = min(entity["offset"] - lead + entity["length"], end)
        if stop > start:
            kept.append(entity | {"offset": start, "length": stop - start})
    return text, kept


def with_found(text, entities):
    """Return the entities and those that Telegram finds by itself, in their order."""
    taken = [
        (entity["offset"], entity["offset"] + entity["length"])
        for entity in entities
        if entity["type"] in VERBATIM
    ]
    found = list(entities)
    for kind, pattern in FOUND:
        for match in pattern.finditer(text):
            start, stop = units(text[: match.start()]), units(text[: match.end()])
            if all(stop <= low or start >= high for low, high in taken):
                taken.append((start, stop))
                found.append({"offset": start, "length": stop - start, "type": kind})
    return sorted(found, key=lambda entity: (entity["offset"], -entity["length"]))
