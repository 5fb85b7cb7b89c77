"""The public API of pictures as chats get them: heatmap, map, three dimensions, maps side by side."""

from collections.abc import Mapping
from typing import Annotated

from litestar import Controller, Response, get
from litestar.params import FromPath, Parameter

from liqbot.service.comparisons import ComparisonAnswer
from liqbot.web.api import Asked, Opened, Questions, Tier, Venue, Window, coin_of, known_window
from liqbot.web.caching import Body, answered, json_answer
from liqbot.web.openapi import answers, picture
from liqbot.web.parameters import only_known_parameters

Zoom = Annotated[
    str | None, Parameter(description="How far around spot: `auto`, `5%`, `20%` or `all`.", max_length=10)
]
Beside = Annotated[
    str | None,
    Parameter(description="A venue, `measured` or `modelled`: outlined over the heatmap.", max_length=60),
]
Theme = Annotated[str | None, Parameter(description="`dark` or `light`.", max_length=10)]
Format = Annotated[
    str | None, Parameter(description="`wide` (1200×675) or `square` (1080×1080).", max_length=10)
]
Price = Annotated[str | None, Parameter(description="`candles` or a `line`.", max_length=10)]
By = Annotated[
    str | None, Parameter(description="`venue`, or `model`: three models of one venue.", max_length=10)
]


class PicturesApi(Controller):
    """Pictures, under /api/v1."""

    path = "/api/v1"
    guards = (only_known_parameters,)
    tags = ("pictures",)

    @get(
        "/coins/{coin:str}/heatmap.png",
        summary="The heatmap as a picture",
        responses=picture(),
        media_type="image/png",
    )
    async def heatmap(
        self,
        *,
        request: Asked,
        questions: Questions,
        coin: FromPath[str],
        window: Window = "24h",
        venue: Venue = None,
        tier: Tier = None,
        opened: Opened = None,
        zoom: Zoom = None,
        beside: Beside = None,
        theme: Theme = None,
        format: Format = None,  # noqa: A002 - the name of the parameter in a link
        price: Price = None,
    ) -> Response[bytes | None]:
        """Return price by time, the brighter the more would be force-closed."""
        return await _drawn(
            request,
            questions,
            coin,
            "heatmap",
            window,
            venue=venue,
            tier=tier,
            opened=opened,
            zoom=zoom,
            beside=beside,
            theme=theme,
            format=format,
            price=price,
        )

    @get(
        "/coins/{coin:str}/map.png",
        summary="The map of this moment as a picture",
        responses=picture(),
        media_type="image/png",
    )
    async def map(
        self,
        *,
        request: Asked,
        questions: Questions,
        coin: FromPath[str],
        venue: Venue = None,
        tier: Tier = None,
        opened: Opened = None,
        theme: Theme = None,
        format: Format = None,  # noqa: A002 - the name of the parameter in a link
    ) -> Response[bytes | None]:
        """Return what would be force-closed, price by price."""
        return await _drawn(
            request,
            questions,
            coin,
            "map",
            "24h",
            venue=venue,
            tier=tier,
            opened=opened,
            theme=theme,
            format=format,
        )

    @get(
        "/coins/{coin:str}/map3d.png",
        summary="The map in three dimensions as a picture",
        responses=picture(),
        media_type="image/png",
    )
    async def map3d(
        self,
        *,
        request: Asked,
        questions: Questions,
        coin: FromPath[str],
        window: Window = "7d",
        venue: Venue = None,
        tier: Tier = None,
        opened: Opened = None,
        theme: Theme = None,
        format: Format = None,  # noqa: A002 - the name of the parameter in a link
    ) -> Response[bytes | None]:
        """Return price, time and money."""
        return await _drawn(
            request,
            questions,
            coin,
            "map3d",
            window,
            venue=venue,
            tier=tier,
            opened=opened,
            theme=theme,
            format=format,
        )

    @get(
        "/coins/{coin:str}/compare.png",
        summary="Venues, or the models of one venue, side by side as a picture",
        responses=picture(),
        media_type="image/png",
    )
    async def compare_picture(
        self,
        *,
        request: Asked,
        questions: Questions,
        coin: FromPath[str],
        window: Window = "24h",
        by: By = None,
        venue: Venue = None,
        theme: Theme = None,
        format: Format = None,  # noqa: A002 - the name of the parameter in a link
    ) -> Response[bytes | None]:
        """Return maps of one coin side by side, never added."""
        return await _drawn(
            request, questions, coin, "compare", window, by=by, venue=venue, theme=theme, format=format
        )

    @get(
        "/coins/{coin:str}/compare",
        summary="Venues, or the models of one venue, and how far they agree",
        responses=answers(ComparisonAnswer),
    )
    async def compare(
        self, *, request: Asked, questions: Questions, coin: FromPath[str], by: By = None, venue: Venue = None
    ) -> Response[bytes | None]:
        """Return the figures of each map, and how much of each two maps' money is at the same prices."""
        name = coin_of(questions, coin)
        return json_answer(request, await questions.comparison(name, _given(by=by, venue=venue)))


def _given(**settings: str | None) -> Mapping[str, str]:
    """Return what was asked for, as the services take it."""
    return {name: value for name, value in settings.items() if value}


async def _drawn(
    request: Asked, questions: Questions, coin: str, kind: str, window: str, **settings: str | None
) -> Response[bytes | None]:
    known_window(questions, window)
    drawn = await questions.picture(coin_of(questions, coin), kind, window, _given(**settings))
    return answered(request, Body(drawn.png, "image/png"), max_age_s=30)
