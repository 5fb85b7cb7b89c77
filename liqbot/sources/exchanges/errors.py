"""What can be wrong with an exchange's answer."""

from collections.abc import Collection
from typing import TypeVar

import msgspec

from liqbot.sources.source import NoDataError

Form = TypeVar("Form", bound=msgspec.Struct)
Code = TypeVar("Code", int, str)


class UnknownSymbolError(NoDataError):
    """The exchange does not list this symbol."""


class BusyError(NoDataError):
    """The exchange asks for a pause, or is out of order for the moment: ask again later."""

    def __init__(self, text: str, after_s: float | None = None) -> None:
        """Say so with `text`; `after_s` are the seconds that the exchange wants to be left alone for."""
        super().__init__(text)
        self.after_s = after_s


def read_error(body: bytes, form: type[Form]) -> Form | None:
    """Return what an answer says in the form of an error; None where it has another form."""
    try:
        return msgspec.json.decode(body, type=form, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def meant_by(code: Code, text: str, *, busy: Collection[Code], unknown: Collection[Code]) -> NoDataError:
    """Return what an exchange means by an error's code: one of `busy`, of `unknown` symbols, or neither."""
    said = f"{code} {text}"
    if code in busy:
        return BusyError(said)
    return UnknownSymbolError(said) if code in unknown else NoDataError(said)
