"""What goes wrong at an exchange: an error that names it and what it was asked, and no wrong figure."""

import socket

import pytest
from counterparts.exchanges.world import HOUR_MS, PERIOD_MS
from sources.exchanges.conftest import MODULES, NOW, client_of
from sources.exchanges.test_clients import VENUES, asked

from liqbot.sources.exchanges.budget import Budget
from liqbot.sources.exchanges.errors import BusyError, UnknownSymbolError
from liqbot.sources.exchanges.rest import TRIES, Rest
from liqbot.sources.source import NoDataError

UNTIL = NOW // PERIOD_MS * PERIOD_MS
SINCE = UNTIL - HOUR_MS
HISTORIES = {
    "binance": ("openInterestHist", "sumOpenInterest"),
    "bybit": ("open-interest", "openInterest"),
    "okx": ("open-interest-history", "2"),
    "gate": ("contract_stats", "open_interest_usd"),
}
CANDLES = {"binance": "klines", "bybit": "kline", "okx": "history-candles", "bitget": "candles"}
NOW_FIELDS = {
    "binance": ("openInterest", "openInterest"),
    "bybit": ("tickers", "markPrice"),
    "okx": ("mark-price", "markPx"),
    "bitget": ("open-interest", "size"),
    "gate": ("contracts", "mark_price"),
}


def no_complaint(_):
    return None


async def failure_of(client, question, *arguments):
    """Return why there is no data."""
    async with client.session():
        with pytest.raises(NoDataError) as caught:
            await question(*arguments)
    return str(caught.value)


@pytest.mark.parametrize("venue", HISTORIES)
async def test_a_wrong_field_is_refused_by_the_name_of_the_exchange_the_path_and_the_field(exchanges, venue):
    path, field = HISTORIES[venue]
    exchanges.fault(venue, "wrong-field", path, field=field)
    client = client_of(exchanges, venue)
    text = await failure_of(client, client.open_interest, asked(venue), SINCE, UNTIL)
    assert text.startswith(client.venue)
    assert path in text
    assert field in text or venue == "okx"  # whose rows have places, not names
    assert len(exchanges.asked(venue, path)) == 1, "what has another form will have it again"


@pytest.mark.parametrize("venue", CANDLES)
async def test_candles_without_their_last_columns_are_refused(exchanges, venue):
    exchanges.fault(venue, "wrong-field", CANDLES[venue], field="5")
    client = client_of(exchanges, venue)
    text = await failure_of(client, client.candles, asked(venue), SINCE, UNTIL)
    assert text.startswith(f"{client.venue} ")
    assert CANDLES[venue] in text
    assert "unexpected answer" in text


@pytest.mark.parametrize("venue", VENUES)
async def test_a_word_where_a_number_should_be_is_refused(exchanges, venue):
    path, field = NOW_FIELDS[venue]
    exchanges.fault(venue, "bad-number", path, field=field, value="n/a")
    client = client_of(exchanges, venue)
    text = await failure_of(client, client.now, asked(venue))
    assert client.venue in text
    assert "unexpected answer" in text


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-1", "0", "1e300"])
@pytest.mark.parametrize("venue", VENUES)
async def test_a_mark_price_or_open_interest_that_cannot_be_is_no_data(exchanges, venue, value):
    path, field = NOW_FIELDS[venue]
    exchanges.fault(venue, "bad-number", path, field=field, value=value)
    client = client_of(exchanges, venue)
    text = await failure_of(client, client.now, asked(venue))
    assert "has no mark price or no open interest" in text


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "-5", "1e300"])
@pytest.mark.parametrize("venue", HISTORIES)
async def test_a_row_of_history_that_cannot_be_is_left_out_and_counted(exchanges, venue, value):
    path, field = HISTORIES[venue]
    client = client_of(exchanges, venue)
    async with client.session():
        whole = await client.open_interest(asked(venue), SINCE, UNTIL)
        exchanges.fault(venue, "bad-number", path, field=field, value=value, rows=2)
        if venue == "bybit":
            exchanges.clear()
            exchanges.fault(venue, "bad-number", path, field="singleOpenInterest", value=value, rows=2)
        left = await client.open_interest(asked(venue), SINCE, UNTIL)
    assert len(left) == len(whole) - 2
    assert set(left) < set(whole)
    assert client.sieve.refused == {"open interest is not a number above 0": 2}


@pytest.mark.parametrize(("place", "value"), [("1", "NaN"), ("2", "1"), ("3", "9999999"), ("5", "-1")])
@pytest.mark.parametrize("venue", CANDLES)
async def test_a_candle_that_cannot_be_is_left_out_and_counted(exchanges, venue, place, value):
    if venue == "okx" and place == "5":
        place = "6"  # it gives contracts before coins
    client = client_of(exchanges, venue)
    async with client.session():
        exchanges.fault(venue, "bad-number", CANDLES[venue], field=place, value=value, rows=1)
        rows = await client.candles(asked(venue), SINCE, UNTIL)
    assert len(rows) == 11
    assert client.sieve.refused.total() == 1


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.usefixtures("hasty")
async def test_an_error_in_an_answer_of_status_200_is_an_error(exchanges, venue):
    exchanges.fault(venue, "error-200")
    client = client_of(exchanges, venue)
    text = await failure_of(client, client.candles, asked(venue), SINCE, UNTIL)
    error = MODULES[venue].error()
    code, said = list(error.values())[:2]
    assert str(code) in text
    assert said in text
    assert client.venue in text


