from liqbot.plugin import rule


@rule("wrong-signature")
def wrong_signature(view, within=2.0):
    """It takes a parameter that is not named."""
