"""The public API, asked over HTTP: the figures of the chats, cheap to ask again, clear where it says no."""

import gzip
import io
from datetime import timedelta

import httpx
import msgspec
import numpy as np
import pytest
from accounts import ANN, BOB
from app.stand_ins import ME
from PIL import Image
from web.conftest import HOST, PUBLIC

from liqbot.market.maps import BIN_WIDTH
from liqbot.text import figures
from liqbot.web import cells
from liqbot.web.answers import ViewAnswer


def view(web, coin="BTC", **part):
    return msgspec.json.decode(web.get(f"/api/v1/coins/{coin}/view", params=part).content, type=ViewAnswer)


class TestFigures:
    def test_it_says_what_the_chat_says(self, web, served):
        told = view(web)
        message = served.answer("/heatmap BTC")
        facts = {fact.label: fact.value for fact in message.facts}
        assert facts["Shorts within 5% above"] == figures.usd(told.up_usd)
        assert facts["Longs within 5% below"] == figures.usd(told.down_usd)
        assert message.title == f"BTC {figures.price(told.spot)}: {told.regime}"
        assert message.provenance == told.provenance

    def test_its_clusters_are_those_of_the_chat(self, web, served):
        answer = web.get("/api/v1/coins/BTC/clusters").json()
        known = {(figures.usd(one["usd"]), figures.price(one["price"])) for one in answer["clusters"]}
        rows = [row for table in served.answer("/clusters BTC").tables for row in table.rows]
        assert rows
        for row in rows:
            words = " ".join(str(cell) for cell in row)
            assert any(usd in words and price in words for usd, price in known), words

    def test_the_grid_ends_with_the_map_of_now(self, web):
        told, grid = view(web), web.get("/api/v1/coins/BTC/grid", params={"window": "12h"}).json()
        bins = grid["bins"]
        usd = cells.unpacked(grid["usd"], bins["count"], np.array(grid["spot"]))
        assert bins["width"] == told.map.width == BIN_WIDTH
        assert len(usd) == len(grid["time_ms"]) == len(grid["spot"])
        assert grid["spot"][-1] == told.spot
        now = np.zeros(bins["count"])
        begin = told.map.first - bins["first"]
        both = np.maximum(told.map.long, told.map.short)
        now[begin : begin + len(both)] = both
        assert grid["least_usd"] == 1
        assert np.allclose(usd[-1], now, rtol=0.006)

    def test_what_happened_is_told_as_it_happened(self, web):
        events = web.get("/api/v1/coins/BTC/events").json()["events"]
        assert [event["text"] for event in events if event["kind"] == "liquidation"] == [
            "$147k of a long liquidated at 97.80"
        ]
        assert [event["time_ms"] for event in events] == sorted(event["time_ms"] for event in events)

    def test_liquidations_are_those_of_the_chat(self, web, served):
        answer = web.get("/api/v1/coins/btc/liquidations", params={"window": "24h"}).json()
        assert (answer["long_usd"], answer["short_usd"], answer["count"]) == (97.8 * 1_500, 0, 1)
        facts = {fact.label: fact.value for fact in served.answer("/liquidations BTC 24h").facts}
        assert facts["Longs, forced sells"] == figures.usd(answer["long_usd"]) == "$147k"
        assert [one["venue"] for one in answer["venues"]] == ["Testex"]
        assert answer["largest"][0]["price"] == 97.8

    def test_a_ratio_says_whether_it_is_that_of_the_dollars_beside_it(self, web, served):
        told = web.get("/api/v1/coins/btc/view").json()
        assert told["ratio_scaled"] is served.bot.services.markets.views["BTC"].fuel.is_scaled
        assert told["ratio_scaled"] is (told["ratio"] != pytest.approx(told["up_usd"] / told["down_usd"]))

    def test_readings_are_those_of_the_chat(self, web, served):
        answer = web.get("/api/v1/coins/btc/readings", params={"window": "24h"}).json()
        told = view(web)
        newest = answer["readings"][-1]
        assert (newest["time_ms"], newest["ratio"], newest["up_usd"]) == (
            told.time_ms,
            told.ratio,
            told.up_usd,
        )
        rows = served.answer("/history BTC 24h").tables[0].rows
        assert rows[0][3] == f"{figures.usd(newest['down_usd'])} ↓"

    def test_a_book_that_is_not_known_is_null_and_a_push_then_has_no_stop(self, web):
        book = web.get("/api/v1/coins/btc/book").json()
        assert (book["coin"], book["book"], book["venues"]) == ("BTC", None, [])
        cascade = web.get("/api/v1/coins/BTC/cascade", params={"move": -5}).json()
        assert (cascade["side"], cascade["push_pct"], cascade["stops"]) == ("long", -5.0, None)
        assert cascade["pushed_usd"] > 0
        assert web.get("/api/v1/coins/BTC/cascade", params={"move": 0}).status_code == 400

    def test_stop_orders_of_which_nobody_tells_are_null(self, web):
        told = web.get("/api/v1/coins/btc/stops").json()
        assert (told["coin"], told["stops"]) == ("BTC", None)
        assert told["label"].endswith(", stops")
        assert web.get("/api/v1/coins/BTC/cascade", params={"move": -90}).status_code == 400

    def test_an_account_is_the_one_of_the_chat(self, web, served):
        answer = web.get(f"/api/v1/account/{ANN.upper()}").json()
        assert (answer["account"], answer["long_usd"], answer["short_usd"]) == (ANN, 500, 70)
        assert [one["coin"] for one in answer["positions"]] == ["ETH", "BTC"]
        assert answer["positions"][0]["distance_pct"] == pytest.approx(5)
        assert "the nearest 5% from liquidation" in served.answer(f"/account {ANN}").title

    def test_alerts_are_told_without_who_gets_them(self, web):
        answer = web.get("/api/v1/alerts", params={"coin": "btc"})
        alerts = answer.json()["alerts"]
        assert alerts
        assert alerts[0]["rule"] == "near-cluster"
        assert ME.native_id not in {value for alert in alerts for value in alert.values()}

    def test_a_stream_takes_the_venues_that_a_view_takes(self, web, served):
        for venue in ("Testex", "testex", "measured", "Testex, measured"):
            with web.stream("GET", "/api/v1/stream", params={"coin": "BTC", "venue": venue}) as stream:
                chunks = stream.iter_raw()
                next(chunks)
                served.run(served.tell_again())
                assert b"event: view" in next(chunks), venue

    def test_what_is_text_says_once_how_it_is_written(self, web):
        for path in ("/", "/static/main.js", "/static/style.css", "/metrics", "/api/docs"):
            assert web.get(path).headers["content-type"].count("charset") == 1, path

    def test_a_name_of_any_case_is_found(self, web):
        assert view(web, "eth").coin == "ETH"
        assert view(web, "btc", venue="TESTEX").coin == "BTC"

    def test_a_picture_is_the_one_of_the_chats(self, web):
        answer = web.get("/api/v1/coins/BTC/heatmap.png")
        assert answer.headers["content-type"] == "image/png"
        assert answer.content.startswith(b"\x89PNG")

    def test_a_picture_takes_what_the_command_takes(self, web):
        def size(path, **asked):
            answer = web.get(f"/api/v1/coins/BTC/{path}", params=asked)
            assert answer.headers["content-type"] == "image/png", answer.text
            return Image.open(io.BytesIO(answer.content)).size, answer.content

        plain = size("heatmap.png")
        assert plain[0] == (1200, 675)
        assert size("heatmap.png", format="square")[0] == (1080, 1080)
        for asked in ({"zoom": "20%"}, {"zoom": "all"}, {"theme": "light"}):
            assert size("heatmap.png", **asked)[1] != plain[1], asked
        assert size("map.png", theme="light", format="square")[0] == (1080, 1080)
        assert size("map3d.png", window="12h")[0] == (1200, 675)

    def test_the_screener_has_all_coins_in_the_order_that_is_asked_for(self, web):
        answer = web.get("/api/v1/screener", params={"sort": "fuel"}).json()
        coins = [one["coin"] for one in web.get("/api/v1/coins").json()["coins"]]
        assert sorted(row["coin"] for row in answer["rows"]) == sorted(coins)
        fuel = [row["up_2pct_usd"] + row["down_2pct_usd"] for row in answer["rows"]]
        assert fuel == sorted(fuel, reverse=True)
        assert (answer["page"], answer["pages"], answer["sort"]) == (1, 1, "fuel")
        assert web.get("/api/v1/screener", params={"sort": "size"}).status_code == 400

    def test_a_brief_has_the_figures_of_the_other_answers(self, web):
        brief = web.get("/api/v1/coins/btc/brief").json()
        assert brief["market"]["coin"] == "BTC"
        assert brief["book"] == web.get("/api/v1/coins/BTC/book").json()
        assert brief["fall"] == web.get("/api/v1/coins/BTC/cascade", params={"move": -3}).json()
        assert brief["liquidations"]["count"] == 1

    def test_history_is_a_reading_a_day(self, web):
        rows = web.get("/api/v1/coins/BTC/history", params={"days": 7}).json()["rows"]
        assert rows
        assert rows[-1]["spot"] == pytest.approx(97, abs=4)


