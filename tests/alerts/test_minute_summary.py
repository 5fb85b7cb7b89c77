"""What rules are told of the minute between two views that they read."""

from dataclasses import replace

from markets import LAYER, long, view_of

from liqbot.alerts.minute_summary import MinuteSummary
from liqbot.market.side import BySide

VIEW = view_of(long("ann", 2, at=95), spot=100.0)
BETWEEN = replace(VIEW, low=80.0, high=120.0, liquidated=BySide(5.0, 0.0))
OTHER = replace(BETWEEN, layer=replace(LAYER, venue="Otherex"))


def test_what_happened_between_two_views_is_read_with_the_second():
    minutes = MinuteSummary()
    minutes.joined(BETWEEN)
    read = minutes.joined(VIEW)
    assert (read.low, read.high, read.liquidated.long) == (80.0, 120.0, 5.0 + VIEW.liquidated.long)


def test_what_somebody_else_has_told_of_meanwhile_is_not_told_again():
    minutes = MinuteSummary()
    for view in (BETWEEN, OTHER):
        minutes.joined(view)
    minutes.forget(LAYER)
    assert minutes.joined(VIEW) == VIEW
    assert minutes.joined(replace(VIEW, layer=OTHER.layer)).low == 80.0, "of other layers nobody else has"
