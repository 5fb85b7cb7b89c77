"""Other methods of modelling (sweep only, stack) on the same candles, for comparison with ours.

What is called models elsewhere differs in what becomes of a level once it is opened. Here it is closed with
open interest and gone once price was there; "sweep only" never closes, and "stack" keeps even what price has
been through.
"""

from dataclasses import replace

import numpy as np

from liqbot.engine.model_state import State
from liqbot.engine.modelled import ALL, Choice, Model
from liqbot.engine.trial.rivals import stacked, without_conservation
from liqbot.market.layer_source import Method
from liqbot.market.maps import BIN_WIDTH, Bins
from liqbot.market.positions import Floats, Ints


class StackedModel(Model):
    """A model whose levels stay whatever price does: those on the wrong side of it are out of sight only."""

    def coins_at(self, at: Ints, bins: Bins, choice: Choice = ALL) -> Floats:
        """Return all that was ever opened, shape (2 sides, n, bins); a choice of it cannot be made."""
        del choice
        if not len(at):
            return np.zeros((2, 0, bins.count))
        at = np.maximum(at, 0)
        stack = stacked(self, at, bins)
        held = self.base.between(bins.first, bins.first + bins.count).sum(axis=1)
        places = np.arange(bins.first, bins.first + bins.count)
        price = np.floor(np.log(self.steps.close[at]) / BIN_WIDTH)[:, np.newaxis]
        stack[0] += np.where(places < price, held[0], 0.0)
        stack[1] += np.where(places > price, held[1], 0.0)
        return stack


def by_method(model: Model, method: Method) -> Model:
    """Return the model as another method has it, from the first of the steps that are kept on."""
    if method is Method.CONSERVING or not len(model.steps):
        return model
    if method is Method.SWEEPING:
        free = without_conservation(model)
    else:
        free = StackedModel(*(getattr(model, name) for name in model.__dataclass_fields__))
    return replace(free, state=_last_state(free))


def _last_state(model: Model) -> State:
    """Return what a model has after its last step. What it has more than open interest has no residual."""
    last, near = model.state, Bins.around(float(model.steps.close[-1]))
    first = min(last.first, near.first)
    bins = Bins(first, max(last.stop, near.first + near.count) - first)
    held = model.coins_at(np.array([len(model.steps) - 1]), bins)[:, 0]
    coins = np.zeros((2, len(model.rungs), bins.count))
    coins[:, 0] = held
    residual = np.maximum(last.interest - held.sum(axis=1), 0.0)
    return State(last.time_ms, last.interest, bins.first, coins, residual)
