"""For the site: each cell of a table knows the name of its column, which a phone shows beside it."""

import html
import re
from typing import Any

_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
_HEAD = re.compile(r"<th[^>]*>(.*?)</th>", re.DOTALL)
_ROW = re.compile(r"<tr>.*?</tr>", re.DOTALL)
_CELL = re.compile(r"<td(?P<more>[^>]*)>")
_TAG = re.compile(r"<[^>]+>")


def on_page_content(content: str, **_: Any) -> str:  # noqa: ANN401 - what mkdocs hands to a hook besides
    """Return a page's HTML with the names of the columns, for `mkdocs.yml`."""
    return _TABLE.sub(lambda table: _named(table[0]), content)


def _named(table: str) -> str:
    names = [html.unescape(_TAG.sub("", name)).strip() for name in _HEAD.findall(table)]
    return _ROW.sub(lambda row: _row(row[0], names), table)


def _row(row: str, names: list[str]) -> str:
    columns = iter(["", *names[1:]])  # the first cell says what the row is about

    def named(cell: re.Match[str]) -> str:
        name = next(columns, "")
        column = f' data-column="{html.escape(name, quote=True)}"' if name else ""
        return f"<td{cell['more']}{column}>"

    return _CELL.sub(named, row)
