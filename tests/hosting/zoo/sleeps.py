import time

from liqbot.plugin import rule


@rule("sleeps")
def sleeps(view):
    """It sleeps for an hour."""
    time.sleep(3600)
