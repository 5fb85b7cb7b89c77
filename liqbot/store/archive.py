"""All of what is kept of markets, row by row, for an export; and rows of an export put into a database.

A row goes out in figures that anybody can read, and beside them whole, as it stands in the database: what is
imported is therefore the same, digit by digit.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from liqbot.engine.scoreboard import Case
from liqbot.market.clusters import Cluster
from liqbot.market.events import LiquidationSeen, LiquidationSum, MarketEvent
from liqbot.rules.hit import Hit
from liqbot.store import tables
from liqbot.store.address import DatabaseAddress
from liqbot.store.errors import DatabaseError
from liqbot.store.sql import readings
from liqbot.store.sql.blobs import map_from_blob, view_from_blob
from liqbot.store.sql.events import event_from_blob
from liqbot.store.subscriptions import ACCOUNT_RULE
from liqbot.store.tables import Table, give_numbers, looking, rows, writing

Cell = str | int | float | None
Line = Mapping[str, Cell]
Raw = Mapping[str, object]
WHOLE = "row"
"""The column that holds a row as it stands in the database."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that can be exported: a file of an export."""

    table: str
    what: str
    """What a line is, for the data dictionary."""
    columns: Mapping[str, str]
    """Each with its meaning."""
    lines: Callable[[Raw], Iterable[Line]]
    """Returns the lines of a row of the database."""
    is_imported: bool = False
    """Whether the lines hold the whole row, see `WHOLE`."""


def count(address: DatabaseAddress, kind: Kind) -> int:
    """Return how many rows of the database a kind is made of. Raises `DatabaseError`."""
    with looking(address) as db:
        return tables.count(db, kind.table)


def coins(address: DatabaseAddress) -> list[str]:
    """Return the coins that the database knows. Raises `DatabaseError`."""
    with looking(address) as db:
        return [name for (name,) in db.execute("SELECT DISTINCT coin FROM history ORDER BY coin")]


def exported(
    address: DatabaseAddress, kind: Kind, coin: str | None = None, since_ms: int = 0
) -> Iterator[list[Line]]:
    """Yield for each row of the database the lines of a kind: none where the row is not wanted."""
    table = _table(kind)
    coin_at = table.columns.index("coin")
    with looking(address) as db:
        for values in rows(db, table):
            if coin is not None and values[coin_at] != coin:
                yield []
                continue
            row = dict(zip(table.columns, values, strict=True))
            lines = list(kind.lines(row)) if _time(row) >= since_ms else []
            yield [{**line, WHOLE: _packed(row)} for line in lines] if kind.is_imported else lines


def exported_of_coin(address: DatabaseAddress, kind: Kind, coin: str, since_ms: int) -> Iterator[list[Line]]:
    """Yield the same of one coin alone: layer by layer, each in the order of time. Raises `DatabaseError`."""
    when = {"prices": f"day >= {since_ms // readings.DAY_MS} ORDER BY day"}.get(
        kind.table, f"time_ms >= {since_ms:d} ORDER BY time_ms"
    )
    columns = _table(kind).columns
    names = ", ".join(f'"{one}"' for one in columns)
    with looking(address) as db:
        known = "SELECT layer FROM history UNION SELECT layer FROM events ORDER BY layer"
        layers = [layer for (layer,) in db.execute(known).fetchall()]
        of_each = [("coin = ?", [coin])]
        if kind.table != "alerts":
            of_each = [("layer = ? AND coin = ?", [layer, coin]) for layer in layers]
        for mine, whose in of_each:
            found = db.execute(f"SELECT {names} FROM {kind.table} WHERE {mine} AND {when}", whose)  # noqa: S608 - constants and numbers
            for values in found:
                row = dict(zip(columns, values, strict=True))
                lines = list(kind.lines(row))
                yield [{**line, WHOLE: _packed(row)} for line in lines] if kind.is_imported else lines


def imported(address: DatabaseAddress, name: str, wholes: Iterable[str]) -> int:
    """Put the rows of a kind into a database; those that are there stay. Returns how many.

    Raises `DatabaseError` for a row that cannot be read, or that this version has no place for.
    """
    table = _table(KINDS[name])
    done = 0
    try:
        with writing(address) as db:
            for text in wholes:
                row = _unpacked(text)
                places = ", ".join("?" * len(row))
                names = ", ".join(f'"{one}"' for one in row)
                insert = f"INSERT INTO {table.name} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING"  # noqa: S608 - names of our own export, quoted
                db.execute(insert, list(row.values()))
                done += 1
            if table.is_numbered:
                give_numbers(db, table)
    except DatabaseError as error:
        raise DatabaseError(f"{name}: row {done + 1} has no place here: {error}") from error
    return done


