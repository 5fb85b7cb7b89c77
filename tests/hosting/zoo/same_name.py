from liqbot.plugin import Hit, rule


@rule("good")
def good(view):
    """It has the name of another."""
    yield Hit("other", "other")
