"""Layers of each coin: which there are, and what `venue=`, `tier=`, `opened=` ask for (LayerQuery).

Not here: which one a watch reads (`alerts/layer_choice.py`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from liqbot.engine.combined_venues import combine_grids, combine_views
from liqbot.market.grid import Grid
from liqbot.market.layer import Basis, Layer
from liqbot.market.layer_source import WHOLE, LayerSource, Part
from liqbot.market.view import MarketView
from liqbot.rules.units import Unit, read_amount, show_amount
from liqbot.rules.wording import nearest, quoted
from liqbot.service.errors import UserError
from liqbot.text import _
from liqbot.text.figures import listed

FRESH_MS = 3_600_000
"""A layer that is this much older than a view has nothing to say beside it."""
_REMEMBERED = 32
"""So many questions of a coin are answered again without work, until a layer of it has a newer view."""
MEASURED, MODELLED = "measured", "modelled"
"""What `venue=` takes besides a venue: whatever is measured, and all modelled venues added up."""


def venue_of(settings: Mapping[str, str]) -> str | None:
    """Return the venue that is asked for; None for any. Raises `UserError` where none is named."""
    venue = settings.get("venue")
    if venue is not None and not venue.strip():
        raise UserError("venue= names no venue. Write venue=binance, venue=measured or venue=modelled.")
    return venue


@dataclass(frozen=True, slots=True)
class LayerQuery:
    """Which layer, and which part of it; nothing means the coin's own view."""

    venue: str | None = None
    leverages: tuple[float, ...] | None = None
    opened_within_s: float | None = None

    @staticmethod
    def of(settings: Mapping[str, str]) -> "LayerQuery":
        """Read `venue=binance`, `tier=25x` or `tier=50x,100x`, `opened=24h`. Raises `UserError`."""
        unknown = [name for name in settings if name not in ("venue", "tier", "opened")]
        if unknown:
            raise UserError(
                "There is no {name} here, only venue=, tier= and opened=.", name=quoted(unknown[0])
            )
        tier, opened = settings.get("tier"), settings.get("opened")
        seconds = None if opened is None else read_amount(opened, Unit.SECONDS)
        if opened is not None and not (seconds and seconds > 0):
            raise UserError("opened={text} is no span of time. Write opened=24h or opened=7d.", text=opened)
        return LayerQuery(venue_of(settings), None if tier is None else _leverages(tier), seconds)

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
            span = show_amount(self.opened_within_s, Unit.SECONDS)
            said.append(f"opened={span.replace(' ', '')}")
        return "".join(f" {word}" for word in said)


