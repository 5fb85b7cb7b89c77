"""Labels of clusters at the right edge beside the bars: which, spread apart; names of sides; legend.

Not here: sentences and fine print (`words.py`), the bars (`strip.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from liqbot.charts import words
from liqbot.charts.canvas import Box, Canvas, Word, baseline, fitting, width
from liqbot.charts.classes import COUNT, Classes
from liqbot.charts.request import is_modelled
from liqbot.charts.strip import Strip
from liqbot.charts.theme import LEVELS
from liqbot.market import figures
from liqbot.market.clusters import Cluster, worth_naming
from liqbot.market.side import BySide, Side
from liqbot.market.view import MarketView
from liqbot.text import N_, _

MOST = 3
"""At most this many clusters of a side are named."""
APART = 68
"""Labels are at least this many pixels apart."""
MATTERS = 0.25
"""A cluster matters from this share of the heaviest of its side within `NEARBY_PCT` on."""
NEARBY_PCT = 25.0
_HALF = 34
"""Half a label's height."""
_CLEAR = 38
"""Room on each side of spot, where the sides are named."""
_NOTE = 27
"""Room at both ends, where it is told what lies beyond."""
_BRACKET, _EDGE = 18, 8
"""From where a bracket begins to the words, and from where it ends to them."""
_NAMES = {
    Side.SHORT: (N_("▲ shorts: forced buys"), N_("▲ shorts")),
    Side.LONG: (N_("▼ longs: forced sells"), N_("▼ longs")),
}
"""What each side is, and what it is called where there is little room."""


@dataclass(frozen=True, slots=True)
class Label:
    """A cluster and where its name stands."""

    cluster: Cluster
    middle: float
    """The y of its middle."""
    is_highlighted: bool = False
    """Whether the picture is about it."""
    heat_class: int = 0
    """Class of its heaviest row, as in the legend: 1 to `classes.COUNT`, 0 for less."""

    def box(self, left: float, right: float) -> Box:
        """Return the box that its words may fill."""
        return Box(left, self.middle - _HALF, right, self.middle + _HALF)


def nearest_heavy(view: MarketView, side: Side) -> Cluster | None:
    """Return the cluster of `side` nearest to spot that matters; None where there is no cluster."""
    own = view.clusters.of(side)
    near = own.within(NEARBY_PCT) or own
    heavy = [cluster for cluster in near if cluster.usd >= MATTERS * near[0].usd]
    return min(heavy, key=lambda cluster: abs(cluster.distance_pct), default=None)


def highlighted(view: MarketView, identity: str | None) -> Cluster | None:
    """Return the cluster of that identity, whether it still is or has just ended."""
    if identity is None:
        return None
    ended = (end.cluster for end in view.ended if end.cluster.id == identity)
    return view.clusters.get(identity) or next(ended, None)


