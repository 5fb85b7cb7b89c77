"""The commands that show what flows through a market: liquidations as they happened."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from liqbot.chat import flow_words as words
from liqbot.chat.command import Coin, CommandContext, Settings, Span, command
from liqbot.message import Button, Message
from liqbot.rules.wording import quoted
from liqbot.service.errors import UserError
from liqbot.service.liquidations import LiquidationsAnswer
from liqbot.text import _

_PLAIN: Mapping[str, str] = MappingProxyType({})
_DAY_S = 86_400.0
_SPANS = ("1h", "4h", "24h", "7d")


@command(public=True, takes=("venue",))
async def liquidations(
    context: CommandContext, coin: Coin, window: Span = _DAY_S, settings: Settings = _PLAIN
) -> Message:
    """What was liquidated lately: sums by side and venue, the largest, the last hour beside a usual one.

    All venues of which the bot hears are added up; venue=binance shows one alone. Who tells only some of its
    liquidations is named, and its sums are lower bounds.
    """
    unknown = [name for name in settings if name != "venue"]
    if unknown:
        raise UserError("There is no {name} here, only venue=.", name=quoted(unknown[0]))
    venue = settings.get("venue")
    answer = await context.services.liquidations.liquidations(coin, window, venue=venue)
    chosen = "" if venue is None else f" venue={venue}"
    actions = [Button(span, f"/liquidations {coin} {span}{chosen}", renews=True) for span in _SPANS]
    return told_liquidations(answer, (*actions, Button(_("Heatmap"), f"/heatmap {coin} 24h")))


def told_liquidations(answer: LiquidationsAnswer, actions: Sequence[Button] = ()) -> Message:
    """Return what was liquidated, as a message."""
    return Message(
        title=words.title(answer),
        facts=tuple(words.facts(answer)),
        tables=tuple(words.tables(answer)),
        notes=tuple(words.notes(answer)),
        tone=words.tone(answer),
        actions=tuple(actions),
        time_ms=answer.time_ms,
        provenance=words.sources(answer),
    )


COMMANDS = (liquidations,)
