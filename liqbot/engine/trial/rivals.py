"""What the modelled map has to beat: the same levels without its two ideas, and no levels at all."""

from dataclasses import replace

import numpy as np

from liqbot.engine.model_flow import Flow
from liqbot.engine.model_steps import boxes, least_opened
from liqbot.engine.modelled import Model
from liqbot.market.maps import Bins
from liqbot.market.positions import Floats, Ints


def without_conservation(model: Model) -> Model:
    """Return "sweep only": what is opened stays as it is until price goes through it; nothing ever closes."""
    flow = _opened_freely(model)
    return replace(model, flows=(flow, flow))


def stacked(model: Model, at: Ints, bins: Bins) -> Floats:
    """Return "stack without sweeping", shape (2 sides, n, bins): all that was ever opened.

    What lies on the wrong side of price is not drawn, but comes back when price does, as in many public
    scripts. `at` are places of steps, from 0 up, and never fall.
    """
    opened = _opened_freely(model).opened
    stack = np.zeros((2, len(at), bins.count))
    places = np.arange(bins.first, bins.first + bins.count)
    last = int(at[-1]) + 1
    column, width = np.searchsorted(at, np.arange(last)), bins.count + 1
    start = column[:, np.newaxis] * width
    for row in range(2):
        box = boxes(model.steps, model.rungs, row).until(last)
        each = (box.share * opened[:last, np.newaxis]).reshape(-1)
        slope = np.zeros(len(at) * width)
        for ends, sign in ((box.first, 1), (box.stop, -1)):
            place = start + np.clip(ends - bins.first, 0, bins.count)
            slope += sign * np.bincount(place.reshape(-1), each, len(slope))
        slope = slope.reshape(len(at), width)[:, :-1]
        stack[row] = np.maximum(np.cumsum(np.cumsum(slope, axis=1), axis=0), 0.0)
        reach = box.reach[at][:, np.newaxis]
        stack[row] *= places > reach if row else places < reach
    return stack


def _opened_freely(model: Model) -> Flow:
    base = model.base
    opened = least_opened(model.steps, model.assumptions.turnover_per_hour, base.time_ms, base.interest)
    return Flow(np.ones(len(opened)), opened, np.zeros(len(opened)))
