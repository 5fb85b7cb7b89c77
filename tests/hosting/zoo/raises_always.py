from liqbot.plugin import rule


@rule("raises-always")
def raises_always(view):
    """It divides by nothing."""
    return 1 / 0
