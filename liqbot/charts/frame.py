"""The frame of every picture: measures in pixels, header (coin, spot, fuel, ratio), footer, tags."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from liqbot.charts import meaning, words
from liqbot.charts.canvas import Canvas, Word, baseline, fitting, width
from liqbot.charts.request import Fact, Look, Shape, ThemeName
from liqbot.charts.theme import DARK, LIGHT, Rgb, Theme
from liqbot.market import figures
from liqbot.market.regime import FUEL_PCT, Regime
from liqbot.market.side import Side
from liqbot.market.view import MarketView
from liqbot.text import _

TAG_HEIGHT = 40
_APART = 24
"""Room in pixels between what stands at the left and what stands at the right of a line."""
_LARGER = 36
"""Letters of the sentence where it has two lines."""
_MONEY = "\0"
"""Stands in a wording for money that has a colour of its own."""
_FACTS = 38
"""Height of the row of facts."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The measures of a picture, in pixels from its top left corner."""

    width: int
    height: int
    left: int
    right: int
    lines: tuple[int, ...]
    """Baselines of the header."""
    top: int
    """Where the header ends and the plot begins."""
    bottom: int
    """Where the plot ends and the labels beneath it begin."""
    panel: int
    """Where the panel beside a heatmap begins."""
    bars: int
    """Length of the longest bar there."""

    @property
    def words(self) -> int:
        """Where the words of that panel begin."""
        return self.panel + self.bars + 24

    @property
    def last_line(self) -> int:
        """The baseline of the fine print."""
        return self.height - 12

    @property
    def axis_line(self) -> int:
        """The baseline of what stands right beneath the plot."""
        return self.bottom + 27

    @property
    def has_room(self) -> bool:
        """Whether the fine print has a line of its own."""
        return len(self.lines) > 2

    @property
    def legend(self) -> tuple[int, int]:
        """The baselines of a heatmap's legend, at the right."""
        lower = self.last_line - (32 if self.has_room else 0)
        return lower - 32, lower

    def shortened(self, by: int) -> "Frame":
        """Return the same with a plot that ends so many pixels higher."""
        return replace(self, bottom=self.bottom - by)


_FRAMES = {
    Shape.WIDE: Frame(1200, 675, 14, 1186, (50, 91), 108, 604, 866, 64),
    Shape.SQUARE: Frame(1080, 1080, 14, 1066, (54, 110, 162, 204), 226, 975, 744, 64),
}


def of(look: Look, facts: Sequence[Fact] = ()) -> Frame:
    """Return the measures of a picture; `facts` take a row beneath its plot."""
    frame = _FRAMES[look.shape]
    return frame.shortened(_FACTS) if facts else frame


def colours(look: Look) -> Theme:
    """Return the theme of a picture."""
    return LIGHT if look.theme is ThemeName.LIGHT else DARK


def sheet(look: Look) -> Canvas:
    """Return an empty canvas."""
    frame = _FRAMES[look.shape]
    return Canvas(frame.width, frame.height, colours(look))


def header(canvas: Canvas, frame: Frame, view: MarketView) -> None:
    """Draw what is read first: coin, spot, fuel, ratio; then what it means, and who is trapped."""
    room = frame.right - frame.left - 2
    style = canvas.theme
    ratio = _ratio(style, view)
    canvas.text(frame.right, frame.lines[0], *ratio, align="right")
    coin = (_coin(style, view),)
    fuel = _fuel(style, view)
    if len(frame.lines) == 2:
        one_line = [(*coin[0], ("   ", style.beside), *option) for option in fuel]
        left = fitting(one_line, room - width(*ratio) - _APART)
        canvas.text(frame.left + 2, frame.lines[0], *left)
        sentences = _sentences(style, view)
        shortest = min(width(*sentence) for sentence in sentences)
        trapped = next((it for it in _trapped(style, view) if width(*it) + _APART + shortest <= room), ())
        taken = width(*trapped) + _APART if trapped else 0
        canvas.text(frame.right, frame.lines[1], *trapped, align="right")
        canvas.text(frame.left + 2, frame.lines[1], *fitting(sentences, room - taken))
        return
    canvas.text(frame.left + 2, frame.lines[0], *fitting(coin, room - width(*ratio) - _APART))
    trapped = next((it for it in reversed(_trapped(style, view)) if it), ())
    canvas.text(frame.right, frame.lines[1], *trapped, align="right")
    canvas.text(frame.left + 2, frame.lines[1], *fitting(fuel, room - width(*trapped) - _APART))
    for line, text in zip(frame.lines[2:], _in_two_lines(style, view), strict=False):
        canvas.text(frame.left + 2, line, *fitting([text], room))


