"""Telegram is spoken to through the proxy that the environment names."""

import asyncio

import pytest
from chat.telegram.stand_ins import eventually
from chat.telegram.test_sending import outcome_of, parcel
from forward_proxy import named_proxy

from liqbot.alerts.platform import NotSent
from liqbot.chat.adapter import AdapterError

__all__ = ["named_proxy"]


def _at_once(ask):
    async def asked():
        return ask()

    return asked


def elsewhere(telegram):
    """Return the API's address, under a name that only the proxy knows."""
    return telegram.api_url.replace("127.0.0.1", "telegram.test")


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
async def test_an_alert_goes_through_it(telegram, adapter_of, named_proxy, variable, scheme):
    ann = await telegram.person()
    proxy = named_proxy(variable, scheme, login=bool(scheme))
    adapter = adapter_of(api_url=elsewhere(telegram))
    await adapter.send(parcel(ann))
    assert (await ann.hears()).text.startswith("BTC: fuel has moved")
    assert proxy.asked
    assert all("telegram.test" in one for one in proxy.asked)


async def test_what_no_proxy_names_with_its_port_goes_directly(telegram, adapter_of, named_proxy):
    ann = await telegram.person()
    place = telegram.api_url.partition("://")[2].partition("/")[0]
    proxy = named_proxy("ALL_PROXY", direct=place)
    proxy.refuses = True
    await adapter_of().send(parcel(ann))
    await ann.hears()
    assert proxy.asked == []


async def test_https_is_tunnelled_and_an_error_says_by_which_variable(telegram, adapter_of, named_proxy):
    ann = await telegram.person()
    proxy = named_proxy("HTTPS_PROXY", login=True)
    proxy.refuses = True
    adapter = adapter_of(api_url="https://telegram.test")
    error = await outcome_of(adapter, ann)
    assert isinstance(error, NotSent)
    assert proxy.asked[0] == "connect telegram.test:443"
    running = asyncio.create_task(adapter.run())
    try:
        await eventually(_at_once(lambda: adapter.trouble), bool)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert f"through the proxy http://127.0.0.1:{proxy.port} (HTTPS_PROXY)" in adapter.trouble
    assert "cret" not in adapter.trouble


async def test_a_proxy_that_cannot_be_is_named_with_its_variable(adapter_of, monkeypatch, named_proxy):
    named_proxy("HTTP_PROXY")
    monkeypatch.setenv("ALL_PROXY", "ftp://ann:se%3Acret@127.0.0.1:9")
    with pytest.raises(AdapterError) as caught:
        adapter_of()
    assert "the proxy of ALL_PROXY cannot be used" in str(caught.value)
    assert "cret" not in str(caught.value)
