"""The public API of what is kept for long: readings of the past, and what became of clusters."""

from typing import Annotated

import msgspec
from litestar import Controller, Response, get
from litestar.params import FromPath, Parameter

from liqbot.service.past_readings import PastAnswer
from liqbot.service.scoreboards import ScoreboardAnswer
from liqbot.service.status import ModelScore
from liqbot.web.api import Asked, Bodies, Questions, Venue, Window, coin_of, known_window, part_of
from liqbot.web.caching import Body, answered, json_answer, json_body
from liqbot.web.openapi import answers
from liqbot.web.parameters import only_known_parameters
from liqbot.web.ports import WebQuestions

MINUTE_S = 60
"""So long an answer is given again: of a year it takes the bot half a second."""


class ModelScoresAnswer(msgspec.Struct, frozen=True):
    """How the modelled maps fared against the truth, at the last daily trial."""

    scores: list[ModelScore]


class RecordsApi(Controller):
    """What is kept for long, under /api/v1."""

    path = "/api/v1"
    guards = (only_known_parameters,)
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
        bodies: Bodies,
        coin: FromPath[str],
        window: Window = "30d",
        venue: Venue = None,
    ) -> Response[bytes | None]:
        """Return the readings of a window, at most 400, the oldest first."""
        known_window(questions, window)
        name = coin_of(questions, coin)

        async def make() -> Body:
            return json_body(await questions.past(name, window, part_of(venue, None, None)))

        asked = "readings", name, window, venue, _minute(questions)
        return answered(request, await bodies.get(asked, None, make), max_age_s=MINUTE_S)

    @get(
        "/coins/{coin:str}/scoreboard",
        summary="What became of clusters: how many were reached, beside fair rivals, with intervals",
        responses=answers(ScoreboardAnswer),
    )
    async def scoreboard(
        self,
        *,
        request: Asked,
        questions: Questions,
        bodies: Bodies,
        coin: FromPath[str],
        window: Window = "30d",
        within: Annotated[str, Parameter(description="How near to spot: `5%`.", max_length=10)] = "5%",
        least: Annotated[str, Parameter(description="Of how many USD at least: `5M`.", max_length=20)] = "0",
        venue: Venue = None,
    ) -> Response[bytes | None]:
        """Return the scoreboard of a window."""
        known_window(questions, window)
        settings = {"within": within, "least": least, **part_of(venue, None, None)}
        name = coin_of(questions, coin)

        async def make() -> Body:
            return json_body(await questions.scoreboard(name, window, settings))

        asked = "scoreboard", name, window, within, least, venue, _minute(questions)
        return answered(request, await bodies.get(asked, None, make), max_age_s=MINUTE_S)

    @get(
        "/model-scores",
        summary="How the modelled maps fare against known positions and liquidations, kept up daily",
        responses=answers(ModelScoresAnswer, found_by_name=False),
    )
    async def model_scores(self, *, request: Asked, questions: Questions) -> Response[bytes | None]:
        """Return the newest score of each coin and layer."""
        return json_answer(request, ModelScoresAnswer(list(await questions.model_scores())), max_age_s=60)


def _minute(questions: WebQuestions) -> int:
    return questions.now_ms() // (MINUTE_S * 1000)
