"""What the source says of itself to `/status` and `liqbot doctor`."""

import difflib
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from liqbot.sources.hyperliquid.reading import dex_of
from liqbot.sources.source import Report, unheard

if TYPE_CHECKING:
    from liqbot.sources.hyperliquid.source import Hyperliquid


WITHOUT_STREAM = "Prices and positions are still asked for; liquidations are missed and books are old"
"""What is lost where nothing comes over the websocket."""


def report_of(source: "Hyperliquid") -> Report:
    """Return how the source is doing, as of now. Called on the event loop."""
    lines = [line for line in _lines(source) if line]
    refused = Counter(source.poller.refused)
    for part in (source.feed, source.frames, source.depth, source.candles):
        refused += part.refused
    refused["a frame that made no sense"] += source.stream.refused + source.account_stream.refused
    if source.provider is not None:
        refused["a liquidation that made no sense"] += source.provider.refused
    if source.node is not None:
        refused += source.node.refused
    if source.stop_feed is not None:
        refused += source.stop_feed.refused
    return Report(
        tuple(lines),
        +refused,
        tuple(source.cross_check.readings.values()),
        missing=dict(_missing(source)),
        lacking=_lacking(source),
    )


def _lines(source: "Hyperliquid") -> Iterator[str]:
    roster, budget, feed = source.roster, source.budget, source.feed
    limit = f" of {budget.limit:,.0f}" if budget.limit else ""
    if source.is_recalling:
        yield f"{roster.known_again:.0%} of what was known before the restart is known again"
    yield f"{len(roster):,} accounts known, {roster.asked:,} of them asked"
    yield f"in the last minute {source.poller.a_minute:,} polls, {budget.spent:,.0f}{limit} weight"
    yield source.poller.batches.words
    yield from _line_of_parts(source)
    if not feed.coins:
        yield f"no prices yet: {next(iter(feed.failures.values()), 'no answer so far')}"
    if roster.failed:
        yield f"{roster.failed:,} polls failed; the last: {source.poller.last_failure}"
    if budget.refusals:
        yield f"{budget.refusals:,}× told to slow down"
    if source.stream.reconnects:
        yield f"{source.stream.reconnects:,}× reconnected"
    unread_usd = float(roster.column("unread").sum())
    if unread_usd:
        yield f"positions of ${unread_usd:,.0f} could not be read, and stand as they were"


def _line_of_parts(source: "Hyperliquid") -> Iterator[str]:
    """Yield what there is to say of those that tell more than positions and prices."""
    if source.node is not None:
        yield source.node.words
    if source.stop_feed is not None:
        yield source.stop_feed.words
    pushed = len(source.watched.pushed)
    if pushed:
        yield f"{pushed:,} accounts are streamed"
    if source.provider is not None:
        yield source.provider.words
    yield source.watched.words
    yield source.modes.words()


def _lacking(source: "Hyperliquid") -> dict[str, str]:
    """Return the coins that are listed nowhere, each with the market that may be meant."""
    listed, silent = source.feed.listed, source.feed.failures
    unlisted = [coin for coin in source.coins if coin not in listed and dex_of(coin) not in silent]
    return {coin: _meant(coin, listed)[0] for coin in unlisted} if listed else {}


def _missing(source: "Hyperliquid") -> Iterator[tuple[str, str]]:
    """Yield each coin, or dex, of which there is nothing at the moment, and why."""
    feed = source.feed
    streams = {"the websocket": source.stream, "the websocket of accounts": source.account_stream}
    for name, stream in streams.items():
        if stream.trouble:
            yield name, f"{unheard(source.name, stream.trouble, WITHOUT_STREAM)}."
    for dex, reason in feed.failures.items():
        if dex:
            yield dex, reason
    for coin in source.coins:
        if coin in feed.coins or not feed.listed or dex_of(coin) in feed.failures:
            continue
        if coin in feed.listed:
            yield coin, "no price yet"
        else:
            yield coin, "no such market" + _nearest(coin, feed.listed)


def _nearest(coin: str, listed: Collection[str]) -> str:
    """Say which market may be meant; nothing where none is near."""
    market, is_surely = _meant(coin, listed)
    if not market:
        return ""
    return f"; it is called {market} there" if is_surely else f"; the nearest is {market}"


def _meant(coin: str, listed: Collection[str]) -> tuple[str, bool]:
    """Return which market may be meant, and whether it surely is: spelled otherwise, or kPEPE for PEPE."""
    by_spelling = {name.lower(): name for name in listed}
    spelling = coin.lower().removesuffix("usdt").removeprefix("1000").rstrip("-/_")
    for wanted in (spelling, f"k{spelling}"):
        if wanted in by_spelling:
            return by_spelling[wanted], True
    close = difflib.get_close_matches(spelling, by_spelling, n=1)
    return (by_spelling[close[0]], False) if close else ("", False)
