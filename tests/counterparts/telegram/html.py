"""HTML as the Bot API understands it: a short list of tags, each closed, in order."""

import re
from typing import NamedTuple

TYPES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
CHARACTER = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([a-z]+));?")
ATTRIBUTE = re.compile(r"""\s*([^\s=>/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([\w.-]+)))?""")


class _Open(NamedTuple):
    """A tag that waits for its end; `start` is in UTF-16 units, `at` in characters of the plain text."""

    tag: str
    attributes: dict
    start: int
    at: int


def parse_html(source):
    """Return the plain text and its entities; ValueError says what is wrong and at which byte."""
    plain, length = [], 0
    stack, entities = [], []
    place = 0
    for match in re.finditer(r"<", source):
        if match.start() < place:
            continue  # a "<" within an attribute
        length += _add(plain, source[place : match.start()])
        offset = len(source[: match.start()].encode())
        if source.startswith("</", match.start()):
            place = _end(source, match.start(), stack)
            if length > stack[-1].start:
                _add_entity(entities, stack[-1], length, "".join(plain))
            stack.pop()
        else:
            tag, attributes, place = _start(source, match.start(), offset)
            stack.append(_Open(tag, attributes, length, sum(map(len, plain))))
    _add(plain, source[place:])
    if stack:
        total = len(source.encode())
        raise ValueError(
            f'Can\'t find end tag corresponding to start tag "{stack[-1].tag}" at byte offset {total}'
        )
    for entity in entities:
        if entity["type"] == "code":
            entity.pop("language", None)  # only a block of code has a language
    return "".join(plain), sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def _add(plain, source):
    text = decoded(source)
    plain.append(text)
    return len(text) + sum(character > "\uffff" for character in text)


def decoded(source):
    """Return the text with its character references replaced; unknown names stay as they are."""

    def character(match):
        hexadecimal, decimal, name = match.groups()
        if name:
            return NAMED.get(name, match.group())
        code = int(hexadecimal, 16) if hexadecimal else int(decimal)
        return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else match.group()

    return CHARACTER.sub(character, source)


def _start(source, at, offset):
    match = re.compile(r"<([^\s>]*)").match(source, at)
    tag, place = match.group(1).lower(), match.end()
    if place >= len(source):
        raise ValueError(f"Unclosed start tag at byte offset {offset}")
    if tag not in TYPES:
        raise ValueError(f'Unsupported start tag "{tag}" at byte offset {offset}')
    attributes = {}
    while source[place : place + 1] != ">":
        found = ATTRIBUTE.match(source, place)
        if found is None or not found.group(1):
            rest = source[place:].lstrip()
            if rest.startswith(">"):
                place = source.index(">", place)
                continue
            if not rest:
                raise ValueError(f'Unclosed start tag "{tag}" at byte offset {offset}')
            raise ValueError(f'Empty attribute name in the tag "{tag}" at byte offset {offset}')
        name, double, single, bare = found.groups()
        attributes[name.lower()] = decoded(next((v for v in (double, single, bare) if v is not None), ""))
        place = found.end()
    if tag == "span" and attributes.get("class") != "tg-spoiler":
        raise ValueError(f'Tag "span" must have class "tg-spoiler" at byte offset {offset}')
    return tag, attributes, place + 1


def _end(source, at, stack):
    """Check an end tag against the one that is open; return the place after it."""
    offset = len(source[:at].encode())
    if not stack:
        raise ValueError(f"Unexpected end tag at byte offset {offset}")
    match = re.compile(r"</([^\s>]*)\s*(>?)").match(source, at)
    if not match.group(2):
        raise ValueError(f"Unclosed end tag at byte offset {offset}")
    name, opened = match.group(1).lower(), stack[-1]
    if name and name != opened.tag:
        raise ValueError(
            f'Unmatched end tag at byte offset {offset}, expected "</{opened.tag}>", found "</{name}>"'
        )
    return match.end()


def _add_entity(entities, opened, length, plain):
    """Add the entity of a closed tag, with its link, language or kind of quotation."""
    entity = {"offset": opened.start, "length": length - opened.start, "type": TYPES[opened.tag]}
    inside = plain[opened.at :]
    match opened.tag:
        case "a":
            entity["url"] = link(opened.attributes.get("href") or inside)
            if not entity["url"]:
                return
        case "blockquote" if "expandable" in opened.attributes:
            entity["type"] = "expandable_blockquote"
        case "tg-emoji":
            entity["custom_emoji_id"] = opened.attributes.get("emoji-id", "")
            if not entity["custom_emoji_id"].isdigit():
                raise ValueError("Invalid custom emoji identifier specified")
        case "code" if opened.attributes.get("class", "").startswith("language-"):
            entity["language"] = opened.attributes["class"].removeprefix("language-")
        case "pre" if entities and _same_place(entities[-1], entity) and entities[-1]["type"] == "code":
            language = entities.pop().get("language")
            if language:
                entity["language"] = language
        case _:
            pass
    entities.append(entity)


def _same_place(one, other):
    return (one["offset"], one["length"]) == (other["offset"], other["length"])


def link(address):
    """Return the address of a link as Telegram keeps it, or an empty string if it drops the link."""
    if not re.match(r"(?:https?|tg|ton|tonsite)://", address):
        address = f"http://{address}"
    if not re.match(
        r"tg://\w|(?:https?|ton|tonsite)://[^\s/?#]+\.[^\s/?#.]+|https?://(?:localhost|\[)", address
    ):
        return ""
    return address + "/" if re.fullmatch(r"https?://[^/?#]+", address) else address
