"""Whatever comes over the wire, a clear answer: written by hand, byte by byte, as no client would send it."""

import json
import socket

import pytest
from web.conftest import HOST

from liqbot.web import http_protocol

OURS = b"Host: 127.0.0.1\r\nConnection: close\r\n"
CROSS_POST = ("Origin: https://x.example", "Access-Control-Request-Method: POST")
VIEW = "/api/v1/coins/BTC/view"
HANDSHAKE = ("Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")  # fmt: skip


@pytest.fixture
def say(served):
    """Return what comes back of raw bytes: status, headers in small letters, body."""

    def said(data, *, until_closed=True):
        with socket.create_connection(("127.0.0.1", served.settings.web.port), timeout=30) as peer:
            peer.sendall(data)
            answer = b""
            while (until_closed or b"\r\n\r\n" not in answer) and (part := peer.recv(65_536)):
                answer += part
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split()[1]), headers, body

    return said


def ask(path, *headers, method="GET", body=b""):
    lines = [f"{method} {path} HTTP/1.1".encode(), *(header.encode("latin-1") for header in headers)]
    return b"\r\n".join(lines) + b"\r\n" + OURS + b"\r\n" + body


@pytest.mark.parametrize("path", ["/api/coins", "/api/x.json", "/api/v1", "/api/docs/x", "/x"])
def test_where_nothing_is_a_problem_names_the_path(say, path):
    status, headers, body = say(ask(path))
    assert (status, headers["content-type"]) == (404, "application/problem+json")
    assert f"There is nothing at '{path}'" in json.loads(body)["detail"]


@pytest.mark.parametrize(
    "path", ["/", "/c/BTC", VIEW, "/static/main.js", "/api/v1/coins/BTC/heatmap.png", "/metrics", "/api/docs"]
)
def test_head_is_get_without_its_body(say, path):
    status, headers, body = say(ask(path, method="HEAD"))
    plain_status, plain, _ = say(ask(path))
    assert (status, body) == (plain_status, b"")
    assert headers["content-type"] == plain["content-type"]
    assert int(headers["content-length"]) > 0


