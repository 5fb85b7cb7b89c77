"""How much an address may ask, and whose request it is."""

import pytest

from liqbot.web.app import networks
from liqbot.web.limits import RateLimit, address_of


def scope(client, forwarded=None, path="/"):
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    return {"type": "http", "client": (client, 1), "headers": headers, "path": path}


class Web:
    """Counts what passes, and notes the status of what does not."""

    def __init__(self, **settings):
        self.now_s, self.passed, self.statuses = 0.0, 0, []
        self.limit = RateLimit(self, clock_s=lambda: self.now_s, **settings)

    async def __call__(self, _scope, _receive, _send):
        self.passed += 1

    async def ask(self, times, **whom):
        async def send(message):
            if message["type"] == "http.response.start":
                self.statuses.append((message["status"], dict(message["headers"]).get(b"retry-after")))

        for _ in range(times):
            await self.limit(scope(**whom), None, send)
        return self.passed


async def test_whether_all_is_well_is_told_to_an_address_that_has_nothing_left():
    web = Web(a_second=2, burst=10)
    await web.ask(15, client="1.2.3.4")
    assert await web.ask(5, client="1.2.3.4", path="/healthz") == 15
    assert await web.ask(5, client="1.2.3.4", path="/readyz") == 20


async def test_a_burst_passes_and_then_as_many_a_second_as_allowed():
    web = Web(a_second=2, burst=10)
    assert await web.ask(15, client="1.2.3.4") == 10
    assert web.statuses == [(429, b"1")] * 5
    web.now_s = 3
    assert await web.ask(15, client="1.2.3.4") == 16


async def test_one_address_takes_nothing_from_another():
    web = Web(a_second=1, burst=2)
    await web.ask(10, client="1.2.3.4")
    assert await web.ask(2, client="1.2.3.5") == 4


async def test_without_a_limit_all_pass():
    assert await Web(a_second=0, burst=1).ask(100, client="1.2.3.4") == 100


@pytest.mark.parametrize(
    ("client", "forwarded", "proxies", "whose"),
    [
        ("1.2.3.4", None, [], "1.2.3.4"),
        ("1.2.3.4", "9.9.9.9", [], "1.2.3.4"),  # anybody can write that header
        ("10.0.0.1", "9.9.9.9", ["10.0.0.0/8"], "9.9.9.9"),
        ("10.0.0.1", "6.6.6.6, 9.9.9.9, 10.0.0.2", ["10.0.0.0/8"], "9.9.9.9"),
        ("10.0.0.1", "nonsense", ["10.0.0.0/8"], "unknown"),
        ("10.0.0.1", "", ["10.0.0.0/8"], "10.0.0.1"),
        ("2001:db8:1:2:3::4", None, [], "2001:db8:1:2::/64"),
    ],
)
def test_whose_request_it_is(client, forwarded, proxies, whose):
    assert address_of(scope(client, forwarded), networks(proxies)) == whose
