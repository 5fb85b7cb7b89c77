from liqbot.plugin import Hit, rule


@rule("good")
def good(view):
    """Every view is worth an alert."""
    yield Hit(f"good-{view.time_ms}", f"{view.coin} at {view.spot:g}")
