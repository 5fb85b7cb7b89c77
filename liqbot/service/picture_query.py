"""What a person asks of a picture, checked and typed: zoom, beside, look, layer (PictureQuery, PictureStyle).

Not here: drawing it (`pictures.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from liqbot.charts.request import Look, Shape, ThemeName, Zoom
from liqbot.rules.parameters import Form, Parameter, ParameterError
from liqbot.rules.wording import nearest, quoted
from liqbot.service.errors import UserError
from liqbot.service.layers import LayerQuery
from liqbot.text import N_, _
from liqbot.text.figures import listed

_CANDLES, _LINE = "candles", "line"
STYLE = Form(
    (
        Parameter(
            "theme", ThemeName.DARK.value, N_("dark or light colours"), choices=tuple(map(str, ThemeName))
        ),
        Parameter(
            "format",
            Shape.WIDE.value,
            N_("wide as a screen, or square with larger letters on a phone"),
            choices=tuple(map(str, Shape)),
        ),
        Parameter("price", _CANDLES, N_("candles, or a line"), choices=(_CANDLES, _LINE)),
    )
)
"""What a chat can choose of its pictures."""
STYLE_NAMES = tuple(parameter.name for parameter in STYLE.parameters)
ZOOM, BESIDE, BY = "zoom", "beside", "by"
_LOOK, _LAYER = Look(), LayerQuery()
_LAYER_NAMES = ("venue", "tier", "opened")
TAKES = {
    "venue": N_("an exchange, or modelled for all of them"),
    "tier": N_("only one leverage tier of a modelled map, as 25x"),
    "opened": N_("only what was opened lately, as 24h"),
    ZOOM: N_("how far from spot: 5%, 20%, or all of it"),
    BESIDE: N_("a second map, outlined over the first"),
    BY: N_("venues side by side, or the models of one venue"),
    "sort": N_("which coins come first"),
    "page": N_("which page, from 1 on"),
}
"""What can be asked of what is shown, each with a word on what it is."""
FIXED = {
    ZOOM: tuple(zoom.value for zoom in Zoom),
    BY: ("venue", "model"),
    "sort": ("nearest", "fuel", "imbalance", "trapped"),
}
"""All there is to choose from, of those that are no free text."""
_ZOOMS = {zoom.value.removesuffix("%"): zoom for zoom in Zoom}


@dataclass(frozen=True, slots=True)
class PictureStyle:
    """How pictures are drawn for somebody."""

    look: Look = _LOOK
    line: bool = False
    """Price as a line, not as candles."""

    @property
    def words(self) -> str:
        """What differs from the default, as it is typed: `theme=light format=square`."""
        default = STYLE.defaults()
        return " ".join(f"{name}={value}" for name, value in self.values.items() if value != default[name])

    @property
    def values(self) -> dict[str, str]:
        """All of it, by name."""
        price = _LINE if self.line else _CANDLES
        return {"theme": self.look.theme.value, "format": self.look.shape.value, "price": price}

    def changed(self, written: Mapping[str, str]) -> "PictureStyle":
        """Return the style with what was written changed. Raises `UserError`."""
        try:
            values = STYLE.parse(self.values | {name.lower(): text for name, text in written.items()})
        except ParameterError as error:
            raise UserError("{reason}", reason=str(error)) from None
        theme, shape = ThemeName(str(values["theme"])), Shape(str(values["format"]))
        return PictureStyle(Look(theme, shape), line=values["price"] == _LINE)

    @staticmethod
    def kept(words: str) -> "PictureStyle":
        """Return a style as it is kept with a chat; what is no longer known counts as the default."""
        try:
            return DEFAULT_STYLE.changed(dict(pair.split("=", 1) for pair in words.split()))
        except (UserError, ValueError):
            return DEFAULT_STYLE


DEFAULT_STYLE = PictureStyle()


@dataclass(frozen=True, slots=True)
class PictureQuery:
    """What of a coin is to be drawn, and how. Nothing given is a coin's own view in the default style."""

    layer: LayerQuery = _LAYER
    zoom: Zoom = Zoom.AUTO
    other: str | None = None
    """A venue, `measured` or `modelled`, whose map is outlined over the picture; None for none."""
    style: PictureStyle = DEFAULT_STYLE
    typed_style: str = ""
    """What of the style was typed for this picture alone."""

    @staticmethod
    def of(
        settings: Mapping[str, str],
        style: PictureStyle = DEFAULT_STYLE,
        *,
        but_not: tuple[str, ...] = (),
    ) -> "PictureQuery":
        """Read `venue=`, `tier=`, `opened=`, `zoom=`, `beside=` and a style of its own. Raises `UserError`.

        `style` is the chat's; `but_not` names settings that this picture has not.
        """
        known = [name for name in (*_LAYER_NAMES, ZOOM, BESIDE, *STYLE_NAMES) if name not in but_not]
        for name in settings:
            if name not in known:
                raise _unknown(name, known)
        own = {name: text for name, text in settings.items() if name in STYLE_NAMES}
        zoom, other = settings.get(ZOOM), settings.get(BESIDE)
        return PictureQuery(
            layer=LayerQuery.of({name: text for name, text in settings.items() if name in _LAYER_NAMES}),
            zoom=Zoom.AUTO if zoom is None else zoom_of(zoom),
            other=other or None,
            style=style.changed(own),
            typed_style="".join(f" {name}={text}" for name, text in own.items()),
        )

    @property
    def words(self) -> str:
        """The query as it is typed after a command, with a space before it; empty where there is none."""
        other = "" if self.other is None else f" {BESIDE}={self.other}"
        return f"{self.layer.words}{self.zoom_words}{other}{self.typed_style}"

    @property
    def zoom_words(self) -> str:
        """The zoom as it is typed, with a space before it; empty for the default."""
        return "" if self.zoom is Zoom.AUTO else f" {ZOOM}={self.zoom.value}"


def zoom_of(text: str) -> Zoom:
    """Return how far a heatmap is to reach: `5%`, `20`, `all`, `auto`. Raises `UserError`."""
    zoom = _ZOOMS.get(text.strip().lower().removesuffix("%"))
    if zoom is None:
        raise UserError(
            "zoom= takes {names}, not {text}.",
            names=_("5%, 20%, all or auto"),
            text=quoted(text),
        )
    return zoom


def _unknown(name: str, known: list[str]) -> UserError:
    near = nearest(name, known)
    if near:
        return UserError("There is no {name} here. Did you mean {near}=?", name=quoted(name), near=near)
    return UserError(
        "There is no {name} here, only {names}.",
        name=quoted(name),
        names=listed([f"{one}=" for one in known if one not in STYLE_NAMES]),
    )