def placed(
    view: MarketView,
    strip: Strip,
    highlight: str | None = None,
    classes: BySide[Classes | None] = BySide(None, None),  # noqa: B008 - immutable
) -> list[Label]:
    """Return the labels from the highest down.

    Named are the cluster that the picture is about, on each side the nearest that matters, the heaviest in
    sight, then what else is worth naming. Of the first two, what lies beyond the strip stands at its end.
    """
    labels: list[Label] = []
    about = highlighted(view, highlight)
    for side in (Side.SHORT, Side.LONG):
        top, bottom = strip.top + _NOTE + _HALF, strip.spot_y - _CLEAR - _HALF
        if side is Side.LONG:
            top, bottom = strip.spot_y + _CLEAR + _HALF, strip.bottom - _NOTE - _HALF
        room = max(min(MOST, int((bottom - top) // APART) + 1), 0)
        chosen = _chosen(view, strip, side, about)
        if not room and about in chosen:
            # Spot is too near the edge for a label on this side of it: the one that matters is named anyway.
            room = 1
            top = bottom = min(max((top + bottom) / 2, strip.top + _HALF), strip.bottom - _HALF)
        clusters = sorted(chosen[:room], key=lambda cluster: -cluster.price)
        middles = spread([strip.y(cluster.price) for cluster in clusters], APART, top, bottom)
        labels += [
            Label(cluster, middle, cluster == about, _class_of(cluster, strip, classes[side]))
            for cluster, middle in zip(clusters, middles, strict=True)
        ]
    return labels


def _chosen(view: MarketView, strip: Strip, side: Side, about: Cluster | None) -> list[Cluster]:
    """Return the clusters of a side to name, the most important first."""
    must = [about] if about is not None and about.side is side else []
    nearest = nearest_heavy(view, side)
    must += [nearest] if nearest is not None else []
    in_sight = [cluster for cluster in view.clusters.of(side) if strip.axis.holds(cluster.price)]
    heaviest = sorted(in_sight, key=lambda cluster: -cluster.usd)[:1]
    return list(dict.fromkeys([*must, *heaviest, *worth_naming(in_sight)]))


def _class_of(cluster: Cluster, strip: Strip, classes: Classes | None) -> int:
    if classes is None:
        return 0
    rows = strip.rows_of(cluster)
    usd = strip.usd[cluster.side].sum(axis=0)[rows]
    return classes.number(float(usd.max())) if len(usd) else 0


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Return places `apart` or more, between `low` and `high`, moved as little as possible from `wanted`.

    `wanted` rises. Least squares: those that would collide share the mean of what they want. All must fit
    between `low` and `high`.
    """
    blocks: list[tuple[float, int]] = []
    for number, place in enumerate(wanted):
        mean, size = place - number * apart, 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    free = [mean for mean, size in blocks for _ in range(size)]
    top = high - (len(wanted) - 1) * apart
    return [min(max(place, low), top) + number * apart for number, place in enumerate(free)]


def usd_words(view: MarketView, cluster: Cluster) -> str:
    """Return a cluster's dollars as they stand beside it: a modelled one's are at most so many."""
    return f"{'≤' if is_modelled(view) else ''}{figures.usd(cluster.usd)}"


def draw(canvas: Canvas, view: MarketView, strip: Strip, label: Label, *, left: int, right: int) -> None:
    """Draw the dollars and the place of a cluster from `left` on, and a bracket that spans its bars."""
    cluster, middle, style = label.cluster, label.middle, canvas.theme
    top, bottom = round(middle) - _HALF + 3, round(middle) + _HALF - 3
    start, end = left - _BRACKET, left - _EDGE
    span = [(start, strip.y(cluster.high) - 1), (start, strip.y(cluster.low) + 1)]
    canvas.shape([*span, (end, bottom), (end, top)], style.deep[cluster.side])
    canvas.fill(end, top, end + 4, bottom, style.hue[cluster.side])
    usd_colour, tint = style.text, style.tint[cluster.side]
    if label.is_highlighted:
        canvas.fill(end, top - 3, right, bottom + 3, style.hue[cluster.side])
        usd_colour = tint = style.on_hue
    room = right - 4 - left
    usd = (usd_words(view, cluster), style.cluster_usd.in_colour(usd_colour))
    holders = [(usd, (f"  {said}", style.fine.in_colour(tint))) for said in words.holders(cluster)]
    canvas.text(left, middle - 6, *fitting([*holders, (usd,)], room))
    where = [((said, style.cluster_place.in_colour(tint)),) for said in _places(strip, cluster)]
    canvas.text(left, middle + 28, *fitting(where, room))


def _places(strip: Strip, cluster: Cluster) -> list[str]:
    """Return where a cluster is, the longest wording first; an arrow where that is beyond the strip."""
    beyond = "" if strip.axis.holds(cluster.price) else "↑ " if cluster.side is Side.SHORT else "↓ "
    said = f"{beyond}{figures.price(cluster.price)} {words.away(cluster)}"
    return [said, f"{beyond}{words.compact(float(f'{cluster.price:.4g}'))} {words.away(cluster)}"]


def name_sides(canvas: Canvas, strip: Strip, right: int, room: float, beside: dict[Side, list[Word]]) -> None:
    """Say what each side is, next to spot, where the map is sparse; `beside` follows the name of its side."""
    style = canvas.theme
    for side, wordings in _NAMES.items():
        middle = strip.spot_y + side.sign * 20
        if strip.top + 8 < middle < strip.bottom - 8:
            letters = style.legend.in_colour(style.hue[side])
            names = [(_(wording), letters) for wording in wordings]
            name = next((it for it in names if width(it) <= room), names[-1])
            y = baseline(middle, letters.size)
            said = (name, *beside.get(side, []))
            # What runs to the labels must not strike the words through.
            ground = (round(right - 14 - width(*said)), round(middle) - 14, right - 2, round(middle) + 15)
            canvas.blend(ground, style.zone, 0.85)
            canvas.text(right - 8, y, *said, align="right", halo=style.zone)


def tell_beyond(canvas: Canvas, view: MarketView, strip: Strip, right: int, lower: int = 0) -> None:
    """Say what lies farther than the strip reaches, where that matters; above, `lower` pixels lower."""
    style = canvas.theme
    for side, y in ((Side.SHORT, strip.top + 22 + lower), (Side.LONG, strip.bottom - 8)):
        said = words.beyond(view, side, strip.axis.low, strip.axis.high)
        word = (said, style.fine.in_colour(style.tint[side]))
        canvas.text(right - 8, y, word, align="right", halo=style.panel)


def legend(
    canvas: Canvas, classes: BySide[Classes | None], edges: tuple[int, int], lines: tuple[int, int], per: str
) -> float:
    """Draw what the colours of each side mean, on two lines: where the lowest and the top class begin.

    `per` says of how much of price, and stands before the upper line. Returns where the lower line begins.
    """
    style, (left, right) = canvas.theme, edges
    begins = float(right)
    for side, line, before in zip((Side.SHORT, Side.LONG), lines, (f"{per}  ", ""), strict=True):
        own = classes[side]
        if own is None:
            begins = float(right)
            continue
        letters = style.fine.in_colour(style.tint[side])
        mark = "▲" if side is Side.SHORT else "▼"
        low, high = figures.usd(own.starts[0]), f"{figures.usd(own.starts[-1])}+"
        wide = 15
        x = right - width((high, letters)) - 7 - wide * (LEVELS - 1)
        canvas.text(right, line, (high, letters), align="right")
        for level in range(1, LEVELS):
            start = round(x) + wide * (level - 1)
            red, green, blue = style.heat[side][level].tolist()
            canvas.fill(start, line - 17, start + wide - 1, line + 1, (red, green, blue))
        least = ((f"{mark} {low}", letters),)
        said = fitting([((before, style.fine), *least), least], x - 7 - left)
        begins = canvas.text(x - 7, line, *said, align="right").left
    return begins


def class_words(label: Label, classes: BySide[Classes | None]) -> str:
    """Return a label's class in words, for those who cannot see colours."""
    own = classes[label.cluster.side]
    if own is None:
        return ""
    if not label.heat_class:
        return _("below the lowest class")
    return _("class {number} of {count}", number=label.heat_class, count=COUNT)
