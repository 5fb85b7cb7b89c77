"""Whole files by the API: the lines and columns of `liqbot export`, streamed, each column explained."""

import csv
import io

import pytest

from liqbot.operations.market_export import KINDS, write_export
from liqbot.service.exports import MOST_AT_ONCE, Exports, TooManyExportsError

FILES = tuple(KINDS)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("kind", FILES)
def test_a_file_has_the_lines_that_the_operator_exports(web, served, tmp_path, kind):
    answer = web.get(f"/api/v1/coins/btc/csv/{kind}", params={"window": "1y"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="BTC-{kind}.csv"'
    folder = tmp_path / "out"
    write_export(served.settings.database, folder, [kind], coin="BTC", since_ms=0, form="csv",
                 progress=lambda *_: None)  # fmt: skip
    ours, whole = rows_of(answer.text), rows_of((folder / f"{kind}.csv").read_text(encoding="utf-8"))
    assert ours
    assert sorted(map(str, ours)) == sorted(map(str, whole))


def test_each_column_of_each_file_is_explained(web):
    told = web.get("/api/v1/export").json()
    assert "csv" in told["formats"]
    by_name = {one["name"]: one for one in told["kinds"]}
    assert tuple(by_name) == FILES
    for kind in FILES:
        head = web.get(f"/api/v1/coins/BTC/csv/{kind}").text.splitlines()[0].split(",")
        assert head == list(by_name[kind]["columns"])
        assert all(by_name[kind]["columns"].values())


def test_a_window_cuts_off_what_is_older(web):
    long, short = (
        rows_of(web.get("/api/v1/coins/BTC/csv/readings", params={"window": window}).text)
        for window in ("1y", "12h")
    )
    assert len(long) >= len(short) > 0


def test_what_there_is_not_is_named(web):
    for path, status, named in (
        ("DOGE/csv/readings", 404, "'DOGE'"),
        ("BTC/csv/chats", 400, "chats"),
        ("BTC/csv/readings?window=5m", 400, "5m"),
    ):
        answer = web.get(f"/api/v1/coins/{path}")
        assert answer.status_code == status
        assert named in answer.json()["detail"]


async def test_only_so_many_are_made_at_a_time_and_one_that_is_left_makes_room(served):
    exports = Exports(served.settings.database)
    begun = [exports.csv("events", "BTC", 0) for _ in range(MOST_AT_ONCE)]
    for one in begun:
        await anext(one)
    with pytest.raises(TooManyExportsError):
        exports.csv("events", "BTC", 0)
    await begun[0].aclose()
    assert (await anext(exports.csv("events", "BTC", 0))).startswith(b"layer,coin")
    await begun[1].aclose()


def test_parquet_holds_the_same_figures_where_it_is_installed(web):
    answer = web.get("/api/v1/coins/BTC/parquet/readings", params={"window": "1y"})
    if "parquet" not in web.get("/api/v1/export").json()["formats"]:
        assert answer.status_code == 400
        assert "Parquet" in answer.json()["detail"]
        return
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(answer.content)).to_pydict()
    lines = rows_of(web.get("/api/v1/coins/BTC/csv/readings", params={"window": "1y"}).text)
    assert table["spot"] == [float(line["spot"]) for line in lines]
    assert table["regime"] == [line["regime"] for line in lines]
