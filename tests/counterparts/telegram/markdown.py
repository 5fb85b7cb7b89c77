"""MarkdownV2 as the Bot API understands it: every reserved character is markup or escaped."""

import re
from dataclasses import dataclass

from .html import link

RESERVED = "_*[]()~`>#+-=|{}.!"
MARKS = {
    "__": "underline",
    "||": "spoiler",
    "*": "bold",
    "_": "italic",
    "~": "strikethrough",
    "[": "text_link",
}
NAMES = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "code": "Code",
    "pre": "Pre",
    "text_link": "TextUrl",
    "blockquote": "BlockQuote",
}


@dataclass
class _Open:
    kind: str
    mark: str
    start: int
    offset: int
    at: int


def parse_markdown(source):
    """Return the plain text and its entities; ValueError says what is wrong and at which byte."""
    return _Reader(source).read()


class _Reader:
    def __init__(self, source):
        self.source = source
        self.place = 0
        self.plain = []
        self.length = 0
        self.stack = []
        self.entities = []

    def read(self):
        while self.place < len(self.source):
            self._step(self.source[self.place])
        if self.stack and self.stack[-1].kind == "blockquote":
            self._close(self.stack.pop())
        if self.stack:
            raise _unfinished(self.stack[-1])
        self.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
        return "".join(self.plain), self.entities

    def _step(self, character):
        if character == "\\" and self.place + 1 < len(self.source) and self.source[self.place + 1] <= "~":
            self.place += 1
            self._put(self.source[self.place])
        elif character == "`":
            self._verbatim("```" if self.source.startswith("```", self.place) else "`")
        elif character == "\n":
            self._line_end()
        elif character == ">" and self._at_line_start():
            self._quote()
        elif character == "]" and self.stack and self.stack[-1].mark == "[":
            self._link()
        elif mark := next((mark for mark in MARKS if self.source.startswith(mark, self.place)), None):
            self._mark(mark)
        elif character in RESERVED:
            raise ValueError(
                f"Character '{character}' is reserved and must be escaped with the preceding '\\'"
            )
        else:
            self._put(character)

    def _put(self, character):
        self.plain.append(character)
        self.length += 1 + (character > "\uffff")
        self.place += 1

    def _open(self, kind, mark):
        offset = len(self.source[: self.place].encode())
        self.stack.append(_Open(kind, mark, self.length, offset, len(self.plain)))
        self.place += len(mark)

    def _mark(self, mark):
        if self.stack and self.stack[-1].mark == mark:
            self._close(self.stack.pop())
            self.place += len(mark)
        else:
            self._open(MARKS[mark], mark)

    def _close(self, opened, **detail):
        if self.length > opened.start:
            place = {"offset": opened.start, "length": self.length - opened.start}
            self.entities.append({**place, "type": opened.kind, **detail})

    def _verbatim(self, mark):
        self._open("pre" if mark == "```" else "code", mark)
        opened = self.stack.pop()
        end = re.compile(rf"(?:[^\\`]|\\.|`(?!``){'' if mark == '```' else '(?!)'})*", re.DOTALL)
        inside = end.match(self.source, self.place).group()
        if not self.source.startswith(mark, self.place + len(inside)):
            raise _unfinished(opened)
        self.place += len(inside) + len(mark)
        detail = {}
        if mark == "```":
            language = re.match(r"([^\s`]+)(?=\s)", inside)
            if language:
                detail["language"] = language.group()
                inside = inside[language.end() :]
            inside = re.sub(r"\A(?:\r\n|\n\r|\n|\r)", "", inside)
        after = self.place
        for character in re.sub(r"\\(.)", r"\1", inside, flags=re.DOTALL):
            self._put(character)
        self.place = after
        self._close(opened, **detail)

    def _link(self):
        opened = self.stack.pop()
        inside = "".join(self.plain[opened.at :])
        address = re.compile(r"\]\(((?:[^\\)]|\\.)*)").match(self.source, self.place)
        if address is None:
            target, self.place = inside, self.place + 1
        else:
            if not self.source.startswith(")", address.end()):
                offset = len(self.source[: self.place + 2].encode())
                raise ValueError(f"Can't find end of a URL at byte offset {offset}")
            target, self.place = re.sub(r"\\(.)", r"\1", address.group(1)), address.end() + 1
        if url := link(target):
            self._close(opened, url=url)

    def _at_line_start(self):
        return not self.plain or self.plain[-1] == "\n"

    def _quote(self):
        if any(opened.kind == "blockquote" for opened in self.stack):
            self.place += 1
        else:
            self._open("blockquote", ">")

    def _line_end(self):
        self._put("\n")
        if (
            self.stack
            and self.stack[-1].kind == "blockquote"
            and self.source[self.place : self.place + 1] != ">"
        ):
            self._close(self.stack.pop())


def _unfinished(opened):
    return ValueError(f"Can't find end of {NAMES[opened.kind]} entity at byte offset {opened.offset}")