def _table(kind: Kind) -> Table:
    return next(table for table in tables.tables() if table.name == kind.table)


def _time(row: Raw) -> int:
    time_ms = row.get("time_ms")
    return (
        time_ms if isinstance(time_ms, int) else int(str(row["day"])) * readings.DAY_MS + readings.DAY_MS - 1
    )


def _packed(row: Raw) -> str:
    return b64encode(msgspec.msgpack.encode(row)).decode()


def _unpacked(text: str) -> dict[str, object]:
    try:
        return msgspec.msgpack.decode(b64decode(text, validate=True), type=dict[str, object])
    except (ValueError, msgspec.DecodeError) as error:
        raise DatabaseError(f"a row of the export cannot be read: {error}") from error


def _head(row: Raw) -> dict[str, Cell]:
    return {name: row[name] for name in ("layer", "coin", "time_ms") if name in row}  # type: ignore[misc]


def _blob(row: Raw, name: str) -> bytes:
    value = row[name]
    return value if isinstance(value, bytes) else b""


def _views(row: Raw) -> Iterator[Line]:
    found: dict[str, Cell] = {**_head(row), "spot": float(str(row["spot"])), "low": float(str(row["low"]))}
    found |= {"high": float(str(row["high"]))}
    figures = dict.fromkeys(("up_usd", "down_usd", "ratio", "regime", "funding", "open_interest"))
    if row["view"] is not None:
        view = view_from_blob(_blob(row, "view"))
        figures |= {name: getattr(view, name) for name in figures}
    yield found | figures


def _grids(row: Raw) -> Iterator[Line]:
    bins, usd = map_from_blob(_blob(row, "map"))
    for place in np.flatnonzero(usd).tolist():
        yield _head(row) | {"price": float(bins.centers[place]), "usd": float(usd[place])}


def _clusters(row: Raw) -> Iterator[Line]:
    if row["view"] is not None:
        for one in view_from_blob(_blob(row, "view")).clusters:
            yield _head(row) | _cluster(one)


def _cluster(one: Cluster) -> dict[str, Cell]:
    names = ("id", "price", "low", "high", "usd", "accounts", "whale_share", "distance_pct", "since_ms")
    return {"side": one.side.value} | {name: getattr(one, name) for name in names}


def _readings(row: Raw) -> Iterator[Line]:
    one = readings.reading_of(_blob(row, "reading"))
    names = ("spot", "up_usd", "down_usd", "ratio", "coverage", "funding", "open_interest")
    yield _head(row) | {name: getattr(one, name) for name in names} | {"regime": one.regime.value}


def _prices(row: Raw) -> Iterator[Line]:
    steps = readings.unpacked(_blob(row, "steps"))
    yield {**_head(row), "day": int(str(row["day"])), "steps": steps.shape[1], "low": float(steps[1].min()),
           "high": float(steps[2].max()), "close": float(steps[3, -1])}  # fmt: skip


def _event(row: Raw) -> Line:
    event = event_from_blob(_blob(row, "event"))
    cluster = getattr(event, "cluster", None)
    names = ("side", "price", "usd")
    found = {name: getattr(cluster or event, name, None) for name in names}
    end, identity = getattr(event, "end", None), getattr(cluster, "id", None)
    return {**_head(row), "kind": event.kind, **found, "cluster": identity, "end": end,
            "regime": getattr(event, "after", None), "ratio": getattr(event, "ratio", None)}  # fmt: skip


def _events(row: Raw) -> Iterator[Line]:
    yield _event(row)


def _liquidations(row: Raw) -> Iterator[Line]:
    event: MarketEvent = event_from_blob(_blob(row, "event"))
    if isinstance(event, LiquidationSeen):
        yield _head(row) | {"side": event.side, "price": event.price, "usd": event.usd, "count": 1,
                            "sampled": int(event.sampled)}  # fmt: skip
    elif isinstance(event, LiquidationSum):
        yield _head(row) | {"side": event.side, "price": None, "usd": event.usd, "count": event.count,
                            "sampled": int(event.sampled)}  # fmt: skip