@pytest.mark.parametrize("venue", HISTORIES)
async def test_an_empty_history_is_empty(exchanges, venue):
    exchanges.fault(venue, "empty")
    client = client_of(exchanges, venue)
    async with client.session():
        assert await client.open_interest(asked(venue), SINCE, UNTIL) == []
        assert await client.funding(asked(venue), SINCE, UNTIL) == []
        assert await client.account_ratio(asked(venue)) is None
        assert await client.taker_flow(asked(venue)) is None


@pytest.mark.parametrize("venue", ["bybit", "okx", "bitget", "gate"])
async def test_an_empty_answer_about_now_is_no_data(exchanges, venue):
    exchanges.fault(venue, "empty")
    client = client_of(exchanges, venue)
    text = await failure_of(client, client.now, asked(venue))
    assert text.startswith(client.venue)
    assert "nothing about" in text


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize(
    ("kind", "value"), [("status", "500"), ("status", "503"), ("status", "429"), ("reset", "")]
)
@pytest.mark.usefixtures("hasty")
async def test_what_may_pass_is_asked_again_until_it_has(exchanges, venue, kind, value):
    exchanges.fault(venue, kind, value=value, times=TRIES - 1)
    client = client_of(exchanges, venue)
    async with client.session():
        assert await client.candles(asked(venue), SINCE, UNTIL)


@pytest.mark.parametrize("venue", HISTORIES)
@pytest.mark.usefixtures("hasty")
async def test_what_does_not_pass_is_no_data_after_some_tries(exchanges, venue):
    exchanges.fault(venue, "status", value="502")
    client = client_of(exchanges, venue)
    text = await failure_of(client, client.open_interest, asked(venue), SINCE, UNTIL)
    assert text.startswith(client.venue)
    assert "out of order (502)" in text
    assert len(exchanges.asked(venue)) == TRIES


@pytest.mark.parametrize("venue", VENUES)
async def test_a_page_instead_of_data_is_no_data(exchanges, venue):
    exchanges.fault(venue, "html")
    client = client_of(exchanges, venue)
    text = await failure_of(client, client.candles, asked(venue), SINCE, UNTIL)
    assert "unexpected answer" in text


@pytest.mark.usefixtures("hasty")
async def test_nobody_at_home_is_no_data():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    rest = Rest("Nowhere", f"http://127.0.0.1:{port}", no_complaint)
    async with rest:
        with pytest.raises(BusyError, match="Nowhere /path: no answer"):
            await rest.get("/path", int, Budget(10, 1), {})


async def test_the_exchange_says_how_long_it_wants_to_be_left_alone_and_is(exchanges):
    exchanges.fault("gate", "status", value="429,0.2", times=1)
    pauses = []
    budget = Budget(100, 1)
    close_for = budget.close_for
    budget.close_for = lambda seconds: (pauses.append(seconds), close_for(seconds))
    client = client_of(exchanges, "gate")
    client._budget = budget
    async with client.session():
        assert await client.candles(asked("gate"), SINCE, UNTIL)
    assert pauses == [0.2]


async def test_a_ban_is_kept_and_said_to_be_one_instead_of_waited_for(exchanges):
    exchanges.fault("binance", "status", "klines", value="418,7200", times=1)
    client = client_of(exchanges, "binance")
    text = await failure_of(client, client.candles, asked("binance"), SINCE, UNTIL)
    assert "wants to be left alone for 7200 s more" in text
    text = await failure_of(client, client.open_interest, asked("binance"), SINCE, UNTIL)
    assert "wants to be left alone" in text
    assert len(exchanges.asked("binance")) == 1


async def test_pauses_between_tries_double_and_are_shortened_by_chance(exchanges):
    exchanges.fault("gate", "status", value="500")
    pauses = []

    async def sleep(seconds):
        pauses.append(seconds)

    rest = Rest("Gate", f"{exchanges.url}/gate", no_complaint, sleep=sleep)
    async with rest:
        with pytest.raises(BusyError):
            await rest.get("/api/v4/futures/usdt/liq_orders", list, Budget(10, 1), {"contract": "BTC_USDT"})
    assert len(pauses) == TRIES - 1
    assert all(0.5 * whole <= pause <= whole for pause, whole in zip(pauses, (0.5, 1, 2), strict=True))


async def test_a_symbol_that_is_not_listed_is_not_asked_for_again(exchanges):
    client = client_of(exchanges, "bybit")
    async with client.session():
        with pytest.raises(UnknownSymbolError, match="symbol invalid"):
            await client.now(asked("bybit", "NOSUCH"))
    assert len(exchanges.asked("bybit")) == 1


@pytest.mark.parametrize("venue", VENUES)
async def test_the_budget_keeps_every_client_within_what_the_exchange_allows(exchanges, venue):
    client = client_of(exchanges, venue)
    late = exchanges.log()["late"].get(venue, 0)
    async with client.session():
        for _ in range(8):
            await client.candles(asked(venue), UNTIL - 6 * HOUR_MS, UNTIL)
            await client.now(asked(venue))
    assert exchanges.log()["late"].get(venue, 0) == late
