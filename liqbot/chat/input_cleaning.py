"""What people type, made plain: signs that cannot be seen, marks of phones, spaces that slip in."""

import re
import shlex
import unicodedata

_INVISIBLE = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff]"
)
"""Zero-width signs, marks of direction, soft hyphens, variation selectors."""
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»", '"'),
        **dict.fromkeys("‘’‚‛´`", "'"),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("＝", "="),
    }
)
_ABOUT_EQUALS = re.compile(r"(?<=\w)\s+=\s+(?=\S)|(?<=\w)=\s+(?=[\w$])(?!\w+=)")
_NUMBER_AND_UNIT = re.compile(
    r"(=\$?\d[\d.,]*) +(%|percent|pct|[kmb]n?|x|s|sec|min|h|d)\b|(=\d[\d.,]*) +(%)", re.IGNORECASE
)


def visible(text: str) -> str:
    """Return a text without letters that nobody can see."""
    return _INVISIBLE.sub("", text)


def cleaned(line: str) -> str:
    """Return a line as it was meant: `at_least = 5M` as `at_least=5M`, `within=2 %` as `within=2%`.

    Letters that nobody can see are removed, and any kind of space is a space.
    """
    plain = visible(line).translate(_SIGNS)
    spaced = "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in plain)
    joined = _ABOUT_EQUALS.sub("=", spaced)
    return _NUMBER_AND_UNIT.sub(lambda match: "".join(part or "" for part in match.groups()), joined).strip()


def words_of(line: str) -> list[str]:
    """Return the words of a line; those in quotation marks are one."""
    plain = cleaned(line)
    try:
        return shlex.split(plain)
    except ValueError:  # a quotation mark too few is no reason not to answer
        return plain.split()