@dataclass(frozen=True, slots=True)
class Seen:
    """A view that was asked for, and what its past maps are made from."""

    view: MarketView
    parts: tuple[tuple[LayerSource, Part], ...] = ()
    """The modelled layers of which it is made; none where it is measured: its past is in the history."""
    summed: tuple[MarketView, ...] = ()
    """The views of which it is the sum, the largest venue first; none where it is of one layer."""

    @property
    def is_part(self) -> bool:
        """Whether it is of a part of the positions: of that there is neither a log nor a history."""
        return any(part != WHOLE for _, part in self.parts)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers under which its past is kept."""
        return (
            tuple(one.layer for one in self.summed)
            or tuple(source.layer for source, _ in self.parts)
            or (self.view.layer,)
        )

    def grid(self, window_ms: int) -> Grid | None:
        """Return the past maps of the `window_ms` up to the view; None where they are in the history."""
        grids = [source.grid_of(window_ms, part) for source, part in self.parts]
        return combine_grids(grids) if grids else None


@dataclass(slots=True)
class Layers:
    """The newest view of each coin in each layer, and of modelled ones what views of a part are made from."""

    _views: dict[str, dict[Layer, MarketView]] = field(default_factory=dict[str, dict[Layer, MarketView]])
    _snapshots: dict[tuple[str, Layer], LayerSource] = field(
        default_factory=dict[tuple[str, Layer], LayerSource]
    )
    _answered: dict[str, dict[LayerQuery, Seen]] = field(default_factory=dict[str, dict[LayerQuery, Seen]])
    """What was seen of a coin since its newest view came: the same question has the very same view."""

    def keep(self, views: Iterable[MarketView], snapshots: Mapping[str, LayerSource]) -> None:
        """Take up the newest views of one layer, and by coin the snapshots that they were made from."""
        for view in views:
            self._answered.pop(view.coin, None)
            self._views.setdefault(view.coin, {})[view.layer] = view
            snapshot = snapshots.get(view.coin)
            if snapshot is not None:
                self._snapshots[view.coin, view.layer] = snapshot

    def all(self) -> list[MarketView]:
        """Return the newest view of each layer of every coin."""
        return [view for views in self._views.values() for view in views.values()]

    def view(self, coin: str, layer: Layer) -> MarketView | None:
        """Return the newest view of `coin` in a layer; None where there is none."""
        return self._views.get(coin, {}).get(layer)

    def of(self, coin: str) -> list[MarketView]:
        """Return the newest view of each layer of `coin`, in the order in which they were first told."""
        return list(self._views.get(coin, {}).values())

    def venues(self, coin: str) -> dict[str, str]:
        """Return what `venue=` takes for `coin`, each with a word on what it is."""
        views = self.of(coin)
        named = {view.layer.venue.lower(): view.layer.label for view in views}
        modelled = [view for view in views if view.layer.basis is Basis.MODELLED]
        return named | ({MODELLED: _("all modelled venues added up")} if len(modelled) > 1 else {})

    def beside(self, view: MarketView) -> MarketView:
        """Return `view` with what the other layers of its coin say, as far as it is fresh."""
        others = [other for other in self.of(view.coin) if other.layer != view.layer]
        return view.beside(
            other.elsewhere for other in others if abs(view.time_ms - other.time_ms) <= FRESH_MS
        )

    def seen(self, coin: str, query: LayerQuery) -> Seen:
        """Return the view of `coin` that is asked for. Raises `UserError` that says what there is."""
        answered = self._answered.setdefault(coin, {})
        seen = answered.get(query)
        if seen is None:
            seen = self._made(coin, query)
            if len(answered) >= _REMEMBERED:
                del answered[next(iter(answered))]
            answered[query] = seen
        return seen

    def _made(self, coin: str, query: LayerQuery) -> Seen:
        views = self._found(coin, query)
        parts = [part for view in views for part in self.whole(view).parts]
        if query.is_part:
            if not parts:  # what a part is made of has no form on the wire
                raise UserError(
                    "tier= and opened= are not known here: another process of this bot models {coin}.",
                    coin=coin,
                )
            parts = [(source, _part(query, source)) for source, _whole in parts]
            views = [source.view_of(part) for source, part in parts]
        if len(views) == 1:
            return Seen(self.beside(views[0]), tuple(parts))
        largest_first = sorted(views, key=lambda view: -(view.open_interest_usd or 0.0))
        return Seen(combine_views(views), tuple(parts), tuple(largest_first))

    def whole(self, view: MarketView) -> Seen:
        """Return `view`, the newest of a layer, with what its past maps are made from."""
        snapshot = self._snapshots.get((view.coin, view.layer))
        return Seen(view) if snapshot is None else Seen(view, ((snapshot, WHOLE),))

    def _found(self, coin: str, query: LayerQuery) -> list[MarketView]:
        views = self.of(coin)
        venue = query.venue or (MODELLED if query.is_part else MEASURED)
        name = _plain(venue)
        by_basis = [view for view in views if view.layer.basis.value == name]
        by_name = [view for view in views if name in (_plain(view.layer.venue), _plain(view.layer.label))]
        found = by_name[:1] or (by_basis[:1] if name == MEASURED else by_basis)
        if query.is_part:
            found = [view for view in found if view.layer.basis is Basis.MODELLED]
        if found:
            return found
        raise _none_such(coin, venue, views, is_part=query.is_part)


def _part(query: LayerQuery, source: LayerSource) -> Part:
    """Return the part that is asked for. Raises `UserError` for tiers that a venue does not have."""
    known = source.leverages
    if query.leverages is not None and not any(leverage in known for leverage in query.leverages):
        raise UserError(
            "{venue} has no such tier. It has {tiers}.",
            venue=source.layer.venue,
            tiers=listed([f"{leverage:g}x" for leverage in known]) or _("none"),
        )
    since_s = query.opened_within_s
    return Part(query.leverages, None if since_s is None else round(since_s * 1000))


def _leverages(text: str) -> tuple[float, ...]:
    words = [word.strip().lower().removesuffix("x") for word in text.split(",")]
    if not all(re.fullmatch(r"\d+(\.\d+)?", word) for word in words):
        raise UserError("tier={text} is no leverage tier. Write tier=25x or tier=50x,100x.", text=text)
    return tuple(float(word) for word in words)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _none_such(coin: str, venue: str, views: Sequence[MarketView], *, is_part: bool) -> UserError:
    modelled = [view for view in views if view.layer.basis is Basis.MODELLED]
    if is_part and not modelled:
        return UserError(
            "tier= and opened= single out modelled positions, and nothing is modelled of {coin}.", coin=coin
        )
    names = [view.layer.venue.lower() for view in (modelled if is_part else views)]
    if len({view.layer.basis for view in views}) > 1:
        names += [MEASURED, MODELLED]
    near = nearest(venue, names)
    if near:
        return UserError(
            "{venue} has no {coin} here. Did you mean {near}?", venue=quoted(venue), coin=coin, near=near
        )
    return UserError(
        "{venue} has no {coin} here. Choose from {names}.",
        venue=quoted(venue),
        coin=coin,
        names=listed(names),
    )
