"""The layers of each coin: which there are, and what is asked for of them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from liqbot.engine.together import grids_together, together
from liqbot.market.grid import Grid
from liqbot.market.layer import Basis, Layer
from liqbot.market.layer_source import WHOLE, LayerSource, Part
from liqbot.market.view import MarketView
from liqbot.rules.units import Unit, read_amount
from liqbot.rules.wording import listed, nearest, quoted

FRESH_MS = 3_600_000
"""A layer that is this much older than a view has nothing to say beside it."""
MEASURED, MODELLED = "measured", "modelled"
"""What `venue=` takes besides a venue: whatever is measured, and all modelled venues added up."""


class NoSuchLayerError(LookupError):
    """What was asked for is in no layer. The text says what there is."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which layer, and which part of it; nothing means the coin's own view."""

    venue: str | None = None
    leverages: tuple[float, ...] | None = None
    opened_within_s: float | None = None

    @staticmethod
    def of(settings: Mapping[str, str]) -> "Wish":
        """Read `venue=binance`, `tier=25x` or `tier=50x,100x`, `opened=24h`.

        Raises `NoSuchLayerError` for anything else.
        """
        unknown = [name for name in settings if name not in ("venue", "tier", "opened")]
        if unknown:
            raise NoSuchLayerError(f"There is no {quoted(unknown[0])} here; there is venue=, tier=, opened=")
        tier, opened = settings.get("tier"), settings.get("opened")
        seconds = None if opened is None else read_amount(opened, Unit.SECONDS)
        if opened is not None and not (seconds and seconds > 0):
            raise NoSuchLayerError(f"opened={opened} is no span of time; write opened=24h or opened=7d")
        return Wish(settings.get("venue"), None if tier is None else _leverages(tier), seconds)

    @property
    def is_part(self) -> bool:
        """Whether only a part of the positions is asked for."""
        return self.leverages is not None or self.opened_within_s is not None

    @property
    def words(self) -> str:
        """The wish as it is typed after a command, with a space before it; empty where there is none."""
        said = [] if self.venue is None else [f"venue={self.venue}"]
        if self.leverages is not None:
            said.append("tier=" + ",".join(f"{leverage:g}x" for leverage in self.leverages))
        if self.opened_within_s is not None:
            said.append(f"opened={self.opened_within_s:g}s")
        return "".join(f" {word}" for word in said)


@dataclass(frozen=True, slots=True)
class Seen:
    """A view that was wished for, and what its past maps are made from."""

    view: MarketView
    parts: tuple[tuple[LayerSource, Part], ...] = ()
    """The modelled layers of which it is made; none where it is measured: its past is in the history."""

    def grid(self, window_ms: int) -> Grid | None:
        """Return the past maps of the `window_ms` up to the view; None where they are in the history."""
        grids = [source.grid_of(window_ms, part) for source, part in self.parts]
        return grids_together(grids) if grids else None


@dataclass(slots=True)
class Layers:
    """The newest view of each coin in each layer, and of modelled ones what views of a part are made from."""

    _views: dict[str, dict[Layer, MarketView]] = field(default_factory=dict[str, dict[Layer, MarketView]])
    _glimpses: dict[tuple[str, Layer], LayerSource] = field(
        default_factory=dict[tuple[str, Layer], LayerSource]
    )

    def keep(self, views: Iterable[MarketView], glimpses: Mapping[str, LayerSource]) -> None:
        """Take up the newest views of one layer, and by coin the glimpses that they were made from."""
        for view in views:
            self._views.setdefault(view.coin, {})[view.layer] = view
            glimpse = glimpses.get(view.coin)
            if glimpse is not None:
                self._glimpses[view.coin, view.layer] = glimpse

    def of(self, coin: str) -> list[MarketView]:
        """Return the newest view of each layer of `coin`, in the order in which they were first told."""
        return list(self._views.get(coin, {}).values())

    def venues(self, coin: str) -> dict[str, str]:
        """Return what `venue=` takes for `coin`, each with a word on what it is."""
        views = self.of(coin)
        named = {view.layer.venue.lower(): view.layer.label for view in views}
        modelled = [view for view in views if view.layer.basis is Basis.MODELLED]
        return named | ({MODELLED: "all modelled venues added up"} if len(modelled) > 1 else {})

    def beside(self, view: MarketView) -> MarketView:
        """Return `view` with what the other layers of its coin say, as far as it is fresh."""
        others = [other for other in self.of(view.coin) if other.layer != view.layer]
        return view.beside(
            other.elsewhere for other in others if abs(view.time_ms - other.time_ms) <= FRESH_MS
        )

    def seen(self, coin: str, wish: Wish) -> Seen:
        """Return the view of `coin` that is wished for. Raises `NoSuchLayerError` that says what there is."""
        views = self._wished(coin, wish)
        parts = [part for view in views for part in self.whole(view).parts]
        if wish.is_part:
            parts = [(source, _part(wish, source)) for source, _ in parts]
            views = [source.view_of(part) for source, part in parts]
        view = self.beside(views[0]) if len(views) == 1 else together(views)
        return Seen(view, tuple(parts))

    def whole(self, view: MarketView) -> Seen:
        """Return `view`, the newest of a layer, with what its past maps are made from."""
        glimpse = self._glimpses.get((view.coin, view.layer))
        return Seen(view) if glimpse is None else Seen(view, ((glimpse, WHOLE),))

    def _wished(self, coin: str, wish: Wish) -> list[MarketView]:
        views = self.of(coin)
        venue = wish.venue or (MODELLED if wish.is_part else MEASURED)
        name = _plain(venue)
        by_basis = [view for view in views if view.layer.basis.value == name]
        by_name = [view for view in views if name in (_plain(view.layer.venue), _plain(view.layer.label))]
        found = by_name[:1] or (by_basis[:1] if name == MEASURED else by_basis)
        if wish.is_part:
            found = [view for view in found if view.layer.basis is Basis.MODELLED]
        if found:
            return found
        raise NoSuchLayerError(_none_such(coin, venue, views, is_part=wish.is_part))


def _part(wish: Wish, source: LayerSource) -> Part:
    """Return the part that is wished for. Raises `NoSuchLayerError` for tiers that a venue does not have."""
    known = source.leverages
    if wish.leverages is not None and not any(leverage in known for leverage in wish.leverages):
        tiers = ", ".join(f"{leverage:g}x" for leverage in known)
        raise NoSuchLayerError(f"{source.layer.venue} has no such tier; it has {tiers or 'none'}")
    since_s = wish.opened_within_s
    return Part(wish.leverages, None if since_s is None else round(since_s * 1000))


def _leverages(text: str) -> tuple[float, ...]:
    words = [word.strip().lower().removesuffix("x") for word in text.split(",")]
    if not all(re.fullmatch(r"\d+(\.\d+)?", word) for word in words):
        raise NoSuchLayerError(f"tier={text} is no leverage tier; write tier=25x, or tier=50x,100x")
    return tuple(float(word) for word in words)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _none_such(coin: str, venue: str, views: Sequence[MarketView], *, is_part: bool) -> str:
    modelled = [view for view in views if view.layer.basis is Basis.MODELLED]
    if is_part and not modelled:
        return f"tier= and opened= single out modelled positions, and nothing is modelled of {coin}"
    names = [view.layer.venue.lower() for view in (modelled if is_part else views)]
    if len({view.layer.basis for view in views}) > 1:
        names += [MEASURED, MODELLED]
    near = nearest(venue, names)
    return f"{quoted(venue)} has no {coin} here. " + (
        f"Did you mean {near}?" if near else f"Choose from {listed(names)}"
    )