def footer(canvas: Canvas, frame: Frame, view: MarketView, room: float | None = None) -> None:
    """Draw where the figures come from; `room` is how wide that may be."""
    room = frame.right - frame.left - 2 if room is None else room
    options = [((said, canvas.theme.provenance),) for said in words.provenances(view)]
    canvas.text(frame.left + 2, frame.last_line, *fitting(options, room))


def row_of_facts(canvas: Canvas, frame: Frame, facts: Sequence[Fact], right: int) -> None:
    """Draw one row of things to know, between the plot and the fine print: as many as end before `right`."""
    style, x, line = canvas.theme, frame.left + 2.0, frame.last_line - 36
    for fact in facts:
        colour = style.text if fact.side is None else style.hue[fact.side]
        value = (fact.value, replace(style.fact, bold=True, colour=colour))
        said: tuple[Word, ...] = ((f"{fact.label} ", style.fact), value)
        if x + width(*said) > right:
            break
        x = canvas.text(x, line, *said).right + _APART


def tag(canvas: Canvas, left: int, top: int, *parts: str) -> None:
    """Draw `parts` in a small frame on the picture: what must not be overlooked."""
    right, bottom = left + tag_width(canvas, *parts), top + TAG_HEIGHT
    canvas.fill(left, top, right, bottom, canvas.theme.background)
    canvas.frame((left, top, right, bottom), canvas.theme.soft)
    text = (" · ".join(parts), canvas.theme.tag)
    canvas.text(left + 10, baseline(top + TAG_HEIGHT / 2, canvas.theme.tag.size), text)


def tag_width(canvas: Canvas, *parts: str) -> int:
    """Return how wide the tag of `parts` is, in pixels."""
    return round(width((" · ".join(parts), canvas.theme.tag))) + 20


def _ratio(style: Theme, view: MarketView) -> tuple[Word, ...]:
    return ((f"{words.ratio_heading(view)} ", style.beside), (words.ratio(view), style.figure))


def _coin(style: Theme, view: MarketView) -> tuple[Word, ...]:
    return ((f"{view.coin} ", style.coin), (f"${figures.price(view.spot)}", style.spot))


def _fuel(style: Theme, view: MarketView) -> list[tuple[Word, ...]]:
    """Return the fuel above and below, the longest wording first; a modelled layer's is up to so much."""
    up, down = (style.figure.in_colour(style.hue[side]) for side in (Side.SHORT, Side.LONG))
    before, _mark, behind = words.at_most(view, _MONEY).partition(_MONEY)
    plain = style.beside
    amounts: tuple[Word, ...] = (
        ("▲ ", up),
        (before, plain.in_colour(style.tint.short)),
        (figures.usd(view.up_usd), up),
        (f"{behind}   ▼ ", down),
        (before, plain.in_colour(style.tint.long)),
        (figures.usd(view.down_usd), down),
        (behind, plain.in_colour(style.tint.long)),
    )
    reach = f"±{FUEL_PCT:.0f}%"
    return [(*amounts, (f"  {within}", plain)) for within in (_("within {percent}", percent=reach), reach)]


def _sentences(style: Theme, view: MarketView) -> list[tuple[Word, ...]]:
    """Return the wordings of what the view means, the longest first; a clean direction has its side's hue."""
    said = meaning.sentence(view)
    lead = (said.lead, style.lead.in_colour(_colour(style, view, said)))
    return [(lead, (rest, style.sentence)) for rest in said.rest]


def _in_two_lines(style: Theme, view: MarketView) -> list[tuple[Word, ...]]:
    """Return what the view means in larger letters, in two lines that part at its colon."""
    said = meaning.sentence(view)
    bold = style.lead.in_colour(_colour(style, view, said)).sized(_LARGER)
    plain = style.sentence.sized(_LARGER)
    before, behind = said.wordings[0]
    return [((said.lead, bold), (f"{before}:", plain)), ((behind, plain),)]


def _colour(style: Theme, view: MarketView, said: meaning.Sentence) -> Rgb:
    directed = said.side is not None and view.regime is not Regime.BALANCED
    return style.hue[said.side] if said.side is not None and directed else style.text


def _trapped(style: Theme, view: MarketView) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """Return the trapped shares of both sides, and that of the more trapped one alone."""
    small = style.beside.sized(27)
    each = [
        ((f"{words.side_name(side)} ", small), (figures.share(share), style.figure.sized(30)))
        for side, share in words.trapped(view)
    ]
    name, comma = (f"{_('trapped')} ", small), (" · ", small)
    if not each:
        return (), ()
    one = (name, *each[0])
    return ((*one, comma, *each[1]) if len(each) == 2 else one), one
