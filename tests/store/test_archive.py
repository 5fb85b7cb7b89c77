"""What is exported is read by anybody, and what is loaded again is the same, digit by digit."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from databases import ON_SQLITE, opened
from markets import HOUR, LAYER, long, short, view_of

from liqbot.engine.cases import CaseFinder
from liqbot.market.events import LiquidationSum, RegimeChanged
from liqbot.market.regime import Regime
from liqbot.market.side import Side
from liqbot.market.wire import to_bytes
from liqbot.operations.database_size import size_of
from liqbot.operations.market_export import KINDS, ExportError, read_export, write_export
from liqbot.service.exports import Exports
from liqbot.sources.source import SourceError
from liqbot.store.errors import DatabaseError

VIEW = view_of(long("ann", 2, at=96), short("bob", 1, at=104), spot=100.1, open_interest=7.0, funding=1e-5)


def export(address, folder, kinds=tuple(KINDS), **more):
    asked = {"coin": None, "since_ms": 0, "form": "csv", "progress": lambda *_: None} | more
    return write_export(address, folder, kinds, **asked)


def lines_of(file):
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


@pytest.fixture
async def lived(address):
    with opened(address) as store:
        for hour in range(9):
            view = replace(VIEW, time_ms=hour * HOUR, spot=100 + hour / 7, low=99.3, high=101.7)
            await store.history.record([view])
            await store.cases.record(LAYER, "BTC", CaseFinder().see(view))
        at = {"coin": "BTC", "layer": LAYER}
        await store.events.record(
            [
                LiquidationSum(time_ms=HOUR, side=Side.LONG, usd=1 / 3, count=2, sampled=False, **at),
                RegimeChanged(
                    time_ms=2 * HOUR, before=Regime.BALANCED, after=Regime.SHORT_SQUEEZE, ratio=2.1, **at
                ),
            ]
        )
    return address


@pytest.fixture
def another(address, request, tmp_path):
    """Return where another new database of the same kind is."""
    is_file = isinstance(address, Path)
    return (
        tmp_path / "copy.db" if is_file else request.getfixturevalue("postgres_server").make("liqbot_model")
    )


async def past(address):
    with opened(address) as store:
        views = [to_bytes(view) async for view in store.history.views(LAYER, "BTC", 0)]
        steps = await store.history.path(LAYER, "BTC", 0, 9 * HOUR)
        return (
            views,
            await store.history.readings(LAYER, "BTC", -1, 9 * HOUR),
            [column.tolist() for column in (steps.time_ms, steps.low, steps.high, steps.close)],
            await store.events.between(LAYER, "BTC", -1, 9 * HOUR),
            await store.cases.between(LAYER, "BTC", -1, 9 * HOUR),
            [(await store.history.grid(VIEW, 20 * HOUR)).usd.tolist()],
        )


async def test_what_is_loaded_is_the_same_digit_by_digit(lived, another, tmp_path):
    export(lived, tmp_path / "out")
    loaded = read_export(tmp_path / "out", another, lambda *_: None)
    assert set(loaded) == {"views", "readings", "prices", "events", "cases"}
    assert await past(another) == await past(lived)
    export(another, tmp_path / "again")
    for name in KINDS:
        file = f"{name}.csv"
        assert (tmp_path / "again" / file).read_text() == (tmp_path / "out" / file).read_text(), name


async def test_what_one_kind_of_database_has_exported_another_takes_up_digit_by_digit(lived, tmp_path):
    export(lived, tmp_path / "out")
    file = tmp_path / "file.db"
    read_export(tmp_path / "out", file, lambda *_: None)
    assert await past(file) == await past(lived)
    export(file, tmp_path / "again")
    for name in KINDS:
        lines, again = (lines_of(tmp_path / folder / f"{name}.csv") for folder in ("out", "again"))
        assert lines == again, name


@pytest.mark.parametrize("name", KINDS)
async def test_the_file_of_one_coin_has_the_lines_of_the_whole_export(lived, tmp_path, name):
    export(lived, tmp_path / "out", [name])
    pieces = [piece async for piece in Exports(lived).csv(name, "BTC", -1)]
    ours = list(csv.DictReader(io.StringIO(b"".join(pieces).decode())))
    whole = lines_of(tmp_path / "out" / f"{name}.csv")
    assert sorted(map(str, ours)) == sorted(map(str, whole))
    assert ours or name == "alerts"


async def test_figures_are_read_by_anybody_and_each_column_is_explained(lived, tmp_path):
    written = export(lived, tmp_path / "out")
    rows = lines_of(tmp_path / "out" / "readings.csv")
    assert len(rows) == written["readings"] == 9
    assert float(rows[3]["spot"]) == 100 + 3 / 7
    assert float(rows[0]["ratio"]) == VIEW.ratio
    assert {row["side"] for row in lines_of(tmp_path / "out" / "clusters.csv")} == {
        "long",
        "short",
    }
    [liquidated] = lines_of(tmp_path / "out" / "liquidations.csv")
    assert float(liquidated["usd"]) == 1 / 3
    told = (tmp_path / "out" / "dictionary.md").read_text()
    for name, kind in KINDS.items():
        assert f"## {name}" in told
        assert all(f"| `{column}` |" in told for column in kind.columns)


def test_an_export_is_of_one_coin_and_time_where_asked_and_overwrites_nothing(lived, tmp_path):
    assert export(lived, tmp_path / "one", ["views"], coin="BTC") == {"views": 9}
    assert export(lived, tmp_path / "late", ["views"], since_ms=5 * HOUR) == {"views": 4}
    with pytest.raises(ExportError, match="overwrites nothing"):
        export(lived, tmp_path / "one")


def test_what_is_no_export_is_refused_and_changes_nothing(lived, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ExportError, match="has no views"):
        read_export(tmp_path / "empty", lived, lambda *_: None)
    export(lived, tmp_path / "out", ["events"])
    file = tmp_path / "out" / "events.csv"
    file.write_text(file.read_text().replace(",", ",x", 1).rsplit(",", 1)[0] + ",broken\n")
    before = size_of(lived).tables["events"]
    with pytest.raises((DatabaseError, ExportError)):
        read_export(tmp_path / "out", lived, lambda *_: None)
    assert size_of(lived).tables["events"] == before


@ON_SQLITE
def test_no_more_is_taken_than_the_file_has(lived):
    assert size_of(lived).taken <= lived.stat().st_size


def test_parquet_holds_the_same_figures(lived, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra liqbot[parquet]")
    export(lived, tmp_path / "out", ["readings"], form="parquet")
    table = parquet.read_table(tmp_path / "out" / "readings.parquet").to_pydict()
    assert table["spot"][3] == 100 + 3 / 7


def test_the_size_is_told_by_table_and_by_coin_and_day(lived):
    found = size_of(lived)
    assert found.tables["history"][0] == 9
    assert found.taken > 0
    assert found.coin_days == pytest.approx(8 / 24)


async def test_a_coin_is_found_whatever_its_case_and_one_that_there_is_not_is_named(lived, tmp_path):
    assert export(lived, tmp_path / "one", ["views"], coin="btc") == {"views": 9}
    with pytest.raises(SourceError, match=r"has no DOGE; it has BTC"):
        export(lived, tmp_path / "none", coin="DOGE")
    assert not (tmp_path / "none").exists()
