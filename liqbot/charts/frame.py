"""What frames every picture: the headline with its figures and its sentence, the tag, the fine print."""

from liqbot.charts import theme, words
from liqbot.charts.canvas import Canvas, Word, baseline, fitting, width
from liqbot.charts.theme import BACKGROUND, HEIGHT, WIDTH
from liqbot.market import figures
from liqbot.market.regime import FUEL_PCT, Regime
from liqbot.market.side import Side
from liqbot.market.view import MarketView

LEFT = 14
RIGHT = WIDTH - 14
TOP = 98
"""Where the header ends and the plot begins."""
BOTTOM = TOP + 520
"""Where the plot ends and the labels beneath it begin."""
TAG_HEIGHT = 28
_FIRST_LINE = 47
_SECOND_LINE = 81
_LAST_LINE = HEIGHT - 13
_APART = 28
"""Room in pixels between what stands at the left and what stands at the right of a line."""


def header(canvas: Canvas, view: MarketView) -> None:
    """Draw what is read first: coin, spot, fuel, ratio; then what it means, and who is trapped."""
    room = RIGHT - LEFT - _APART
    ratio = _ratio(view)
    canvas.text(RIGHT, _FIRST_LINE, *ratio, align="right")
    fuel = [(*_fuel(view), (f"{within}±{FUEL_PCT:.0f}%", theme.BESIDE)) for within in (" within ", " ")]
    canvas.text(LEFT + 2, _FIRST_LINE, *fitting(fuel, room - width(*ratio)))
    sentences = _sentences(view)
    shortest = min(width(*sentence) for sentence in sentences)
    both, one = _trapped(view)
    trapped = both if width(*both) <= room - shortest else one
    canvas.text(RIGHT, _SECOND_LINE, *trapped, align="right")
    canvas.text(LEFT + 2, _SECOND_LINE, *fitting(sentences, room - width(*trapped)))


def footer(canvas: Canvas, view: MarketView, *beside: Word) -> None:
    """Draw the fine print; `beside` stands at its right end."""
    canvas.text(RIGHT, _LAST_LINE, *beside, align="right")
    room = RIGHT - LEFT - _APART - width(*beside)
    canvas.text(LEFT + 2, _LAST_LINE, *fitting([((words.provenance(view), theme.FINE),)], room))


def tag(canvas: Canvas, left: int, top: int, *parts: str) -> None:
    """Draw `parts` in a small frame on the picture: what must not be overlooked."""
    right, bottom = left + tag_width(*parts), top + TAG_HEIGHT
    canvas.fill(left, top, right, bottom, theme.SOFT)
    canvas.fill(left + 1, top + 1, right - 1, bottom - 1, BACKGROUND)
    text = (" · ".join(parts), theme.TAG)
    canvas.text(left + 10, baseline(top + TAG_HEIGHT / 2, theme.TAG.size), text)


def tag_width(*parts: str) -> int:
    """Return how wide the tag of `parts` is, in pixels."""
    return round(width((" · ".join(parts), theme.TAG))) + 20


def _ratio(view: MarketView) -> tuple[Word, ...]:
    up, down = (theme.BESIDE.in_colour(theme.HUE[side]) for side in (Side.SHORT, Side.LONG))
    return (
        ("ratio ", theme.BESIDE),
        ("▲", up),
        ("/", theme.BESIDE),
        ("▼ ", down),
        (words.ratio(view), theme.FIGURE),
    )


def _fuel(view: MarketView) -> tuple[Word, ...]:
    up, down = (theme.FIGURE.in_colour(theme.HUE[side]) for side in (Side.SHORT, Side.LONG))
    return (
        (f"{view.coin} ", theme.COIN),
        (f"${figures.price(view.spot)}", theme.SPOT),
        ("   ▲ ", up.scaled(0.85)),
        (figures.usd(view.up_usd), up),
        ("   ▼ ", down.scaled(0.85)),
        (figures.usd(view.down_usd), down),
    )


def _sentences(view: MarketView) -> list[tuple[Word, ...]]:
    """Return the wordings of what the view means, the longest first; a clean direction has its side's hue."""
    said = words.sentence(view)
    directed = said.side is not None and view.regime is not Regime.BALANCED
    colour = theme.HUE[said.side] if said.side is not None and directed else theme.TEXT
    return [((said.lead, theme.LEAD.in_colour(colour)), (rest, theme.SENTENCE)) for rest in said.rest]


def _trapped(view: MarketView) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """Return the trapped shares of both sides, and that of the more trapped one alone."""
    each = [
        ((f"{side.value}s ", theme.BESIDE), (figures.share(share), theme.FIGURE.scaled(0.9)))
        for side, share in words.trapped(view)
    ]
    name, comma = ("trapped ", theme.BESIDE), (" · ", theme.BESIDE)
    if not each:
        return (), ()
    one = (name, *each[0])
    return ((*one, comma, *each[1]) if len(each) == 2 else one), one
