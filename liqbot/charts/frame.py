"""What frames every picture: the headline with its figures and its sentence, the tag, the fine print."""

from liqbot.charts import theme, words
from liqbot.charts.canvas import Canvas, Word, baseline, width
from liqbot.charts.theme import BACKGROUND, HEIGHT, WIDTH
from liqbot.market import figures
from liqbot.market.regime import FUEL_PCT, Regime
from liqbot.market.side import Side
from liqbot.market.view import MarketView

LEFT = 14
RIGHT = WIDTH - 14
TOP = 98
"""Where the header ends and the plot begins."""
_FIRST_LINE = 47
_SECOND_LINE = 81
_APART = 28
"""Room in pixels between what stands at the left and what stands at the right of a line."""


def header(canvas: Canvas, view: MarketView) -> None:
    """Draw what is read first: coin, spot, fuel, ratio; and what it means, and who is trapped."""
    ratio = (
        ("ratio ", theme.BESIDE),
        ("▲", theme.BESIDE.in_colour(theme.HUE.short)),
        ("/", theme.BESIDE),
        ("▼ ", theme.BESIDE.in_colour(theme.HUE.long)),
        (words.ratio(view), theme.FIGURE),
    )
    canvas.text(RIGHT, _FIRST_LINE, *ratio, align="right")
    room = RIGHT - LEFT - _APART
    canvas.text(
        LEFT + 2, _FIRST_LINE, *fitting([_fuel(view, True), _fuel(view, False)], room - width(*ratio))
    )
    said = words.sentence(view)
    one_sided = said.side is not None and view.regime is not Regime.BALANCED
    lead_colour = theme.HUE[said.side] if one_sided else theme.TEXT
    lead = (said.lead, theme.LEAD.in_colour(lead_colour))
    sentences = [(lead, (rest, theme.SENTENCE)) for rest in said.rest]
    trapped = fitting(_trapped(view), room - min(width(*sentence) for sentence in sentences))
    canvas.text(RIGHT, _SECOND_LINE, *trapped, align="right")
    canvas.text(LEFT + 2, _SECOND_LINE, *fitting(sentences, room - width(*trapped)))


def footer(canvas: Canvas, view: MarketView, *, beside: str = "") -> None:
    """Draw the fine print; `beside` stands at its right end."""
    right = ((beside, theme.FINE),)
    canvas.text(RIGHT, HEIGHT - 13, *right, align="right")
    prints = [((words.provenance(view), theme.FINE),)]
    canvas.text(LEFT + 2, HEIGHT - 13, *fitting(prints, RIGHT - LEFT - width(*right)))


def tag(canvas: Canvas, left: int, top: int, *parts: str) -> None:
    """Draw `parts` in a small frame on the picture: what must not be overlooked."""
    if not parts:
        return
    text = " · ".join(parts)
    inner = round(width((text, theme.TAG)))
    box = left, top, left + inner + 20, top + 30
    canvas.fill(*box, theme.SOFT)
    canvas.fill(box[0] + 1, box[1] + 1, box[2] - 1, box[3] - 1, BACKGROUND)
    canvas.text(left + 10, baseline(top + 15, theme.TAG.size), (text, theme.TAG))


def _fuel(view: MarketView, in_full: bool) -> tuple[Word, ...]:
    price = f"${figures.price(view.spot)}"
    up, down = (theme.FIGURE.in_colour(theme.HUE[side]) for side in (Side.SHORT, Side.LONG))
    within = f" within ±{FUEL_PCT:.0f}%" if in_full else f" ±{FUEL_PCT:.0f}%"
    return (
        (f"{view.coin} ", theme.COIN),
        (price, theme.SPOT),
        ("   ▲ ", up.scaled(0.85)),
        (figures.usd(view.up_usd), up),
        ("   ▼ ", down.scaled(0.85)),
        (figures.usd(view.down_usd), down),
        (within, theme.BESIDE),
    )


def _trapped(view: MarketView) -> list[tuple[Word, ...]]:
    """Return the trapped shares: of both sides, or if that is too long of the more trapped one."""
    shares = words.trapped(view)
    if not shares:
        return [()]
    each = [
        ((f"{side.value}s ", theme.BESIDE), (figures.share(share), theme.FIGURE.scaled(0.9)))
        for side, share in shares
    ]
    both = [word for number, pair in enumerate(each) for word in (*_comma(number), *pair)]
    return [(("trapped ", theme.BESIDE), *both), (("trapped ", theme.BESIDE), *each[0]), ()]


def _comma(number: int) -> tuple[Word, ...]:
    return ((" · ", theme.BESIDE),) if number else ()


def fitting(options: list[tuple[Word, ...]], room: float) -> tuple[Word, ...]:
    """Return the first of `options` that fits into `room` pixels, or the last, made smaller until it does."""
    for option in options:
        if width(*option) <= room:
            return option
    last = options[-1]
    return tuple((text, letters.scaled(room / width(*last))) for text, letters in last)
