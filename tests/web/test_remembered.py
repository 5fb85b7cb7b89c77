"""An answer that many ask for is made once a view and given from memory, and is never older than the view."""

import gzip

import pytest

from liqbot.web.caching import Body
from liqbot.web.remembered import RememberedAnswers, remember

VIEW = "/api/v1/coins/BTC/view"


class Bot:
    """An application that says how often it was asked, what it answers, and how often that was made."""

    def __init__(self):
        self.asked = self.made = 0
        self.revisions = {"BTC": 1}
        self.is_known = True
        self.app = RememberedAnswers(self._answer, lambda coin: self.revisions[coin], most=3)

    async def make(self):
        if not self.is_known:
            raise LookupError("BTC is not followed any more")
        self.made += 1
        return Body(b'{"spot": %d}' % self.revisions["BTC"] * 100, "application/json")

    async def _answer(self, scope, _receive, send):
        self.asked += 1
        if not self.is_known or scope["path"] != VIEW:
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        remember(scope, "BTC", self.revisions["BTC"], self.make)
        body = await self.make()
        headers = [(b"etag", body.tag.encode()), (b"content-type", b"application/json"), (b"x-own", b"kept")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body.plain, "more_body": False})

    async def get(self, path=VIEW, query=b"", **headers):
        sent = []

        async def send(message):
            sent.append(message)

        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "query_string": query,
            "headers": named,
            "state": {},
        }
        await self.app(scope, None, send)
        start, body = sent
        return start["status"], dict(start["headers"]), body["body"]


async def test_of_one_view_the_framework_is_asked_once():
    bot = Bot()
    first, second = await bot.get(), await bot.get()
    assert bot.asked == 1
    assert first[0] == second[0] == 200
    assert first[2] == second[2]
    assert second[1][b"etag"] == first[1][b"etag"]
    assert second[1][b"x-own"] == b"kept"
    assert int(second[1][b"content-length"]) == len(second[2])


async def test_a_newer_view_is_told_at_once_and_still_without_the_framework():
    bot = Bot()
    old = await bot.get()
    await bot.get()
    bot.revisions["BTC"] = 2
    new = await bot.get()
    assert b'"spot": 2' in new[2]
    assert new[1][b"etag"] != old[1][b"etag"]
    assert bot.asked == 1


async def test_who_has_it_already_gets_no_body_and_who_takes_gzip_gets_that():
    bot = Bot()
    _, headers, plain = await bot.get()
    status, told, body = await bot.get(if_none_match=headers[b"etag"].decode())
    assert (status, body) == (304, b"")
    assert b"content-length" not in told
    status, told, body = await bot.get(accept_encoding="br, gzip")
    assert told[b"content-encoding"] == b"gzip"
    assert gzip.decompress(body) == plain
    assert int(told[b"content-length"]) == len(body)


async def test_what_can_be_made_no_longer_is_left_to_the_framework_to_refuse():
    bot = Bot()
    await bot.get()
    bot.revisions["BTC"], bot.is_known = 2, False
    assert (await bot.get())[0] == 404
    bot.is_known = True
    assert (await bot.get())[0] == 200


@pytest.mark.parametrize("headers", [{"cookie": "a=b"}, {}])
async def test_what_is_not_the_same_for_all_and_what_failed_is_never_remembered(headers):
    bot = Bot()
    path = VIEW if headers else "/nothing"
    await bot.get(path, **headers)
    await bot.get(path, **headers)
    assert bot.asked == 2


async def test_answers_to_another_origin_and_another_query_are_kept_apart_and_only_so_many():
    bot = Bot()
    for query in (b"", b"tier=25x", b"venue=binance"):
        await bot.get(query=query)
    assert bot.asked == 3
    await bot.get(origin="https://example.org")  # the fourth: what was asked for longest ago goes
    await bot.get(query=b"tier=25x")
    assert bot.asked == 4
    await bot.get()
    assert bot.asked == 5
