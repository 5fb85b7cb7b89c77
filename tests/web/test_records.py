"""What is kept for long, by the API: the answers of the chats, figure by figure."""

import msgspec
import pytest

from liqbot.service.scoreboards import ScoreQuery
from liqbot.store.scores import ModelScore


def plain(answer):
    return msgspec.json.decode(msgspec.json.encode(answer))


def test_readings_are_those_of_the_chats(web, served):
    answer = web.get("/api/v1/coins/btc/readings", params={"window": "12h"}).json()
    past = served.run(served.bot.services.past_readings.past("BTC", "12h"))
    assert answer["readings"]
    assert answer["readings"][:-1] == plain(past)["readings"][:-1]
    assert answer["shares"] == plain(past)["shares"]
    said = served.answer("/history BTC 12h")
    assert said.title == "BTC: readings of 12h"


@pytest.mark.parametrize(("within", "least"), [("5%", "0"), ("10%", "0"), ("10%", "1.5M")])
def test_the_scoreboard_is_that_of_the_chats(web, served, within, least):
    asked = {"window": "30d", "within": within, "least": least}
    answer = web.get("/api/v1/coins/BTC/scoreboard", params=asked).json()
    query = ScoreQuery.of({"within": within, "least": least})
    board = plain(served.run(served.bot.services.scoreboards.scoreboard("BTC", "30d", query)))
    assert {**answer, "since_ms": 0, "until_ms": 0} == {**board, "since_ms": 0, "until_ms": 0}


def test_more_clusters_stand_within_more(web):
    counts = [
        web.get("/api/v1/coins/BTC/scoreboard", params={"within": within}).json()["cases"]
        for within in ("1%", "5%", "10%")
    ]
    assert counts == sorted(counts)
    assert counts[-1] > 0


def test_scores_of_models_are_those_of_the_status(web, served):
    view = served.bot.services.markets.views["BTC"]
    score = ModelScore(coin="BTC", label=view.layer.label, time_ms=view.time_ms, maps=4, days=2,
                       rank=(0.5, 0.4, 0.6), size=None, bits=(0.1, 0.0, 0.2), forecasts=9)  # fmt: skip
    served.run(served.bot.store.scores.record(view.layer, score))
    assert web.get("/api/v1/model-scores").json()["scores"] == [plain(score)]
    [fact] = [fact for fact in served.answer("/status").facts if fact.label.startswith("BTC modelled")]
    assert fact.value == "rank 0.50 (0.40…0.60), bits over distance only 0.10 (0.00…0.20)"


def test_what_cannot_be_scored_is_named(web):
    for path, named in (
        ("scoreboard?within=7%25", "7%"),
        ("scoreboard?least=much", "much"),
        ("scoreboard?window=5m", "5m"),
        ("readings?window=5m", "5m"),
        ("readings?venue=kraken", "kraken"),
    ):
        answer = web.get(f"/api/v1/coins/BTC/{path}")
        assert answer.status_code == 400
        assert named in answer.json()["detail"]
