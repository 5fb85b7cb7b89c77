"""What a trader checks before a trade, in one answer: map, context, liquidations, book, cascades."""

from dataclasses import dataclass

from liqbot.market.view import MarketView
from liqbot.service.books import BookAnswer, Books, book_answer
from liqbot.service.cascades import CascadeAnswer, Cascades, cascade_answer
from liqbot.service.liquidations import Liquidations, LiquidationsAnswer
from liqbot.service.market_answer import MarketAnswer, market_answer
from liqbot.service.markets import Markets

DAY_S = 86_400
PUSH_PCT = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefAnswer:
    """One coin, from every side."""

    market: MarketAnswer
    liquidations: LiquidationsAnswer
    """Of the last 24 hours."""
    book: BookAnswer
    fall: CascadeAnswer
    """What a fall of `PUSH_PCT` would set off."""
    rise: CascadeAnswer


def brief_of(view: MarketView, liquidations: LiquidationsAnswer) -> BriefAnswer:
    """Return what a view knows, and what was `liquidations` of the last day, as one answer."""
    return BriefAnswer(
        market=market_answer(view),
        liquidations=liquidations,
        book=book_answer(view, [], view.time_ms),
        fall=cascade_answer(view, -PUSH_PCT, view.time_ms),
        rise=cascade_answer(view, PUSH_PCT, view.time_ms),
    )


class Briefs:
    """Puts the answers of others together."""

    def __init__(
        self, markets: Markets, *, liquidations: Liquidations, books: Books, cascades: Cascades
    ) -> None:
        """Ask these."""
        self._markets = markets
        self._liquidations = liquidations
        self._books = books
        self._cascades = cascades

    async def brief(self, coin: str) -> BriefAnswer:
        """Return all that is worth a look before a trade. Raises `UserError`."""
        return BriefAnswer(
            market=await self._markets.market(coin),
            liquidations=await self._liquidations.liquidations(coin, DAY_S),
            book=await self._books.book(coin),
            fall=await self._cascades.cascade(coin, -PUSH_PCT),
            rise=await self._cascades.cascade(coin, PUSH_PCT),
        )
