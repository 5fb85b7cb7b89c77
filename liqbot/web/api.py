"""The public API: read-only, without a key. JSON of the same answers as the chats."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

import msgspec
from litestar import Controller, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import TooManyRequestsException
from litestar.params import FromPath, Parameter
from litestar.response import Stream

from liqbot import __version__
from liqbot.market.grid import Grid
from liqbot.market.layer import Basis, Layer
from liqbot.market.view import MarketView
from liqbot.service.errors import UserError
from liqbot.web.answers import (
    ClustersAnswer,
    GridAnswer,
    LayerAnswer,
    ViewAnswer,
    clusters_answer,
    grid_answer,
    view_answer,
)
from liqbot.web.caching import Body, BodyCache, answered, json_answer, json_body
from liqbot.web.hyperperps import HyperPerpsAnswer, hyperperps_answer
from liqbot.web.openapi import ERRORS, answers, problems
from liqbot.web.parameters import only_known_parameters
from liqbot.web.ports import AlertSeen, DayReading, Happening, WebQuestions
from liqbot.web.problems import bad_request, not_found, not_yet
from liqbot.web.pushes import Pushes, TooManyStreamsError
from liqbot.web.remembered import remember

Asked = Request[None, None, State]
Questions = NamedDependency[WebQuestions]
Bodies = NamedDependency[BodyCache]
Venue = Annotated[
    str | None,
    Parameter(description="A venue, `measured` or `modelled`; without it the best there is.", max_length=60),
]
Tier = Annotated[str | None, Parameter(description="Leverage tiers of a modelled map: `25x`.", max_length=60)]
Opened = Annotated[str | None, Parameter(description="Only what was opened so lately: `24h`.", max_length=20)]
Window = Annotated[str, Parameter(description="How far back: `12h`, `24h`, `3d` …", max_length=10)]
Limit = Annotated[int, Parameter(ge=1, le=1_000, description="At most so many.")]

NO_COIN_YET = "The market is still being read: no coin is known yet."


class CoinAnswer(msgspec.Struct, frozen=True):
    """A coin, and in which layers it is known; the first is the one that is shown."""

    coin: str
    spot: float
    regime: str
    layers: list[LayerAnswer]


class CoinsAnswer(msgspec.Struct, frozen=True):
    """All coins, and what can be asked of them."""

    coins: list[CoinAnswer]
    windows: list[str]
    version: str


class EventsAnswer(msgspec.Struct, frozen=True):
    """What happened, the oldest first."""

    events: list[Happening]


class HistoryAnswer(msgspec.Struct, frozen=True):
    """One reading a day, the oldest first."""

    rows: list[DayReading]


class AlertsAnswer(msgspec.Struct, frozen=True):
    """Alerts as they went out, the newest first, without who got them."""

    alerts: list[AlertSeen]


class PublicApi(Controller):
    """Everything under /api/v1."""

    path = "/api/v1"
    guards = (only_known_parameters,)
    tags = ("market",)

    @get(
        "/coins",
        summary="Coins, their layers, and the windows of a heatmap",
        responses=answers(CoinsAnswer, found_by_name=False),
    )
    async def coins(self, request: Asked, questions: Questions) -> Response[bytes | None]:
        """Return what there is."""
        answer = CoinsAnswer(
            [
                CoinAnswer(
                    coin, views[0].spot, views[0].regime.value, [LayerAnswer.of(v.layer) for v in views]
                )
                for coin, views in questions.coins().items()
                if views
            ],
            list(questions.windows),
            __version__,
        )
        return json_answer(request, answer)

    @get(
        "/coins/{coin:str}/view",
        summary="One coin now: fuel, regime, clusters, cohorts, map",
        responses=answers(ViewAnswer),
    )
    async def view(
        self,
        *,
        request: Asked,
        questions: Questions,
        bodies: Bodies,
        coin: FromPath[str],
        venue: Venue = None,
        tier: Tier = None,
        opened: Opened = None,
    ) -> Response[bytes | None]:
        """Return the newest view."""
        name, part = coin_of(questions, coin), part_of(venue, tier, opened)

        async def body() -> Body:
            shown = await questions.shown(name, part)

            async def make() -> Body:
                return json_body(view_answer(shown.view, shown.provenance, shown.venues, shown.tiers))

            asked = "view", name, venue, tier, opened, tuple(shown.venues.items())
            return await bodies.get(asked, shown.view, make)

        remember(request.scope, name, questions.revision(name), body)
        return answered(request, await body(), max_age_s=2)

    @get(
        "/coins/{coin:str}/clusters",
        summary="The clusters of one coin now",
        responses=answers(ClustersAnswer),
    )
    async def clusters(
        self,
        *,
        request: Asked,
        questions: Questions,
        bodies: Bodies,
        coin: FromPath[str],
        venue: Venue = None,
    ) -> Response[bytes | None]:
        """Return the clusters of the newest view, the heaviest first."""
        name, part = coin_of(questions, coin), part_of(venue, None, None)

        async def body() -> Body:
            shown = await questions.shown(name, part)

            async def make() -> Body:
                return json_body(clusters_answer(shown.view, shown.provenance))

            return await bodies.get(("clusters", name, venue), shown.view, make)

        remember(request.scope, name, questions.revision(name), body)
        return answered(request, await body(), max_age_s=2)

    @get(
        "/coins/{coin:str}/grid",
        summary="Past maps of one coin, compact",
        responses=answers(GridAnswer),
    )
    async def grid(
        self,
        *,
        request: Asked,
        questions: Questions,
        bodies: Bodies,
        coin: FromPath[str],
        window: Window = "24h",
        venue: Venue = None,
        tier: Tier = None,
        opened: Opened = None,
    ) -> Response[bytes | None]:
        """Return the maps of a window: dollars by time and price."""
        known_window(questions, window)
        name, part = coin_of(questions, coin), part_of(venue, tier, opened)

        async def make() -> Body:
            view, grid = await questions.grid(name, window, part)
            return await asyncio.to_thread(_grid_body, view, grid, window)  # tens of ms

        async def body() -> Body:
            newest = (await questions.shown(name, part)).view
            return await bodies.get(("grid", name, window, venue, tier, opened), newest, make)

        remember(request.scope, name, questions.revision(name), body)
        return answered(request, await body(), max_age_s=15)

    @get(
        "/coins/{coin:str}/events",
        summary="What happened: clusters, liquidations, regimes",
        responses=answers(EventsAnswer),
    )
    async def events(
        self,
        *,
        request: Asked,
        questions: Questions,
        coin: FromPath[str],
        window: Window = "24h",
        venue: Venue = None,
        limit: Limit = 300,
    ) -> Response[bytes | None]:
        """Return what happened within a window."""
        known_window(questions, window)
        name = coin_of(questions, coin)
        found = await questions.happenings(name, window, part_of(venue, None, None), limit)
        return json_answer(request, EventsAnswer(list(found)))

    @get("/coins/{coin:str}/history", summary="Readings by day", responses=answers(HistoryAnswer))
    async def history(
        self,
        *,
        request: Asked,
        questions: Questions,
        coin: FromPath[str],
        venue: Venue = None,
        days: Annotated[int, Parameter(ge=1, le=366, description="How many days back.")] = 30,
    ) -> Response[bytes | None]:
        """Return one reading a day."""
        name = coin_of(questions, coin)
        rows = await questions.readings(name, days, part_of(venue, None, None))
        return json_answer(request, HistoryAnswer(list(rows)), max_age_s=60)

    @get(
        "/alerts",
        summary="Alerts as they went out, without who got them",
        responses=answers(AlertsAnswer),
    )
    async def alerts(
        self,
        *,
        request: Asked,
        questions: Questions,
        coin: Annotated[str | None, Parameter(max_length=30, description="Of one coin only.")] = None,
        limit: Limit = 50,
    ) -> Response[bytes | None]:
        """Return the newest alerts."""
        name = None if coin is None else coin_of(questions, coin)
        return json_answer(request, AlertsAnswer(list(await questions.alerts(name, limit))))

    @get(
        "/stream",
        summary="Pushes as server-sent events",
        media_type="text/event-stream",
        responses=problems(ERRORS),
    )
    async def stream(
        self,
        *,
        request: Asked,
        questions: Questions,
        pushes: NamedDependency[Pushes],
        coin: Annotated[str | None, Parameter(max_length=30, description="Of one coin only.")] = None,
        venue: Venue = None,
    ) -> Stream:
        """Send what happens: `view`, `event`, `alert`; with `Last-Event-ID` what was missed, too."""
        topics = {} if coin is None else {"coin": coin_of(questions, coin)}
        if venue:
            topics |= await _layer_topics(questions, topics.get("coin"), venue)
        last = request.headers.get("last-event-id", "")
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else None
        try:
            stream = pushes.open(after, **topics)
        except TooManyStreamsError:
            raise TooManyRequestsException(
                "As many streams are open as this bot allows.", headers={"Retry-After": "30"}
            ) from None
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return Stream(stream, media_type="text/event-stream", headers=headers)


@get(
    "/api/public/heatmap/{coin:str}",
    summary="HyperPerps' shape",
    tags=["compatible"],
    responses=answers(HyperPerpsAnswer),
)
async def hyperperps(request: Asked, questions: Questions, coin: FromPath[str]) -> Response[bytes | None]:
    """Answer as HyperPerps' public heatmap does, for scripts that were written for it."""
    shown = await questions.shown(coin_of(questions, coin), {})
    return json_answer(request, hyperperps_answer(shown.view, questions.now_ms()))


