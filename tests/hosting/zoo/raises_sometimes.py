from liqbot.plugin import Hit, rule


@rule("raises-sometimes")
def raises_sometimes(view):
    """It fails at every other view."""
    if view.time_ms // 60_000 % 2:
        raise ValueError("an odd minute")
    yield Hit(f"even-{view.time_ms}", "an even minute")
