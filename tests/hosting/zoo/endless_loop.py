from liqbot.plugin import rule


@rule("endless-loop")
def endless_loop(view):
    """It never ends."""
    while True:
        view = view
