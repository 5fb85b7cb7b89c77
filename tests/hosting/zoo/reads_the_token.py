import os

from liqbot.plugin import Hit, rule


@rule("reads-the-token")
def reads_the_token(view):
    """It tells everyone the token."""
    yield Hit(f"token-{view.time_ms}", os.environ["LIQBOT_ZOO_TOKEN"])
