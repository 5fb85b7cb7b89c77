"""Binance's margin tiers: a table with a date, true to what was published, and renewed by a command."""

import json

import pytest
from shared import shared_json

from liqbot.sections import SettingsError
from liqbot.sources.exchanges.binance.brackets import Brackets, changes

ANSWER = [
    {
        "symbol": "BTCUSDT",
        "brackets": [
            {
                "bracket": 2,
                "initialLeverage": 50,
                "notionalFloor": 10_000,
                "maintMarginRatio": 0.01,
                "cum": 50,
            },
            {"initialLeverage": 100, "notionalFloor": 0, "maintMarginRatio": 0.005, "cum": 0},
        ],
    },
    {"symbol": "BTCUSD_PERP", "brackets": []},
    None,
    {"symbol": "ODDUSDT", "brackets": None},
]


def test_the_shipped_table_is_that_of_september_2026_for_every_coin():
    published = shared_json("api-samples/binance/leverage-brackets-2026-09.json")
    shipped = Brackets.shipped()
    assert shipped.as_of == published["as_of"]
    assert set(shipped.tables) == set(published["table_of"])
    assert len(shipped.tables) == 858
    for name, place in published["table_of"].items():
        rows = published["tables"][place]
        found = [(row.floor_usd, row.rate, row.leverage) for row in shipped.tables[name]]
        assert found == [(floor, rate, leverage) for floor, _, rate, leverage, _ in rows], name


def test_its_deductions_are_the_maintenance_amounts_that_are_published():
    published = shared_json("api-samples/binance/leverage-brackets-2026-09.json")
    for name in ("BTC", "ETH", "1000PEPE", "PENDLE"):
        rows = published["tables"][published["table_of"][name]]
        tiers, known = Brackets.shipped().of(f"{name}USDT")
        assert known
        assert tiers.deductions == pytest.approx([row[4] for row in rows], rel=0.01, abs=1)


def test_a_coin_that_is_not_in_it_has_the_tiers_of_most_coins_and_they_are_not_known():
    tiers, known = Brackets.shipped().of("NOSUCHUSDT")
    assert not known
    tier = sum(bound < 50_000 for bound in tiers.lower_bounds) - 1
    assert tiers.max_leverages[tier] <= 5, "at $50k the median small coin allows 5x"


def test_an_answer_becomes_a_table_and_what_cannot_be_read_is_left_out():
    table = Brackets.from_answer(json.dumps(ANSWER).encode(), "2026-11-27")
    assert set(table.tables) == {"BTC"}
    tiers, _ = table.of("BTCUSDT")
    assert (tiers.lower_bounds, tiers.max_leverages) == ((0, 10_000), (100, 50))
    assert Brackets.from_text(table.to_text()) == table


def test_the_text_of_the_shipped_table_is_read_back_the_same():
    shipped = Brackets.shipped()
    assert Brackets.from_text(shipped.to_text()).tables == shipped.tables


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"[]", b'[{"symbol": "BTCUSDT", "brackets": []}]'])
def test_an_answer_without_tiers_is_refused(answer):
    with pytest.raises(ValueError, match="leverageBracket"):
        Brackets.from_answer(answer, "2026-11-27")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no date or no tiers"),
        ("# as of: 2026\n0:20:0.025 BTC\n", "line 2"),
        ("# as of: 2026\n0:20\tBTC\n", "line 2"),
        ("# as of: 2026\n0:20:7\tBTC\n", "no tier that makes sense"),
    ],
)
def test_a_table_that_is_none_is_refused_by_file_and_line(tmp_path, text, why):
    file = tmp_path / "brackets.txt"
    file.write_text(text)
    with pytest.raises(SettingsError, match=why):
        Brackets.from_file(file)


def test_what_changed_is_said_by_name():
    before = Brackets.from_text("# as of: a\n0:20:0.025\tBTC ETH\n")
    after = Brackets.from_text("# as of: b\n0:20:0.025\tBTC\n0:10:0.05\tETH SOL\n".replace("ETH SOL", "SOL"))
    assert list(changes(before, after)) == ["new: 1 (SOL)", "gone: 1 (ETH)"]
