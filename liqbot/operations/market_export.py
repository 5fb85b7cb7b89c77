"""An export: a folder of files that hold what is kept of markets, and a data dictionary; and its way back."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from liqbot.errors import OperatorError
from liqbot.operations.coin_names import find_coin
from liqbot.service.exports import csv_cell, has_parquet, parquet_file
from liqbot.store.address import DatabaseAddress
from liqbot.store.archive import KINDS, WHOLE, Line, coins, count, exported, imported

__all__ = ["DICTIONARY", "FORMATS", "KINDS", "ExportError", "dictionary", "read_export", "write_export"]

FORMATS = ("csv", "parquet")
DICTIONARY = "dictionary.md"


class ExportError(OperatorError):
    """Something cannot be exported or imported; the message names the file."""


def write_export(
    database: DatabaseAddress,
    folder: Path,
    kinds: Sequence[str],
    *,
    coin: str | None,
    since_ms: int,
    form: str,
    progress: Callable[[str, int, int], None],
) -> dict[str, int]:
    """Write files of `kinds` into a new `folder`; return how many lines each has.

    `progress` hears of each kind how many rows of how many are done. A coin is found whatever its case.
    Raises `ExportError`, `DatabaseError`, and `SourceError` for a coin that the database does not know.
    """
    coin = None if coin is None else find_coin(coin, coins(database), str(database))
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise ExportError(f"{folder}: is there already; an export overwrites nothing") from None
    except OSError as error:
        raise ExportError(f"{folder}: cannot be made: {error.strerror}") from None
    written: dict[str, int] = {}
    for name in kinds:
        total = count(database, KINDS[name])
        lines = _told(exported(database, KINDS[name], coin, since_ms), name, total, progress)
        columns = list(KINDS[name].columns)
        try:
            write = _write_parquet if form == "parquet" else _write_csv
            written[name] = write(folder / f"{name}.{form}", columns, lines)
        except OSError as error:
            raise ExportError(f"{folder}: cannot be written: {error.strerror}") from None
    (folder / DICTIONARY).write_text(dictionary(kinds), encoding="utf-8")
    return written


def read_export(
    folder: Path, database: DatabaseAddress, progress: Callable[[str, int], None]
) -> dict[str, int]:
    """Put an export of CSV files into a database; return how many rows of each kind. Raises `ExportError`."""
    done: dict[str, int] = {}
    for name, kind in KINDS.items():
        file = folder / f"{name}.csv"
        if kind.is_imported and file.exists():
            done[name] = imported(database, name, _wholes(file, lambda at, name=name: progress(name, at)))
    if not done:
        raise ExportError(
            f"{folder}: has no {', '.join(n for n, k in KINDS.items() if k.is_imported)} as CSV"
        )
    return done


def dictionary(kinds: Iterable[str]) -> str:
    """Return what each file and each of its columns means."""
    parts = ["# What the files of this export hold", "Times are ms since 1970 UTC, money is USD."]
    for name in kinds:
        rows = [f"| `{column}` | {meaning} |" for column, meaning in KINDS[name].columns.items()]
        head = [
            f"## {name}",
            "",
            f"A line is {KINDS[name].what}.",
            "",
            "| column | meaning |",
            "| --- | --- |",
        ]
        parts.append("\n".join([*head, *rows]))
    return "\n\n".join(parts) + "\n"


def _told(
    rows: Iterator[list[Line]], name: str, total: int, progress: Callable[[str, int, int], None]
) -> Iterator[Line]:
    for done, lines in enumerate(rows, start=1):
        yield from lines
        if done % 200 == 0 or done == total:
            progress(name, done, total)


def _write_csv(file: Path, columns: Sequence[str], lines: Iterable[Line]) -> int:
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, columns)
        writer.writeheader()
        written = 0
        for line in lines:
            writer.writerow({name: csv_cell(value) for name, value in line.items()})
            written += 1
    return written


def _write_parquet(file: Path, columns: Sequence[str], lines: Iterable[Line]) -> int:
    if not has_parquet():
        raise ExportError("Parquet needs the extra: pip install 'liqbot[parquet]'")
    with file.open("wb") as target:
        return parquet_file(target, columns, lines)


def _wholes(file: Path, progress: Callable[[int], None]) -> Iterator[str]:
    with suppress(OverflowError):
        csv.field_size_limit(2**31 - 1)
    with file.open(newline="", encoding="utf-8") as source:
        for number, row in enumerate(csv.DictReader(source), start=1):
            if not row.get(WHOLE):
                raise ExportError(f"{file}, line {number + 1}: there is no column {WHOLE}")
            progress(number)
            yield row[WHOLE]
