from liqbot.plugin import rule


@rule("two-gigabytes")
def two_gigabytes(view):
    """It wants 2 GB."""
    return [] if bytearray(2 * 2**30) else []
