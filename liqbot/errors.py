"""What an operator can mend."""

from typing import ClassVar


class OperatorError(Exception):
    """Something is wrong that an operator can mend: the text names the thing, and says what to do.

    At the command line it is told in one line, without a trace.
    """

    about: ClassVar[str] = ""
    """What stands before the text where it is told alone."""
