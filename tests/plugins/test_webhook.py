"""The webhook: a loopback server takes what apprise sends."""

import asyncio
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from forward_proxy import named_proxy
from plugins.examples import examples

from liqbot.plugin import ChatAddress, Message, Picture, Undelivered

__all__ = ["named_proxy"]

# apprise loads a module of Python's that will go.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
CHAT = ChatAddress("webhook", "ops")
MESSAGE = Message("BTC: a wall", ("It is high.",), provenance="Testex, measured")


@pytest.fixture
def server():
    """Serve on loopback; answer with `status`, and keep what came."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.got.append(json.loads(body))
            self.send_response(self.server.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.got, server.status = [], 200
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def webhook(server):
    pytest.importorskip("apprise")
    return examples().adapters["webhook"].function({"url": f"json://127.0.0.1:{server.server_port}/alerts"})


async def test_a_message_arrives_with_its_lines_and_where_its_figures_come_from(webhook, server):
    await webhook.send(CHAT, MESSAGE)
    [got] = server.got
    assert got["title"] == "BTC: a wall"
    assert got["message"] == "It is high.\nTestex, measured"


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
async def test_it_goes_through_the_proxy_that_the_environment_names(server, named_proxy, variable):
    pytest.importorskip("apprise")
    proxy = named_proxy(variable)
    address = f"json://hook.test:{server.server_port}/alerts"
    await examples().adapters["webhook"].function({"url": address}).send(CHAT, MESSAGE)
    assert [got["title"] for got in server.got] == ["BTC: a wall"]
    assert proxy.asked == [f"get hook.test:{server.server_port}"]


async def test_its_picture_goes_with_it(webhook, server):
    await webhook.send(CHAT, Message("BTC", picture=Picture(b"png", "a heatmap", "BTC-heatmap.png")))
    [got] = server.got
    assert [item["filename"] for item in got["attachments"]] == ["BTC-heatmap.png"]


async def test_one_that_is_refused_is_tried_again_by_the_dispatcher(webhook, server):
    server.status = 503
    with pytest.raises(Undelivered, match="apprise could not deliver it") as caught:
        await asyncio.wait_for(webhook.send(CHAT, MESSAGE), 30)
    assert not caught.value.final


@pytest.mark.parametrize("options", [{}, {"url": 7}, {"url": "no-such-scheme://x"}, {"urls": []}])
def test_options_that_make_no_sense_are_refused(options):
    pytest.importorskip("apprise")
    with pytest.raises(ValueError, match="url must be an address of apprise"):
        examples().adapters["webhook"].function(options)