class TestCheapToAskAgain:
    def test_what_has_not_changed_is_not_sent_again(self, web):
        first = web.get("/api/v1/coins/ETH/view")
        again = web.get("/api/v1/coins/ETH/view", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert first.headers["cache-control"] == "public, max-age=2"

    def test_it_is_compressed(self, web):
        answer = web.get("/api/v1/coins/BTC/view")
        assert answer.headers["content-encoding"] == "gzip"
        with web.stream("GET", "/api/v1/coins/BTC/view") as raw:
            body = b"".join(raw.iter_raw())
        assert len(body) < len(gzip.decompress(body)) / 2

    def test_other_sites_may_read_it(self, web):
        answer = web.get("/api/v1/coins", headers={"Origin": "https://elsewhere.example"})
        assert answer.headers["access-control-allow-origin"] == "*"

    def test_it_answers_at_once(self, web):
        assert web.get("/api/v1/coins").elapsed < timedelta(seconds=5)


def problem(answer, status):
    """Return what an error says; it is problem+json and has no trace."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text
    told = answer.json()
    assert told["status"] == status
    return told["detail"]


class TestSayingNo:
    def test_a_coin_that_there_is_not(self, web):
        for path in ("view", "grid", "events", "clusters", "history", "map.png"):
            said = problem(web.get(f"/api/v1/coins/DOGE/{path}"), 404)
            assert said == "There is no coin 'DOGE' here; there is BTC, ETH."
        assert "'DOGE'" in problem(web.get("/api/public/heatmap/DOGE"), 404)
        assert "'DOGE'" in problem(web.get("/api/v1/stream", params={"coin": "DOGE"}), 404)

    def test_an_account_that_is_none_or_of_which_nothing_is_known(self, web, served):
        wrong = web.get("/api/v1/account/0x12")
        assert (wrong.status_code, wrong.json()["detail"]) == (
            400,
            "An address has 40 digits after 0x, not 2 as '0x12'. Paste it whole.",
        )
        served.accounts.is_silent = True
        assert web.get(f"/api/v1/account/{BOB}").status_code == 503
        served.accounts.is_silent = False

    def test_a_window_that_there_is_not(self, web):
        for path in ("grid", "events", "heatmap.png"):
            said = problem(web.get(f"/api/v1/coins/BTC/{path}", params={"window": "5m"}), 400)
            assert said.startswith("There is no window '5m'; there is 12h, 24h")

    def test_a_look_and_a_comparison_that_there_are_not(self, web):
        for part, word in (
            ({"zoom": "7%"}, "zoom= takes"),
            ({"theme": "pink"}, "theme"),
            ({"format": "round"}, "format"),
            ({"beside": "Kraken"}, "Kraken"),
        ):
            assert word in problem(web.get("/api/v1/coins/BTC/heatmap.png", params=part), 400)
        for path in ("compare", "compare.png"):
            said = problem(web.get(f"/api/v1/coins/BTC/{path}"), 400)
            assert said.endswith("has BTC here: there is nothing to compare it with.")
            assert "by= takes" in problem(web.get(f"/api/v1/coins/BTC/{path}", params={"by": "age"}), 400)

    def test_a_venue_a_tier_and_a_span_that_there_are_not(self, web):
        for part in ({"venue": "Kraken"}, {"tier": "25x"}, {"tier": "many"}, {"opened": "soon"}):
            said = problem(web.get("/api/v1/coins/BTC/view", params=part), 400)
            assert len(said) > 20

    def test_a_stream_of_a_venue_that_there_is_not(self, web):
        for part in ({"venue": "Kraken"}, {"venue": "modelled", "coin": "BTC"}):
            assert "Choose from" in problem(web.get("/api/v1/stream", params=part), 400)

    def test_sizes_that_are_too_large_or_no_number(self, web):
        for path, part in (
            ("coins/BTC/events", {"limit": 0}),
            ("coins/BTC/events", {"limit": 1_000_000}),
            ("coins/BTC/history", {"days": "all"}),
            ("alerts", {"limit": -1}),
            ("coins/BTC/view", {"venue": "x" * 1_000}),
        ):
            (name,) = part
            assert name in problem(web.get(f"/api/v1/{path}", params=part), 400)

    def test_a_name_of_ten_thousand_letters(self, web):
        assert len(problem(web.get(f"/api/v1/coins/{'x' * 10_000}/view"), 404)) < 200

    def test_headers_without_end(self, web):
        try:
            status = web.get("/api/v1/coins", headers={"X-Much": "x" * 2_000_000}).status_code
        except httpx.TransportError:
            status = None  # cut off while it was still talking
        assert status in (None, 400, 431)
        assert web.get("/api/v1/coins").status_code == 200

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
    def test_nothing_can_be_written(self, web, method):
        answer = web.request(method, "/api/v1/coins/BTC/view", content=b"{}")
        assert problem(answer, 405)
        assert "GET" in answer.headers["allow"]

    def test_a_path_that_there_is_not(self, web):
        for path in ("/api/v1/nothing", "/static/../settings.py", "/static/nothing.js", "/.env"):
            assert problem(web.get(path), 404)

    def test_another_host(self, web):
        assert web.get("/api/v1/coins", headers={"Host": HOST}).status_code == 200
        said = problem(web.get("/api/v1/coins", headers={"Host": "evil.example"}), 400)
        assert "evil.example" in said


class TestPreviews:
    """What a chat shows of a link to the page."""

    def test_a_coin_has_its_figures_and_its_picture(self, web):
        told = view(web)
        page = web.get("/c/btc").text
        assert f'<meta property="og:title" content="BTC {figures.price(told.spot)}, {told.regime}" />' in page
        assert f'<meta property="og:image" content="{PUBLIC}/api/v1/coins/BTC/heatmap.png" />' in page
        assert figures.usd(told.up_usd) in page

    def test_a_page_loads_nothing_from_elsewhere(self, web):
        answer = web.get("/c/DOGE")
        assert answer.status_code == 200
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "og:image" not in answer.text

    @pytest.mark.parametrize("line", ["/heatmap BTC", "/map BTC", "/clusters BTC", "/regime BTC"])
    def test_answers_in_chats_link_to_it(self, served, line):
        assert served.answer(line).notes[-1] == f"Live: {PUBLIC}/c/BTC"

    def test_alerts_link_to_it(self, served):
        messages = served.platform.messages
        assert messages
        assert all(f"Live: {PUBLIC}/c/BTC" in message.notes for _, message in messages)
