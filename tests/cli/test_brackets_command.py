"""`liqbot brackets`: a newer table of Binance's margin tiers, made of what it tells its customers."""

import json

from liqbot.sources.exchanges.binance.brackets import Brackets

ANSWER = [
    {
        "symbol": "BTCUSDT",
        "brackets": [{"initialLeverage": 50, "notionalFloor": 0, "maintMarginRatio": 0.01, "cum": 0}],
    }
]


def test_a_table_is_written_and_what_is_different_is_said(liqbot, folder):
    (folder / "answer.json").write_text(json.dumps(ANSWER))
    ran = liqbot("brackets", "answer.json", "--as-of", "2026-11-27")
    assert ran.status == 0
    assert ran.out.splitlines()[0] == "1 contracts as of 2026-11-27, written to brackets.txt"
    assert "against the table of 2026-09: gone: 857 (" in ran.out
    assert "against the table of 2026-09: changed: 1 (BTC)" in ran.out
    tiers, known = Brackets.from_file(folder / "brackets.txt").of("BTCUSDT")
    assert (tiers.max_leverages, known) == ((50,), True)


def test_what_is_no_answer_is_refused_by_its_name(liqbot, folder):
    (folder / "answer.json").write_text("<html>")
    ran = liqbot("brackets", "answer.json")
    assert ran.status == 1
    assert "answer.json: not the answer of leverageBracket" in ran.err
