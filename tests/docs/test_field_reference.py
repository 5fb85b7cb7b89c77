"""The page of fields says of every class of `liqbot.plugin` what it holds."""

from dataclasses import fields

from docs.field_reference import reference
from liqbot.plugin import MarketView

PAGE = reference()


def test_the_view_comes_first_with_each_of_its_fields():
    assert PAGE.startswith("## `MarketView`")
    rows = PAGE.split("\n\n## ")[0]
    for field in fields(MarketView):
        if not field.name.startswith("_"):
            assert f"| `{field.name}` |" in rows


def test_every_row_has_three_cells_and_nothing_private():
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert all(row.replace(r"\|", "").count("|") == 4 for row in rows)
    assert not any(row.startswith("| `_") for row in rows)
