"""The few things that SQLite and PostgreSQL write each in its own way."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one of the two writes what both can."""

    ordered_join: str
    """Joins a table for each row of what stands before: where a planner has to be told so."""
    json_texts: Callable[[str], str]
    """Returns what selects the texts in a JSON array."""
    json_truth: Callable[[str, str], str]
    """Returns whether a name is true in the JSON object that a column of bytes holds."""


SQLITE = Dialect(
    ordered_join="CROSS JOIN",
    json_texts=lambda array: f"SELECT value FROM json_each({array})",
    json_truth=lambda column, name: f"coalesce(json_extract(CAST({column} AS TEXT), '$.{name}'), 0)",
)
POSTGRESQL = Dialect(
    ordered_join="JOIN",
    json_texts=lambda array: f"SELECT json_array_elements_text(CAST({array} AS json))",
    json_truth=lambda column, name: (
        f"coalesce(CAST(CAST(convert_from({column}, 'UTF8') AS json) ->> '{name}' AS boolean), FALSE)"
    ),
)
