"""How far deliveries have come, in SQL: written from `DeliveryStatus`, so that one place names them."""

from liqbot.store.deliveries import DeliveryStatus

DUE, SENDING, UNKNOWN, HELD, SENT, FAILED, EXPIRED = (f"'{status}'" for status in DeliveryStatus)
OPEN = f"status IN ({DUE}, {SENDING}, {UNKNOWN})"
"""The condition of the index `deliveries_open`, to the letter: else SQLite reads all that was ever sent."""
WAITING = f"status IN ({DUE}, {UNKNOWN})"
"""Open, and not being sent right now."""
OWED = f"status IN ({DUE}, {SENDING}, {UNKNOWN}, {HELD})"
"""Not at its end yet, now or later."""
