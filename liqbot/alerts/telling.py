"""An alert as a message: what happened, what it means, how sure, how old."""

from liqbot.market.figures import price
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.message import Button, Message, Picture, Tone
from liqbot.store.outbox import Alert

TONES = {Side.LONG: Tone.LONGS, Side.SHORT: Tone.SHORTS, None: Tone.NEUTRAL}


def tell(alert: Alert, view: MarketView, picture: Picture | None) -> Message:
    """Return the message of `alert`, which was raised in `view`."""
    hit = alert.hit
    said = (f"Spot {price(view.spot)}. {hit.means}".rstrip(), hit.caveat)
    return Message(
        title=f"{alert.coin}: {hit.text}",
        lines=tuple(line for line in said if line),
        tone=TONES[hit.side],
        picture=picture,
        buttons=(
            Button("Refresh", f"/heatmap {alert.coin}"),
            Button("Clusters", f"/clusters {alert.coin}"),
        ),
        time_ms=alert.time_ms,
        footer=f"{alert.rule} · {view.provenance}",
    )
