"""Bodies are made once for all who ask for the same, and anew when what they are made of has changed."""

import asyncio
import gzip
from types import SimpleNamespace

import pytest

from liqbot.web.caching import Body, BodyCache, answered


class Kitchen:
    """Makes bodies, and counts them."""

    def __init__(self, error=None):
        self.made = 0
        self.error = error

    async def make(self):
        self.made += 1
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return Body(f"body {self.made}".encode(), "application/json")


async def test_many_who_ask_at_once_get_the_same_body():
    bodies, kitchen, view = BodyCache(), Kitchen(), object()
    got = await asyncio.gather(*(bodies.get("BTC", view, kitchen.make) for _ in range(20)))
    assert kitchen.made == 1
    assert len(set(map(id, got))) == 1


async def test_a_new_view_is_a_new_body():
    bodies, kitchen = BodyCache(), Kitchen()
    first = await bodies.get("BTC", object(), kitchen.make)
    second = await bodies.get("BTC", object(), kitchen.make)
    assert (first.plain, second.plain) == (b"body 1", b"body 2")


async def test_what_failed_is_made_again_for_the_next():
    bodies, view = BodyCache(), object()
    with pytest.raises(ValueError, match="no past"):
        await bodies.get("BTC", view, Kitchen(ValueError("no past")).make)
    assert (await bodies.get("BTC", view, Kitchen().make)).plain == b"body 1"


async def test_one_who_leaves_takes_nothing_from_the_others():
    bodies, kitchen, view = BodyCache(), Kitchen(), object()
    leaving = asyncio.create_task(bodies.get("BTC", view, kitchen.make))
    staying = asyncio.create_task(bodies.get("BTC", view, kitchen.make))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).plain == b"body 1"


async def test_only_so_many_are_kept_those_that_were_asked_for_last():
    bodies, kitchen, view = BodyCache(most=2), Kitchen(), object()
    for key in ("BTC", "ETH", "BTC", "SOL", "BTC"):
        await bodies.get(key, view, kitchen.make)
    assert kitchen.made == 3


@pytest.mark.parametrize(
    ("accepts", "compressed"),
    [("gzip, br", True), ("br, *", True), ("br", False), ("gzip;q=0", False), ("", False)],
)
def test_a_body_is_compressed_for_who_takes_that(accepts, compressed):
    request = SimpleNamespace(headers={"accept-encoding": accepts})
    answer = answered(request, Body(b"a" * 5_000, "application/json"), max_age_s=2)
    assert ("Content-Encoding" in answer.headers) is compressed
    assert (gzip.decompress(answer.content) if compressed else answer.content) == b"a" * 5_000
