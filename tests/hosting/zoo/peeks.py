from liqbot.plugin import Hit, rule

SEEN = {}


@rule("peeks")
def peeks(view):
    """It knows what comes next as soon as it has been through the history once."""
    SEEN[view.time_ms] = view.spot
    ahead = [spot for time_ms, spot in SEEN.items() if time_ms > view.time_ms]
    if any(spot > view.spot for spot in ahead):
        yield Hit("up", f"{view.coin} will rise to {max(ahead):g}")
