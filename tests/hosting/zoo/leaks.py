from liqbot.plugin import rule

KEPT = []


@rule("leaks")
def leaks(view):
    """It keeps 20 MB of every view."""
    KEPT.append(b"x" * (20 * 2**20))
