"""Side series for tilting the model in a trial: funding, account ratio, traded volume."""

from dataclasses import dataclass

from liqbot.market.positions import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Asides:
    """Figures of the steps of a trial, in columns of shape (steps,); NaN where one is not known."""

    traded: Floats
    """Coins traded in the step."""
    funding: Floats
    """Funding rate per hour, above 0 where longs pay."""
    long_share: Floats
    """Accounts that are long, as a share of those that hold a position."""
