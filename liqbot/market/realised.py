"""How much of what a modelled layer has is really liquidated where price goes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedShare:
    """Of the dollars that stand at modelled levels, the share (above 0) liquidated once price is there.

    Most people close before, or add margin. What stands and what is liquidated are two figures: `$120M
    stands there, of such levels 9% were liquidated`.
    """

    value: float
    low: float
    high: float
    """95% of what it may be lies from `low` to `high`."""
    days: float
    """Of so many days the venue's own liquidations are in it; 0 where it reports none: then it is what was
    found elsewhere."""
    is_lower_bound: bool
    """Whether the venue reports only some of its liquidations."""

    def of(self, standing_usd: float) -> float:
        """Return how many of `standing_usd` USD are likely to be liquidated when price gets there."""
        return self.value * standing_usd
