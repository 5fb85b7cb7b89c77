import sys

from liqbot.plugin import rule


@rule("exits-politely")
def exits_politely(view):
    """It asks to end the process."""
    sys.exit(3)
