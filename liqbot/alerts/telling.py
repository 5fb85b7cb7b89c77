"""An alert as a message: what happened, what it means, how sure, how old."""

from liqbot.alerts.states import Reason
from liqbot.market.figures import price
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.message import Button, Message, Picture, Tone
from liqbot.store.outbox import Alert

TONES = {Side.LONG: Tone.LONGS, Side.SHORT: Tone.SHORTS, None: Tone.NEUTRAL}


def tell(alert: Alert, view: MarketView | None, picture: Picture | None) -> Message:
    """Return the message of `alert`, which was raised in `view`; None where that can no longer be read."""
    hit = alert.hit
    again = " again" if alert.reason == Reason.AGAIN else ""
    spot = "" if view is None else f"Spot {price(view.spot)}. "
    return Message(
        title=f"{alert.coin}{again}: {hit.text}",
        lines=tuple(line for line in (f"{spot}{hit.means}".rstrip(), hit.caveat) if line),
        tone=TONES[hit.side],
        picture=picture,
        buttons=(
            Button("Refresh", f"/heatmap {alert.coin}"),
            Button("Clusters", f"/clusters {alert.coin}"),
        ),
        time_ms=alert.time_ms,
        footer=alert.rule if view is None else f"{alert.rule} · {view.provenance}",
    )
