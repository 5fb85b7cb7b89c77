"""The public API of what flows through a market: liquidations, books, stop orders, cascades, a brief."""

from typing import Annotated

from litestar import Controller, Response, get
from litestar.params import FromPath, Parameter

from liqbot.rules.units import Unit, read_amount
from liqbot.service.books import BookAnswer
from liqbot.service.brief import BriefAnswer
from liqbot.service.cascades import CascadeAnswer
from liqbot.service.liquidations import LONGEST_S, SHORTEST_S, LiquidationsAnswer
from liqbot.service.screener import ScreenerAnswer
from liqbot.service.stops import StopsAnswer
from liqbot.web.api import Asked, Questions, Venue, coin_of
from liqbot.web.caching import json_answer
from liqbot.web.openapi import answers
from liqbot.web.parameters import only_known_parameters
from liqbot.web.problems import bad_request

Span = Annotated[str, Parameter(description="How far back: `1h`, `24h`, `7d`; at most 30d.", max_length=10)]


class FlowsApi(Controller):
    """What flows through a market, under /api/v1."""

    path = "/api/v1"
    guards = (only_known_parameters,)
    tags = ("flows",)

    @get(
        "/coins/{coin:str}/liquidations",
        summary="What was liquidated: by side and venue, the largest, the hour beside a usual one",
        responses=answers(LiquidationsAnswer),
    )
    async def liquidations(
        self,
        *,
        request: Asked,
        questions: Questions,
        coin: FromPath[str],
        window: Span = "24h",
        venue: Venue = None,
    ) -> Response[bytes | None]:
        """Return what was liquidated within a window."""
        name = coin_of(questions, coin)
        return json_answer(request, await questions.liquidations(name, _seconds(window), venue))

    @get(
        "/coins/{coin:str}/book",
        summary="The order book: imbalance, walls, what market orders would move; who holds what",
        responses=answers(BookAnswer),
    )
    async def book(
        self, *, request: Asked, questions: Questions, coin: FromPath[str], venue: Venue = None
    ) -> Response[bytes | None]:
        """Return the newest order book; `book` is null where none is known that is at most a minute old."""
        return json_answer(request, await questions.book(coin_of(questions, coin), venue))

    @get(
        "/coins/{coin:str}/stops",
        summary="Where stop-loss and take-profit orders wait, beside the liquidations on the same way",
        responses=answers(StopsAnswer),
    )
    async def stops(
        self, *, request: Asked, questions: Questions, coin: FromPath[str], venue: Venue = None
    ) -> Response[bytes | None]:
        """Return the stop orders, a layer of their own; `stops` is null where no venue tells of them."""
        return json_answer(request, await questions.stops(coin_of(questions, coin), venue))

    @get(
        "/coins/{coin:str}/cascade",
        summary="What a push would set off: what is forced, and where price would stop",
        responses=answers(CascadeAnswer),
    )
    async def cascade(
        self,
        *,
        request: Asked,
        questions: Questions,
        coin: FromPath[str],
        move: Annotated[float, Parameter(description="Percent, negative for a fall.", ge=-60, le=100)] = -3.0,
        venue: Venue = None,
    ) -> Response[bytes | None]:
        """Return what a push would set off; `stops` is null without depth of book."""
        return json_answer(request, await questions.cascade(coin_of(questions, coin), move, venue))

    @get(
        "/screener",
        summary="All coins by nearest cluster, fuel within 2%, imbalance or trapped share, a hundred a page",
        responses=answers(ScreenerAnswer),
    )
    async def screener(
        self,
        request: Asked,
        questions: Questions,
        sort: Annotated[
            str, Parameter(description="`nearest`, `fuel`, `imbalance` or `trapped`.", max_length=20)
        ] = "nearest",
        page: Annotated[int, Parameter(ge=1, le=1_000)] = 1,
    ) -> Response[bytes | None]:
        """Return one page of coins, of each the best layer that there is."""
        return json_answer(request, await questions.screener(sort, page))

    @get(
        "/coins/{coin:str}/brief",
        summary="What to check before a trade: map, context, liquidations, book, cascades",
        responses=answers(BriefAnswer),
    )
    async def brief(
        self, request: Asked, questions: Questions, coin: FromPath[str]
    ) -> Response[bytes | None]:
        """Return one coin from every side."""
        return json_answer(request, await questions.brief(coin_of(questions, coin)))


def _seconds(window: str) -> float:
    """Return a span of time in seconds. Raises `ProblemError`."""
    seconds = read_amount(window, Unit.SECONDS)
    if seconds is None or not SHORTEST_S <= seconds <= LONGEST_S:
        raise bad_request(f"There is no window {window!r}; write 1h, 24h or 7d, at most 30d.")
    return seconds
