import os

from liqbot.plugin import rule


@rule("exits")
def exits(view):
    """It ends the process."""
    os._exit(3)
