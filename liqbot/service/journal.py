"""A chat's journal: notes on alerts, trades taken (levels of entry, stop, target), what became of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from liqbot.alerts.alert_message import headline
from liqbot.engine.trades import Result, TradeOutcome, outcome_of
from liqbot.market.price_path import Path
from liqbot.market.side import Side
from liqbot.rules.units import Unit, read_amount
from liqbot.rules.wording import quoted
from liqbot.service.errors import UserError
from liqbot.service.layers import LayerQuery
from liqbot.service.markets import Markets
from liqbot.store.alerts import Alert
from liqbot.store.chats import ChatKey
from liqbot.store.journal import JournalEntry
from liqbot.store.store import Store

__all__ = ["Journal", "JournalAnswer", "JournalEntry", "Kept", "Result", "RuleHits", "Trade", "TradeOutcome"]

SHOWN = 30
"""So many of the newest entries are looked at."""
LONGEST_NOTE = 500
MOST = 1_000
"""At most so many entries a chat has."""
_NAMES = ("entry", "stop", "target")


@dataclass(frozen=True, slots=True)
class Trade:
    """What was typed of a trade: levels in USD, and which side, where that was said."""

    entry: float | None = None
    stop: float | None = None
    target: float | None = None
    side: Side | None = None

    @staticmethod
    def of(text: str) -> "Trade":
        """Return what `62000 61000 65000` or `target=65000 side=long` says. Raises `UserError`."""
        levels: dict[str, float] = {}
        side: Side | None = None
        for place, word in enumerate(text.split()):
            name, equals, value = word.partition("=")
            if equals and name.lower() == "side":
                if value.lower() not in tuple(Side):
                    raise UserError("side={text} is neither long nor short.", text=quoted(value))
                side = Side(value.lower())
                continue
            own = name.lower() if equals else _NAMES[place] if place < len(_NAMES) else ""
            price = read_amount(value if equals else word, Unit.USD)
            if own not in _NAMES or price is None or price <= 0:
                raise UserError(
                    "{text} is no price. Write entry, stop and target: /took A12 62000 61000 65000",
                    text=quoted(word),
                )
            levels[own] = price
        return Trade(side=side, **levels)

    def way(self, entry: float, hinted: Side | None) -> Side:
        """Return on which side the trade is. Raises `UserError` for levels that contradict each other.

        Without a side, a target or a stop says it; without these, that of the alert: price is thought to go
        where the liquidations are.
        """
        votes = [Side.LONG if self.target > entry else Side.SHORT] if self.target is not None else []
        votes += [Side.LONG if self.stop < entry else Side.SHORT] if self.stop is not None else []
        votes += [self.side] if self.side is not None else []
        if len(set(votes)) > 1:
            raise UserError("Stop and target must lie on different sides of the entry.")
        if votes:
            return votes[0]
        if hinted is None:
            raise UserError("Which side? Add a target or a stop, or side=long or side=short.")
        return Side.SHORT if hinted is Side.LONG else Side.LONG


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry with its number, and what became of its trade; None for a note, and without a price since."""

    number: int
    entry: JournalEntry
    outcome: TradeOutcome | None


@dataclass(frozen=True, slots=True)
class RuleHits:
    """What became of the trades that were taken because of one rule."""

    rule: str
    hit: int
    """How many came to their target first."""
    stopped: int
    open: int
    multiple: float | None
    """Mean multiple of what was risked, of those that are over; None where none had a stop."""


@dataclass(frozen=True, slots=True)
class JournalAnswer:
    """A chat's own setups."""

    entries: tuple[Kept, ...]
    """The newest first."""
    count: int
    """How many there are in all."""
    rules: tuple[RuleHits, ...]


class Journal:
    """Writes down, and tells."""

    def __init__(self, store: Store, markets: Markets, clock: Callable[[], int]) -> None:
        """`clock` tells the time in ms since 1970 UTC."""
        self._store = store
        self._markets = markets
        self._clock = clock

    async def note(self, chat: ChatKey, number: int, text: str) -> JournalEntry:
        """Write a note on an alert of a chat down. Raises `UserError`."""
        if len(text) > LONGEST_NOTE:
            raise UserError("A note has at most {count} letters.", count=LONGEST_NOTE)
        return await self._add(chat, number, {"note": text})

    async def took(self, chat: ChatKey, number: int, trade: Trade) -> JournalEntry:
        """Write down that a trade was taken because of an alert; by default at the price of now."""
        alert = await self._alert(chat, number)
        view = self._markets.seen(alert.market, LayerQuery()).view
        entry = view.spot if trade.entry is None else trade.entry
        own = {"side": trade.way(entry, alert.hit.side), "entry": entry, "stop": trade.stop}
        return await self._add(chat, number, own | {"target": trade.target, "since_ms": view.time_ms})

    async def journal(self, chat: ChatKey) -> JournalAnswer:
        """Return a chat's entries, and what the market made of its trades."""
        entries = await self._store.journal.of(chat, SHOWN)
        kept = [Kept(number, entry, await self._outcome(entry)) for number, entry in entries]
        rules = dict.fromkeys(one.entry.rule for one in kept if one.outcome is not None)
        hits = [_hits(rule, [one.outcome for one in kept if one.entry.rule == rule]) for rule in rules]
        return JournalAnswer(tuple(kept), await self._store.journal.count(chat), tuple(hits))

    async def _alert(self, chat: ChatKey, number: int) -> Alert:
        told = await self._store.alerts.told(chat, number)
        if told is None:
            raise UserError("This chat got no alert A{number}. Alerts are kept for 30 days.", number=number)
        return told.alert

    async def _add(self, chat: ChatKey, number: int, own: Mapping[str, object]) -> JournalEntry:
        if await self._store.journal.count(chat) >= MOST:
            raise UserError("The journal is full: it has {count} entries.", count=MOST)
        alert = await self._alert(chat, number)
        now_ms = self._clock()
        fields: dict[str, object] = {
            "created_ms": now_ms,
            "alert": number,
            "coin": alert.market,
            "rule": alert.rule,
            "layer": alert.layer,
            "headline": headline(alert),
            **own,
        }
        entry = JournalEntry(**fields)  # pyright: ignore[reportArgumentType] - by name, from right above
        await self._store.journal.add(chat, entry, now_ms)
        return entry

    async def _outcome(self, entry: JournalEntry) -> TradeOutcome | None:
        if entry.side is None or entry.entry is None:
            return None
        view = self._markets.view(entry.coin)
        if view is None:
            return None
        path: Path = await self._store.history.path(view.layer, entry.coin, entry.since_ms, 2**62)
        return outcome_of(entry.side, entry.entry, path, entry.since_ms, stop=entry.stop, target=entry.target)


def _hits(rule: str, outcomes: list[TradeOutcome | None]) -> RuleHits:
    found = [one for one in outcomes if one is not None]
    counts = {result: sum(one.result is result for one in found) for result in Result}
    over = [one.multiple for one in found if one.result is not Result.OPEN and one.multiple is not None]
    multiple = sum(over) / len(over) if over else None
    return RuleHits(rule, counts[Result.TARGET], counts[Result.STOP], counts[Result.OPEN], multiple)
