"""The public API of what is kept for long: readings of the past, and what became of clusters."""

from litestar import Controller, Response, get
from litestar.params import FromPath

from liqbot.service.past_readings import PastAnswer
from liqbot.web.api import Asked, Questions, Venue, Window, coin_of, known_window, part_of
from liqbot.web.caching import json_answer
from liqbot.web.openapi import answers


class RecordsApi(Controller):
    """What is kept for long, under /api/v1."""

    path = "/api/v1"
    tags = ("records",)

    @get(
        "/coins/{coin:str}/readings",
        summary="Ratio, regime and fuel by the hour, and what price did after each regime began",
        responses=answers(PastAnswer),
    )
    async def readings(
        self,
        *,
        request: Asked,
        questions: Questions,
        coin: FromPath[str],
        window: Window = "30d",
        venue: Venue = None,
    ) -> Response[bytes | None]:
        """Return the readings of a window, at most 400, the oldest first."""
        known_window(questions, window)
        name = coin_of(questions, coin)
        return json_answer(request, await questions.past(name, window, part_of(venue, None, None)))
