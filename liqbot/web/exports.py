"""The public API of whole files: what is kept of a coin as CSV or Parquet, and what each column means."""

import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import msgspec
from litestar import Controller, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath
from litestar.response import Stream

from liqbot.service.exports import ExportKind, TooManyExportsError
from liqbot.web.api import Asked, Questions, Window, coin_of, known_window
from liqbot.web.caching import json_answer, takes_gzip
from liqbot.web.openapi import ERRORS, answers, problems
from liqbot.web.parameters import only_known_parameters
from liqbot.web.ports import WebQuestions
from liqbot.web.problems import too_many

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"


class ExportsAnswer(msgspec.Struct, frozen=True):
    """Which files there are, with their columns, and in which formats this bot writes them."""

    kinds: list[ExportKind]
    formats: list[str]


def _file(media_type: str) -> dict[int, ResponseSpec]:
    found = ResponseSpec(str, generate_examples=False, description="The file", media_type=media_type)
    return {200: found} | problems(ERRORS)


class ExportsApi(Controller):
    """Whole files, under /api/v1."""

    path = "/api/v1"
    guards = (only_known_parameters,)
    tags = ("export",)

    @get(
        "/export",
        summary="What can be exported, and what each column means",
        responses=answers(ExportsAnswer, found_by_name=False),
    )
    async def kinds(self, request: Asked, questions: Questions) -> Response[bytes | None]:
        """Return the data dictionary."""
        exports = questions.exports
        return json_answer(request, ExportsAnswer(exports.kinds, exports.formats), max_age_s=60)

    @get(
        "/coins/{coin:str}/csv/{kind:str}",
        summary="What is kept of a coin, as CSV: `readings`, `events`, `liquidations` …",
        media_type=CSV,
        responses=_file(CSV),
    )
    async def as_csv(
        self,
        *,
        request: Asked,
        questions: Questions,
        coin: FromPath[str],
        kind: FromPath[str],
        window: Window = "30d",
    ) -> Stream:
        """Return the lines of a window, streamed; the same columns as `liqbot export` writes."""
        name, since_ms = _asked(questions, coin, window)
        pieces = _begun(questions.exports.csv, kind, name, since_ms)
        return _streamed(request, pieces, f"{name}-{kind}.csv", CSV)

    @get(
        "/coins/{coin:str}/parquet/{kind:str}",
        summary="The same as Parquet, where the bot has the extra",
        media_type=PARQUET,
        responses=_file(PARQUET),
    )
    async def as_parquet(
        self,
        *,
        request: Asked,
        questions: Questions,
        coin: FromPath[str],
        kind: FromPath[str],
        window: Window = "30d",
    ) -> Stream:
        """Return the lines of a window; 400 where this bot writes no Parquet."""
        name, since_ms = _asked(questions, coin, window)
        pieces = _begun(questions.exports.parquet, kind, name, since_ms)
        return _streamed(request, pieces, f"{name}-{kind}.parquet", PARQUET)


def _asked(questions: WebQuestions, coin: str, window: str) -> tuple[str, int]:
    known_window(questions, window)
    return coin_of(questions, coin), questions.now_ms() - questions.window_ms(window)


def _begun(
    make: Callable[[str, str, int], AsyncGenerator[bytes]], kind: str, coin: str, since_ms: int
) -> AsyncGenerator[bytes]:
    """Return the pieces of a file. Raises a problem where too many files are being made."""
    try:
        return make(kind, coin, since_ms)
    except TooManyExportsError as error:
        raise too_many(str(error)) from None


def _streamed(request: Asked, pieces: AsyncGenerator[bytes], file_name: str, media_type: str) -> Stream:
    safe = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in file_name)
    headers = {"Content-Disposition": f'attachment; filename="{safe}"', "Cache-Control": "no-store",
               "Vary": "Accept-Encoding"}  # fmt: skip
    if media_type == CSV and takes_gzip(request.headers.get("accept-encoding", "")):
        return Stream(
            _squeezed(pieces), media_type=media_type, headers=headers | {"Content-Encoding": "gzip"}
        )
    return Stream(pieces, media_type=media_type, headers=headers)


async def _squeezed(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    squeeze = zlib.compressobj(level=1, wbits=31)  # 31: with gzip's head
    async for piece in pieces:
        if squeezed := squeeze.compress(piece):
            yield squeezed
    yield squeeze.flush()
