"""Candles as venues trade them: the newest week by coin and layer, kept in memory for pictures."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from liqbot.market.candles import Candles
from liqbot.market.layer import Layer
from liqbot.market.updates import CandlesSeen

MOST = 7 * 24 * 60
"""Candles of a coin and layer that are kept: a week of minutes."""
_GATHERED = 256
"""So many pieces are gathered before they are joined: a candle a minute costs nothing until somebody asks."""
_COLUMNS = ("begin_ms", "open", "high", "low", "close", "volume")


@dataclass(slots=True)
class TradedCandles:
    """What sources have told of candles since the start. For one event loop; what it returns is immutable."""

    _pieces: dict[tuple[Layer, str], list[Candles]] = field(
        default_factory=dict[tuple[Layer, str], list[Candles]]
    )

    def take(self, layer: Layer, seen: CandlesSeen) -> None:
        """Take up candles of a layer; what is known already, or of another length, is passed over."""
        pieces = self._pieces.setdefault((layer, seen.coin), [])
        candles = seen.candles
        if pieces and candles.length_ms != pieces[0].length_ms:
            return
        if pieces:
            candles = candles.take(candles.begin_ms >= pieces[-1].until_ms)
        if len(candles):
            pieces.append(candles)
        if len(pieces) > _GATHERED:
            self.of(layer, seen.coin)

    def of(self, layer: Layer, coin: str) -> Candles | None:
        """Return the candles of a coin in a layer; None where the source tells of none."""
        pieces = self._pieces.get((layer, coin))
        if not pieces:
            return None
        if len(pieces) > 1:
            pieces[:] = [_joined(pieces)]
        return pieces[0]

    def first_of(self, layers: Iterable[Layer], coin: str) -> Candles | None:
        """Return the candles of the first of `layers` that has any."""
        return next((found for layer in layers if (found := self.of(layer, coin)) is not None), None)


def _joined(pieces: list[Candles]) -> Candles:
    columns = (np.concatenate([getattr(piece, name) for piece in pieces])[-MOST:] for name in _COLUMNS)
    return Candles(pieces[0].length_ms, *columns)
