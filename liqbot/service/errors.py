"""What a service cannot do, said to the person who asked."""

from liqbot.text import _


class UserError(Exception):
    """What was asked cannot be done. The text says why, and what would be right.

    `key` is the English sentence of the catalogue, `values` what stands in its places: by these a program can
    tell errors apart, whatever language the text is in. `suggestions` are lines that were
    probably meant; `instead` is a word of what was asked, and the words that were probably meant. `again`:
    the same may be asked again in a while.
    """

    def __init__(
        self,
        key: str,
        *,
        suggestions: tuple[str, ...] = (),
        instead: tuple[str, ...] | None = None,
        again: bool = False,
        **values: object,
    ) -> None:
        super().__init__(_(key, **values))
        self.key = key
        self.values = values
        self.suggestions = suggestions
        self.instead = instead
        self.again = again
