"""Addresses of accounts as people paste them: in capitals, in a link, with letters nobody sees; or none."""

import re
import unicodedata
from string import hexdigits
from urllib.parse import unquote

from liqbot.rules.wording import quoted
from liqbot.service.errors import UserError

DIGITS = 40
"""Hexadecimal digits of an address, after its 0x."""
_HASH_DIGITS = 64
_ADDRESS = re.compile(r"(?<![0-9a-z])0x([0-9a-f]{40})(?![0-9a-f])", re.IGNORECASE)
_BARE = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)
_HASH = re.compile(r"(?<![0-9a-z])0x[0-9a-f]{64}(?![0-9a-f])", re.IGNORECASE)
_NAME = re.compile(r"[\w-]+(\.[\w-]+)*\.(eth|hl|xyz|sol)", re.IGNORECASE)
_SHORTENED = re.compile(r"0x[0-9a-f]+(\.{2,}|…|\*+|-{2,})[0-9a-f]*", re.IGNORECASE)


def address_of(text: str) -> str:
    """Return the address in a text, in small letters. Raises `UserError` that says what is wrong with it.

    It may stand in a link, as those of explorers, and may have letters in it that nobody can see.
    """
    plain = _plain(text)
    found = list(dict.fromkeys(match[1].lower() for match in _ADDRESS.finditer(plain)))
    if len(found) > 1:
        raise UserError("One account at a time: there are {count} addresses in that.", count=len(found))
    if found:
        return f"0x{found[0]}"
    if _BARE.fullmatch(plain):
        return f"0x{plain.lower()}"
    raise _no_address(plain)


def looks_like_address(text: str) -> bool:
    """Return whether a text was meant to be an address, right or wrong, rather than a name."""
    plain = _plain(text).lower()
    return plain.startswith("0x") or "://" in plain or bool(_BARE.fullmatch(plain) or _NAME.fullmatch(plain))


def _plain(text: str) -> str:
    """Return a text without signs that cannot be seen, its digits and letters as they are usually written."""
    usual = unicodedata.normalize("NFKC", unquote(text))
    seen = (sign for sign in usual if unicodedata.category(sign) not in ("Cf", "Cc", "Mn"))
    return "".join(seen).strip(" \t<>()[]{}\"'`,;")


def _no_address(plain: str) -> UserError:
    said = quoted(plain)
    if _HASH.search(plain):
        return UserError(
            "That is the hash of a transaction: it has {hash} digits after 0x, an address has {digits}. "
            "Paste the address of the account.",
            hash=_HASH_DIGITS,
            digits=DIGITS,
        )
    if _NAME.fullmatch(plain):
        return UserError(
            "Names such as {text} are not looked up here. Paste the address: 0x and {digits} digits.",
            text=said,
            digits=DIGITS,
        )
    if _SHORTENED.search(plain):
        return UserError(
            "{text} is shortened. Paste the whole address: 0x and {digits} digits.", text=said, digits=DIGITS
        )
    if plain[:2].lower() == "0x":
        return _wrong_digits(plain)
    if "://" in plain:
        return UserError(
            "There is no address in that link: it would be 0x and {digits} digits.", digits=DIGITS
        )
    return UserError(
        "{text} is no address of an account: that is 0x and {digits} digits.", text=said, digits=DIGITS
    )


def _wrong_digits(plain: str) -> UserError:
    """Return what is wrong with what begins as an address does."""
    digits = plain[2:]
    wrong = next((sign for sign in digits if sign not in hexdigits), None)
    if wrong is not None:
        return UserError(
            "{sign} in {text} is no digit of an address: those are 0 to 9 and a to f.",
            sign=quoted(wrong),
            text=quoted(plain),
        )
    return UserError(
        "An address has {digits} digits after 0x, not {count} as {text}. Paste it whole.",
        text=quoted(plain),
        count=len(digits),
        digits=DIGITS,
    )
