"""The windows of a heatmap: how far back it looks."""

HOUR_MS = 3_600_000
WINDOWS = {
    "12h": 12 * HOUR_MS,
    "24h": 24 * HOUR_MS,
    "3d": 3 * 24 * HOUR_MS,
    "7d": 7 * 24 * HOUR_MS,
    "30d": 30 * 24 * HOUR_MS,
    "90d": 90 * 24 * HOUR_MS,
    "180d": 180 * 24 * HOUR_MS,
    "1y": 365 * 24 * HOUR_MS,
}
"""By name, in ms."""
ALERT_WINDOW = "24h"
"""The window of the heatmap that goes with an alert."""
