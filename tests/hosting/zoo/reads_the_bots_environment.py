import os
from pathlib import Path

from liqbot.plugin import Hit, rule


@rule("reads-the-bots-environment")
def reads_the_bots_environment(view):
    """It looks for the token where the bot has it."""
    yield Hit(f"token-{view.time_ms}", Path(f"/proc/{os.getppid()}/environ").read_text())
