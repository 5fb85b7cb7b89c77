import os

from liqbot.plugin import Hit, rule


@rule("forks")
def forks(view):
    """It forks, and so would answer twice."""
    yield Hit("child" if os.fork() == 0 else "parent", "forked")
