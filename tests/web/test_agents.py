"""`liqbot mcp`, spoken to as agents do: a process of its own, the protocol on its standard streams."""

import base64
import json
import os
import sys

from mcp import Client, StdioServerParameters
from mcp.types import ImageContent


def agents(address):
    """Return a client of `liqbot mcp`, which is started with it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LIQBOT_")}
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "liqbot", "mcp", "--address", address], env=environment
    )
    return Client(command, read_timeout_seconds=60)


def told(result):
    """Return the data that a tool answered."""
    assert not result.is_error, result.content
    return result.structured_content or json.loads(result.content[0].text)


async def test_agents_get_the_figures_of_the_api_and_nothing_to_write_with(served, web):
    view = web.get("/api/v1/coins/BTC/view").json()
    async with agents(served.address) as client:
        tools = (await client.list_tools()).tools
        assert {tool.name for tool in tools} == {
            "coins", "market", "clusters", "events", "history", "alerts", "heatmap",
            "liquidations", "book", "stops", "cascade", "brief", "compare", "account", "screener",
        }  # fmt: skip
        assert all(tool.annotations.read_only_hint and tool.description for tool in tools)
        assert [one["coin"] for one in told(await client.call_tool("coins", {}))["coins"]] == ["BTC", "ETH"]
        market = told(await client.call_tool("market", {"coin": "btc"}))
        assert market == {name: value for name, value in view.items() if name != "map"}
        clusters = told(await client.call_tool("clusters", {"coin": "BTC", "venue": "measured"}))
        assert clusters["clusters"] == view["clusters"]
        events = told(await client.call_tool("events", {"coin": "BTC", "limit": 1}))
        assert len(events["events"]) == 1
        assert told(await client.call_tool("liquidations", {"coin": "BTC"}))["count"] == 1
        assert told(await client.call_tool("history", {"coin": "BTC"}))["rows"]
        assert told(await client.call_tool("alerts", {}))["alerts"]
        picture = (await client.call_tool("heatmap", {"coin": "BTC"})).content[0]
        assert isinstance(picture, ImageContent)
        assert base64.b64decode(picture.data).startswith(b"\x89PNG")
        wrong = await client.call_tool("account", {"address": "0x12"})
        assert "has 40 digits after 0x, not 2" in wrong.content[0].text
        wrong = await client.call_tool("market", {"coin": "DOGE"})
        assert wrong.is_error
        assert "There is no coin 'DOGE' here; there is BTC, ETH." in wrong.content[0].text


async def test_agents_are_told_that_no_bot_runs(unused_tcp_port):
    async with agents(f"http://127.0.0.1:{unused_tcp_port}") as client:
        wrong = await client.call_tool("coins", {})
    assert wrong.is_error
    assert "Start it with `liqbot run`" in wrong.content[0].text


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    from typer.testing import CliRunner

    from liqbot.cli import command_line

    for name in ("mcp", "mcp_types"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "liqbot.web.agents", raising=False)
    result = CliRunner().invoke(command_line(), ["mcp"])
    assert result.exit_code == 2
    assert "liqbot[mcp]" in result.output
