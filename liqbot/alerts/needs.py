"""What a rule needs (both maps, a book, …) and an observation may lack: then silence says nothing."""

from collections.abc import Callable, Mapping

from liqbot.market.events import LiquidationSeen, LiquidationSum, Observation
from liqbot.market.layer import Basis
from liqbot.market.view import MarketView
from liqbot.rules.rule import Need, Rule


def lacking(rule: Rule, observation: Observation) -> list[Need]:
    """Return what the rule needs and an observation is without.

    Where no liquidation is told of, there may have been none: that is known of a longer time only.
    """
    return [need for need in sorted(rule.needs) if not _HAS[need](observation)]


def unknown_now(rule: Rule, view: MarketView) -> Need | None:
    """Return what the rule needs and nobody knows at the time of a view; None where it can be read."""
    known = lacking(rule, Observation(view))
    return next((need for need in known if need in _PASSING), None)


def _tells_liquidations(observation: Observation) -> bool:
    told = any(isinstance(event, LiquidationSeen | LiquidationSum) for event in observation.events)
    return told or observation.view.liquidated.long + observation.view.liquidated.short > 0


def _has_both_maps(observation: Observation) -> bool:
    return any(other.layer.basis is not observation.layer.basis for other in observation.view.others)


_HAS: Mapping[Need, Callable[[Observation], bool]] = {
    Need.ACCOUNTS: lambda seen: seen.layer.basis is Basis.MEASURED,
    Need.BOTH_MAPS: _has_both_maps,
    Need.BOOK: lambda seen: seen.view.depth is not None,
    Need.FUNDING: lambda seen: seen.view.funding is not None,
    Need.OPEN_INTEREST: lambda seen: seen.view.open_interest is not None,
    Need.LIQUIDATIONS: _tells_liquidations,
}
_PASSING = (Need.BOOK, Need.FUNDING, Need.OPEN_INTEREST)
"""What a source may have at one time and not at another."""
