"""Which layer a watch reads: the best that is heard, rank, waiting for a better one, falling back.

Live before recorded before simulated; then measured before modelled; then the order in which the sources are
set. The choice sticks, so that a source that comes and goes does not bring every alert twice:

- After the start, a better layer that has not spoken yet is waited for, `WAIT_MS` long.
- A layer that tells nothing of a coin for `SILENT_MS` is silent: the best one that speaks takes its place.
- A better layer takes its place back once it has told without such a pause for `RETURN_MS`.

Times are those of the clock, in ms since 1970 UTC: markets of several origins live in several times.

Not here: what `venue=` takes in questions (`service/layers.py`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from liqbot.market.layer import Basis, Layer, Origin

MINUTE_MS = 60_000
WAIT_MS = 15 * MINUTE_MS
SILENT_MS = 15 * MINUTE_MS
RETURN_MS = 10 * MINUTE_MS
BEST, MEASURED, MODELLED = "", Basis.MEASURED.value, Basis.MODELLED.value
"""What a watch may name instead of a venue."""
_ORIGINS = tuple(Origin)
_BASES = (Basis.MEASURED, Basis.MODELLED)


@dataclass(frozen=True, slots=True)
class Heard:
    """When a layer has told of a coin."""

    since_ms: int
    """Since when it has, without falling silent."""
    last_ms: int


def choose(
    ranked: Sequence[Layer],
    heard: Mapping[Layer, Heard],
    current: Layer | None,
    *,
    gone: Collection[Layer],
    started_ms: int,
    now_ms: int,
) -> Layer | None:
    """Return which of the layers `ranked`, the best first, is read now; None to wait for a better one.

    `current` is the one that is read; None at the start. Those that are `gone` will tell nothing any more.
    """
    speaking = [layer for layer in ranked if layer not in gone and _speaks(heard.get(layer), now_ms)]
    if current is None:
        awaited = () if now_ms - started_ms >= WAIT_MS else ranked
        first = next((layer for layer in awaited if layer not in gone), None)
        return first if first in speaking else None if first is not None else next(iter(speaking), None)
    if current not in speaking:
        return next(iter(speaking), current)
    better = speaking[: speaking.index(current)]
    return next((layer for layer in better if now_ms - heard[layer].since_ms >= RETURN_MS), current)


def rank(layers: Iterable[Layer]) -> list[Layer]:
    """Return layers, the best first; those that are as good stay in their order."""
    return sorted(
        dict.fromkeys(layers), key=lambda layer: (_ORIGINS.index(layer.origin), _BASES.index(layer.basis))
    )


def fits(layer: Layer, venue: str) -> bool:
    """Return whether a watch of that `venue` may read a layer."""
    if venue in (MEASURED, MODELLED):
        return layer.basis.value == venue
    return venue == BEST or plain(layer.venue) == plain(venue)


def plain(name: str) -> str:
    """Return a venue's name without what people write differently."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


class LayerChoices:
    """What has been chosen so far, by coin and by what was asked for."""

    def __init__(self, expected: Iterable[Layer] = (), started_ms: int = 0) -> None:
        """Expect the layers of the sources, in their order, from `started_ms` on."""
        self._layers = list(dict.fromkeys(expected))
        self._started_ms = started_ms
        self._gone: set[Layer] = set()
        self._heard: dict[str, dict[Layer, Heard]] = {}
        self._current: dict[tuple[str, str], Layer] = {}

    @property
    def layers(self) -> Sequence[Layer]:
        """The layers that there are or will be, in the order of their sources."""
        return tuple(self._layers)

    def begin(self, now_ms: int) -> None:
        """Wait for better layers from now on."""
        self._started_ms = now_ms

    def hear(self, coin: str, layer: Layer, now_ms: int) -> None:
        """Note that a layer has told of a coin."""
        if layer not in self._layers:
            self._layers.append(layer)
        heard = self._heard.setdefault(coin, {})
        before = heard.get(layer)
        since_ms = before.since_ms if before is not None and _speaks(before, now_ms) else now_ms
        heard[layer] = Heard(since_ms, now_ms)

    def lose(self, layer: Layer) -> None:
        """Note that a layer will tell nothing any more."""
        self._gone.add(layer)

    def regain(self, layer: Layer) -> None:
        """Note that a layer tells again that was lost here: another process follows it."""
        self._gone.discard(layer)

    def chosen(self, coin: str, venue: str, now_ms: int) -> Layer | None:
        """Return the layer that watches of that coin and `venue` read; None while there is none."""
        ranked = self._ranked(venue)
        current = choose(
            ranked,
            self._heard.get(coin, {}),
            self._current.get((coin, venue)),
            gone=self._gone,
            started_ms=self._started_ms,
            now_ms=now_ms,
        )
        if current is not None:
            self._current[coin, venue] = current
        return current

    def shown(self, coin: str, venue: str, now_ms: int) -> Layer | None:
        """Return the layer that people see: the chosen one; before there is one, the best that has spoken."""
        heard = self._heard.get(coin, {})
        chosen = self.chosen(coin, venue, now_ms)
        return chosen or next((layer for layer in self._ranked(venue) if layer in heard), None)

    def silent(self, coin: str, venue: str, layer: Layer, now_ms: int) -> Layer | None:
        """Return the best layer of those before `layer` that have told of the coin, and are silent now.

        None where nothing better is lacking. One of which nothing was ever heard is lacking as well, unless
        it tells of other coins: then it does not have this one.
        """
        ranked = self._ranked(venue)
        better = ranked[: ranked.index(layer)] if layer in ranked else []
        heard = self._heard.get(coin, {})
        elsewhere = {other for each in self._heard.values() for other in each}
        lacking = (
            one
            for one in better
            if not (one in self._gone and one not in heard) and (one in heard or one not in elsewhere)
        )
        return next(
            (one for one in lacking if one in self._gone or not _speaks(heard.get(one), now_ms)), None
        )

    def _ranked(self, venue: str) -> list[Layer]:
        return rank(layer for layer in self._layers if fits(layer, venue))


def _speaks(heard: Heard | None, now_ms: int) -> bool:
    return heard is not None and now_ms - heard.last_ms < SILENT_MS
