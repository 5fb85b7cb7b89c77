"""What can be set of every exchange: where it is, and how much is asked of it."""

from pydantic import Field

from liqbot.sections import Section

URL, WEBSOCKET_URL = r"^https?://[^\s/]+", r"^wss?://[^\s/]+"
"""What an address must begin with."""
API = "the address of its API"


class ExchangeSettings(Section):
    """What all exchanges have; each adds its addresses."""

    backfill_days: float = Field(
        default=30,
        ge=0,
        le=30,
        description="days of history to begin with; the exchange keeps about a month",
    )
    depth_every_s: float = Field(
        default=20, ge=0, description="seconds between two looks at the order books; 0 is never"
    )
