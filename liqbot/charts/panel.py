"""The panel right of a heatmap: puts bars, curves, a second layer and labels together."""

from liqbot.charts import labels, strip
from liqbot.charts.canvas import Canvas
from liqbot.charts.frame import Frame
from liqbot.charts.labels import Label
from liqbot.charts.request import HeatmapInput
from liqbot.charts.strip import Strip

NARROW_CURVE = 1.7


def draw(canvas: Canvas, frame: Frame, asked: HeatmapInput, today: Strip, placed: list[Label]) -> None:
    """Draw the panel with its labels."""
    strip.ground(canvas, today, frame.right)
    if asked.depth is not None:
        strip.depth(canvas, today, asked.depth, frame.words - 20, frame.bars // 2)
    strip.bars(canvas, today, frame.bars)
    if asked.second is None:
        strip.curves(canvas, today, frame.bars, NARROW_CURVE)
    else:
        other = Strip.of(asked.second.view, today.axis, left=0, right=0, bottom=0)
        sums = type(other.usd)(long=other.usd.long.sum(axis=0), short=other.usd.short.sum(axis=0))
        strip.outlined(canvas, today, sums, frame.bars)
    strip.spot_line(canvas, today, frame.right)
    for label in placed:
        labels.draw(canvas, asked.view, today, label, left=frame.words, right=frame.right - 2)
    labels.name_sides(canvas, today, frame.right, frame.right - frame.panel - 16, {})
    labels.tell_beyond(canvas, asked.view, today, frame.right)
