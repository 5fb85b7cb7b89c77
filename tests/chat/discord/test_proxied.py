"""Discord, REST and gateway, is spoken to through the proxy that the environment names."""

import asyncio
from dataclasses import replace

import pytest
from chat.discord.stand_ins import bring, eventually
from chat.discord.test_delivering import ALERT
from forward_proxy import named_proxy

from liqbot.chat.adapter import AdapterError
from liqbot.chat.discord.checkup import check_discord
from liqbot.chat.discord.settings import DiscordSettings

__all__ = ["named_proxy"]


@pytest.fixture
def elsewhere(house):
    """Return the house with a Discord whose names only the proxy knows."""
    settings = DiscordSettings(
        token=house.discord.token,
        api_url=house.settings.api_url.replace("127.0.0.1", "rest.test"),
        gateway_url=house.settings.gateway_url.replace("127.0.0.1", "gateway.test"),
    )
    return replace(house, settings=settings)


@pytest.mark.parametrize(
    ("variable", "scheme"),
    [
        ("HTTP_PROXY", "http"),
        ("HTTP_PROXY", ""),
        ("ALL_PROXY", "http"),
        ("all_proxy", "socks5"),
        ("ALL_PROXY", "socks5h"),
    ],
)
async def test_rest_and_gateway_go_through_it(elsewhere, named_proxy, variable, scheme):
    proxy = named_proxy(variable, scheme, login=bool(scheme))
    async with elsewhere.open() as adapter:
        await bring(adapter, elsewhere.chat, ALERT)
        assert len(await elsewhere.messages()) == 1
        answer = await elsewhere.slash("clusters", coin="BTC")
        assert not answer.failed
    asked = {one.split()[1].partition(":")[0] for one in proxy.asked}
    assert asked == {"rest.test", "gateway.test"}
    assert set(proxy.logins) == ({"ann:se:cret"} if scheme else set())


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_doctor_goes_through_it(elsewhere, named_proxy, scheme):
    proxy = named_proxy("ALL_PROXY", scheme)
    assert (await check_discord(elsewhere.settings)).servers == 1
    assert all("rest.test" in one for one in proxy.asked)
    assert proxy.asked


async def test_each_of_both_goes_its_own_way(house, named_proxy):
    port = house.settings.api_url.rpartition(":")[2].partition("/")[0]
    proxy = named_proxy("ALL_PROXY", direct=f"127.0.0.1:{port}")
    gateway = house.settings.gateway_url.replace("127.0.0.1", "gateway.test")
    settings = DiscordSettings(token=house.discord.token, api_url=house.settings.api_url, gateway_url=gateway)
    async with replace(house, settings=settings).open() as adapter:
        await bring(adapter, house.chat, ALERT)
    assert {one.split()[1].partition(":")[0] for one in proxy.asked} == {"gateway.test"}


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_that_refuses_is_told_with_its_variable_and_without_its_password(
    named_proxy, house, scheme
):
    assert house.settings
    proxy = named_proxy("HTTPS_PROXY", scheme, login=True)
    proxy.refuses = True
    settings = DiscordSettings(token="a.b.c", api_url="https://rest.test/api/v10")  # noqa: S106 - none
    with pytest.raises(AdapterError) as caught:
        await check_discord(settings)
    assert proxy.asked[0].endswith(" rest.test:443")
    assert "HTTPS_PROXY" in str(caught.value)
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["ftp://ann:se%3Acret@127.0.0.1:9", "http://[", "http://127.0.0.1:no"])
async def test_a_proxy_that_cannot_be_is_a_trouble_of_the_adapter(elsewhere, named_proxy, monkeypatch, proxy):
    named_proxy("NO_SUCH")
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.setattr("liqbot.chat.discord.adapter.FIRST_PAUSE_S", 0.01)
    adapter = elsewhere.adapter()
    running = asyncio.create_task(adapter.run())
    try:
        await eventually(lambda: adapter.trouble is not None)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert "the proxy of ALL_PROXY cannot be used" in adapter.trouble
    assert "cret" not in adapter.trouble
