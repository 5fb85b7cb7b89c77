"""What is kept of one coin, as a file: CSV line by line, or Parquet; with what each column means.

The same figures and columns as `liqbot export`, which writes whole databases. Reading goes on in a thread of
its own, a batch at a time, and only as fast as it is taken.
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, islice
from typing import IO, Any

from liqbot.service.errors import UserError
from liqbot.store.address import DatabaseAddress
from liqbot.store.archive import KINDS, Cell, Kind, Line, exported_of_coin
from liqbot.text.figures import listed

__all__ = ["KINDS", "ExportKind", "Exports", "TooManyExportsError", "csv_cell", "has_parquet", "parquet_file"]

MOST_AT_ONCE = 2
"""More at the same time would be felt by whoever waits for an answer."""
_LINES = 2_000
"""So many go out at a time."""
_PARQUET_BYTES = 1 << 16
_TEXTS = frozenset({"layer", "coin", "kind", "side", "cluster", "end", "regime", "rule", "parameters",
                    "reason", "venue", "text", "row"})  # fmt: skip
_WHOLE_NUMBERS = frozenset({"time_ms", "since_ms", "day", "steps", "count", "sampled", "accounts"})


class TooManyExportsError(UserError):
    """As many exports are being made as this bot makes at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportKind:
    """A file that can be had: what a line of it is, and what its columns mean."""

    name: str
    what: str
    columns: dict[str, str]


class Exports:
    """Makes exports of a database."""

    def __init__(self, address: DatabaseAddress) -> None:
        """`path` is where the database lies."""
        self._address = address
        self._open = 0

    @property
    def kinds(self) -> list[ExportKind]:
        """What can be exported."""
        return [
            ExportKind(name=name, what=kind.what, columns=dict(kind.columns)) for name, kind in KINDS.items()
        ]

    @property
    def formats(self) -> list[str]:
        """In which forms."""
        return ["csv", "parquet"] if has_parquet() else ["csv"]

    def csv(self, name: str, coin: str, since_ms: int) -> AsyncGenerator[bytes]:
        """Return the lines of a kind as CSV, piece by piece. Raises `UserError`."""
        kind = self._kind(name)
        return self._off_the_loop(lambda: _csv(kind, exported_of_coin(self._address, kind, coin, since_ms)))

    def parquet(self, name: str, coin: str, since_ms: int) -> AsyncGenerator[bytes]:
        """Return the same as Parquet; it is made as a whole first. Raises `UserError`."""
        kind = self._kind(name)
        if not has_parquet():
            raise UserError("This bot writes no Parquet, only CSV: its operator has not installed that.")
        return self._off_the_loop(
            lambda: _parquet(kind, exported_of_coin(self._address, kind, coin, since_ms))
        )

    def _kind(self, name: str) -> Kind:
        if name not in KINDS:
            raise UserError(
                "There is no file {name}, only {names}.", name=name[:30], names=listed(list(KINDS))
            )
        if self._open >= MOST_AT_ONCE:
            raise TooManyExportsError("As many exports are being made as this bot makes at a time.")
        return KINDS[name]

    async def _off_the_loop(self, begin: Callable[[], Iterator[bytes]]) -> AsyncGenerator[bytes]:
        """Yield what an iterator yields that lives in a thread of its own."""
        self._open += 1
        thread = ThreadPoolExecutor(1, thread_name_prefix="export")
        loop = asyncio.get_running_loop()
        pieces: Iterator[bytes] = iter(())
        try:
            pieces = await loop.run_in_executor(thread, begin)
            while piece := await loop.run_in_executor(thread, next, pieces, b""):
                yield piece
        finally:
            self._open -= 1
            thread.submit(getattr(pieces, "close", tuple))  # there, where its connection was opened
            thread.shutdown(wait=False)


def has_parquet() -> bool:
    """Return whether the extra that writes Parquet is installed."""
    return find_spec("pyarrow") is not None


def csv_cell(value: Cell) -> Cell:
    """Return a value as a cell of CSV: a number with every digit that it has."""
    return repr(value) if isinstance(value, float) else value


def parquet_file(target: IO[bytes], columns: Sequence[str], lines: Iterable[Line]) -> int:
    """Write lines as Parquet, some thousands at a time; return how many. Needs the extra."""
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    schema = arrow.schema([(name, _type(arrow, name, columns)) for name in columns])
    rest, written = iter(lines), 0
    with parquet.ParquetWriter(target, schema) as writer:
        while batch := list(islice(rest, _LINES)):
            found = {name: [_plain(line.get(name)) for line in batch] for name in columns}
            writer.write_table(arrow.table(found, schema=schema))
            written += len(batch)
    return written


def _csv(kind: Kind, rows: Iterator[list[Line]]) -> Iterator[bytes]:
    columns = list(kind.columns)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    lines = chain.from_iterable(rows)
    while batch := list(islice(lines, _LINES)):
        writer.writerows({name: csv_cell(value) for name, value in line.items()} for line in batch)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
    if text.tell():
        yield text.getvalue().encode()


def _parquet(kind: Kind, rows: Iterator[list[Line]]) -> Iterator[bytes]:
    with tempfile.TemporaryFile() as file:
        parquet_file(file, list(kind.columns), chain.from_iterable(rows))
        file.seek(0)
        while piece := file.read(_PARQUET_BYTES):
            yield piece


def _type(arrow: Any, name: str, columns: Sequence[str]) -> object:  # noqa: ANN401 - an optional library
    if name in _TEXTS or (name == "id" and "rule" not in columns):
        return arrow.string()
    return arrow.int64() if name in _WHOLE_NUMBERS or name == "id" else arrow.float64()


def _plain(value: Cell) -> Cell:
    return str(value) if isinstance(value, str) else value  # an enum's own text