@pytest.mark.parametrize(
    ("data", "status", "named"),
    [
        (ask("/api/v1/stream", method="HEAD"), 405, None),
        (ask(VIEW, method="BREW"), 405, "BREW"),
        (ask(VIEW, method="TRACE"), 405, "TRACE"),
        (ask("/", "Content-Length: 3", method="POST", body=b"a=1"), 405, "POST"),
        (ask("*", method="OPTIONS"), 404, "*"),
        (ask(VIEW, *CROSS_POST, method="OPTIONS"), 400, "method"),
        (ask("/api/v1/nothing"), 404, "/api/v1/nothing"),
        (ask("/static/..%2f..%2fsettings.py"), 404, "settings.py"),
        (ask("http://evil.example/api/v1/coins"), 404, None),
        (ask("/api/v1/coins/%00/view"), 404, "\\x00"),
        (ask("/api/v1/coins/%ff%fe/view"), 404, None),
        (ask("/api/v1/coins/%E2%80%AEBTC/view"), 404, "BTC"),
        (ask(f"{VIEW}?venue={'x' * 60_000}"), 400, "venue"),
        (ask(f"{VIEW}?{'&'.join(f'a{number}=1' for number in range(900))}"), 400, "'a0'"),
        (ask(f"{VIEW}?venu=binance"), 400, "'venu'"),
        (ask(f"{VIEW}?venu=binance"), 400, "did you mean venue"),
        (ask(f"{VIEW}?coin=ETH"), 400, "'coin'"),
        (ask("/api/v1/coins/BTC/grid?window=24h&window=3d"), 400, "window is given as '24h' and as '3d'"),
        (ask("/api/v1/alerts?limit=1&limit=x"), 400, "limit is given as"),
        (ask("/api/v1/coins?utm_source=x"), 400, "takes none"),
        (ask("/api/v1/alerts?coins=BTC"), 400, "coin, limit"),
        (ask("/api/v1/stream?vanue=x"), 400, "did you mean venue"),
        (ask("/api/v1/screener?order=fuel"), 400, "page, sort"),
        (ask("/api/v1/coins/BTC/heatmap.png?colour=red"), 400, "'colour'"),
        (ask("/api/v1/coins/BTC/csv/readings?days=3"), 400, "'days'"),
        (ask("/api/v1/coins/BTC/scoreboard?tier=5x"), 400, "'tier'"),
        (ask("/api/v1/stream", *HANDSHAKE).replace(b"Connection: close\r\n", b""), 400, "server-sent events"),
        (ask("/", *HANDSHAKE).replace(b"Connection: close\r\n", b""), 400, "no websockets"),
        (ask(f"{VIEW}?tier=nanx"), 400, "nanx"),
        (ask(f"{VIEW}?opened=-1h"), 400, "-1h"),
        (ask("/api/v1/coins/BTC/events?limit=NaN"), 400, "limit"),
        (ask("/api/v1/coins/BTC/cascade?move=nan"), 400, "move"),
        (ask("/api/v1/coins/BTC/scoreboard?least=nan"), 400, "nan"),
        (ask("/api/v1/coins/BTC/scoreboard?within=7%25"), 400, "7%"),
        (ask("/api/v1/coins/BTC/liquidations?window=0s"), 400, "0s"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, "HTTP"),
        (b"GET /api/v1/coins HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", 400, "HTTP"),
        (b"GET /api/v1/coins HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "HTTP"),
        (b"GET /api/v1/coins HTTP/1.0\r\n\r\n", 400, "host"),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 400, "evil.example"),
        (ask("/api/v1/coins", "Transfer-Encoding: chunked", body=b"zz\r\nhello"), 400, "HTTP"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_a_problem_that_names_the_thing(say, data, status, named):
    told, headers, body = say(data)
    assert told == status
    assert headers["content-type"] == "application/problem+json"
    if data.startswith(b"HEAD"):
        return
    problem = json.loads(body)
    assert problem["status"] == status
    assert named is None or named in problem["detail"]
    assert "Traceback" not in problem["detail"]


@pytest.mark.parametrize(
    "data",
    [
        ask("//api/v1/coins"),
        ask("/api/v1/coins/"),
        ask("/c/BTC?utm_source=x&window=7d"),
        ask("/api/public/heatmap/BTC?_=17"),
        ask("/metrics?probe=1"),
        ask("/api/v1/coins/BTC/grid?window=24h&window=24h"),
        ask("/c/BTC?window=7d&window=3d"),
        ask(VIEW, "Accept: image/gif"),
        ask(VIEW, "Range: bytes=0-10"),
        ask(VIEW, "Content-Encoding: gzip", "Content-Length: 4", body=b"\x1f\x8b\x08\x00"),
        ask("/api/v1/coins", f"Host: {HOST}").replace(b"Host: 127.0.0.1\r\n", b""),
    ],
)
def test_what_is_odd_but_clear_is_answered(say, data):
    assert say(data)[0] == 200


@pytest.mark.parametrize("last", ["\xff\xfe-1; DROP", "9" * 400, "-5", "0x10", ""])
def test_a_stream_begins_anew_where_nobody_can_tell_what_was_seen_last(say, last):
    data = ask("/api/v1/stream", f"Last-Event-ID: {last}")
    status, headers, _ = say(data, until_closed=False)
    assert (status, headers["content-type"].partition(";")[0]) == (200, "text/event-stream")


def test_who_has_anything_of_a_view_is_told_that_it_is_there(say):
    status, _, body = say(ask(VIEW, "If-None-Match: *"))
    assert (status, body) == (304, b"")


@pytest.mark.parametrize("begun", [b"", b"GET /api/v1/co", ask(VIEW)[:-2]])
def test_half_a_request_is_waited_for_only_so_long(served, monkeypatch, begun):
    monkeypatch.setattr(http_protocol, "HEAD_S", 0.05)
    with socket.create_connection(("127.0.0.1", served.settings.web.port), timeout=30) as peer:
        peer.sendall(begun)
        assert peer.recv(100) == b""