def _cases(row: Raw) -> Iterator[Line]:
    case = msgspec.msgpack.decode(_blob(row, "entry"), type=Case)
    yield _head(row) | {"spot": case.spot, "regime": case.regime} | _cluster(case.cluster)


def _alerts(row: Raw) -> Iterator[Line]:
    if not row["sample"] and row["rule"] != ACCOUNT_RULE:  # which accounts people watch is theirs
        hit = msgspec.json.decode(_blob(row, "hit") or str(row["hit"]).encode(), type=Hit)
        names = ("id", "rule", "coin", "parameters", "reason", "time_ms", "layer", "venue")
        kept: dict[str, Cell] = {name: row[name] for name in names}  # type: ignore[misc]
        yield kept | {"text": hit.text, "side": hit.side, "value": hit.value}


_AT = {"layer": "venue/basis/origin", "coin": "the coin", "time_ms": "ms since 1970 UTC"}
_FIGURES = {
    "up_usd": "USD of shorts within 5% above spot",
    "down_usd": "USD of longs within 5% below spot",
    "ratio": "fuel above over fuel below, each scaled by its side's coverage; empty where one side is empty",
    "regime": "where the fuel lies",
    "funding": "fraction an hour, positive where longs pay",
    "open_interest": "one-sided, in coins",
}
_CLUSTER = {
    "side": "whose positions would be force-closed: long or short",
    "id": "the cluster's identity",
    "price": "USD, of its peak",
    "low": "USD, its lowest level",
    "high": "USD, its highest level",
    "usd": "USD at spot",
    "accounts": "how many; empty where modelled",
    "whale_share": "0 to 1; empty where modelled",
    "distance_pct": "percent of spot, below negative",
    "since_ms": "when it was first seen",
}
_SPOT = {
    "spot": "USD",
    "low": "USD, lowest since the row before",
    "high": "USD, highest since the row before",
}
_ROW = {WHOLE: "the row as it stands in the database, base64 of MessagePack: what `liqbot db load` reads"}
KINDS: Mapping[str, Kind] = {
    "views": Kind("history", "a view that is kept", _AT | _SPOT | _FIGURES | _ROW, _views, is_imported=True),
    "grids": Kind("history", "a price bin of a kept map", _AT | {"price": "USD", "usd": "USD"}, _grids),
    "clusters": Kind("history", "a cluster of a kept view", _AT | _CLUSTER, _clusters),
    "readings": Kind(
        "readings",
        "a reading, one an hour",
        _AT | {"spot": "USD"} | _FIGURES | {"coverage": "share of open interest that is known"} | _ROW,
        _readings,
        is_imported=True,
    ),
    "prices": Kind(
        "prices",
        "the path of price of a day (UTC)",
        {"layer": _AT["layer"], "coin": _AT["coin"], "day": "days since 1970", "steps": "how many are kept",
         "low": "USD", "high": "USD", "close": "USD, the last"} | _ROW,
        _prices,
        is_imported=True,
    ),
    "events": Kind(
        "events",
        "something that happened",
        _AT
        | {"kind": "what", "side": "long or short", "price": "USD", "usd": "USD", "cluster": "its identity",
           "end": "swept, closed or merged", "regime": "the new one", "ratio": "the ratio then"}
        | _ROW,
        _events,
        is_imported=True,
    ),
    "cases": Kind(
        "cases",
        "a cluster at a moment from which the scoreboard counts it",
        _AT | {"spot": "USD", "regime": "then"} | _CLUSTER | _ROW,
        _cases,
        is_imported=True,
    ),
    "liquidations": Kind(
        "events",
        "a liquidation, or the sum of a side's in a minute (of older ones, an hour)",
        _AT | {"side": "the side that was liquidated", "price": "USD; empty for a sum", "usd": "USD",
               "count": "how many", "sampled": "1: the venue reports only some"},
        _liquidations,
    ),
    "alerts": Kind(
        "alerts",
        "an alert, without who got it",
        {"id": "its number", "rule": "the rule", "coin": "the coin", "parameters": "as subscribed",
         "reason": "why then", "time_ms": "ms since 1970 UTC", "layer": "seen in", "venue": "asked for",
         "text": "what was seen", "side": "long or short", "value": "the reading that was compared"},
        _alerts,
    ),
}  # fmt: skip
"""Everything that can be exported, by the name of its file."""