def _grid_body(view: MarketView, grid: Grid, window: str) -> Body:
    body = json_body(grid_answer(view, grid, window))
    _ = body.compressed  # here, off the loop
    return body


def coin_of(questions: WebQuestions, name: str) -> str:
    """Return a coin as it is spelled here, whatever its case. Raises `ProblemError`."""
    known = questions.coins()
    found = next((coin for coin in known if coin.lower() == name.lower()), None)
    if found is None and not known:
        raise not_yet(NO_COIN_YET)
    if found is None:
        raise not_found(f"There is no coin {name[:30]!r} here; there is {', '.join(known)}.")
    return found


def known_window(questions: WebQuestions, window: str) -> None:
    """Raise `ProblemError` for a window that there is none of."""
    if window not in questions.windows:
        raise bad_request(f"There is no window {window!r}; there is {', '.join(questions.windows)}.")


def part_of(venue: str | None, tier: str | None, opened: str | None) -> Mapping[str, str]:
    """Return what was asked for, as the services take it."""
    given = {"venue": venue, "tier": tier, "opened": opened}
    return {name: value for name, value in given.items() if value}


def layer_topics(layer: Layer) -> dict[str, str]:
    """Return by what streams tell a layer from others: its venue in small letters, and its basis."""
    return {"venue": layer.venue.lower(), "basis": layer.basis.value}


async def _layer_topics(questions: WebQuestions, coin: str | None, venue: str) -> Mapping[str, str]:
    """Return what pushes of a venue have, `measured` and `modelled` included. Raises `UserError`.

    What `venue=` takes is what it takes for a view: a name that no view has is refused, and not a stream on
    which nothing ever comes.
    """
    name = venue.strip().lower()
    reason: Exception = not_yet(NO_COIN_YET)
    for one in questions.coins() if coin is None else (coin,):
        try:
            layer = (await questions.shown(one, {"venue": venue})).view.layer
        except UserError as error:
            reason = error
        else:
            return {"basis": name} if name in set(Basis) else {"venue": layer_topics(layer)["venue"]}
    raise reason
