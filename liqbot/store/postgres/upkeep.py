"""What an operator asks of a PostgreSQL database: whether it is well, has our schema, and how large it is."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg import sql

from liqbot.store.address import PostgresUrl
from liqbot.store.postgres import schema
from liqbot.store.postgres.database import connect, unusable

Part = tuple[str, str]
"""Something of a schema: a word on what it is, and its name."""
_EXPECTED = "liqbot_expected"


def had_migrations(url: PostgresUrl) -> bool:
    """Return whether the database is one of liqbot's already. Raises `DatabaseError`."""
    with closing(connect(url)) as connection:
        return bool(schema.applied(url, connection))


def damage(url: PostgresUrl, *, thorough: bool = False) -> str | None:
    """Return what is wrong with the database; None where all is well.

    `thorough` reads every row of every table, and compares the heads of queues with what is owed. What the
    server itself keeps of the disk's faults, its checksums tell while they are read. Raises `DatabaseError`.
    """
    with _reading(url) as connection:
        if not thorough:
            return None
        for table in _tables(connection):
            try:
                with connection.cursor().copy(
                    sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(table))
                ) as rows:
                    for _ in rows:
                        pass
            except psycopg.Error as error:
                return f"{table}: {error}"
        (astray,) = connection.execute(_HEADS_ASTRAY).fetchone() or (0,)
        return f"{astray} chats have the wrong head of their queue" if astray else None


def differences(url: PostgresUrl) -> list[str]:
    """Return in what the schema differs from this version's; nothing for one alike.

    This version's is made beside it and compared, and nothing of it stays. Raises `DatabaseError`.
    """
    with _reading(url) as connection:
        try:
            with connection.transaction(force_rollback=True):
                found = _parts(connection)
                connection.execute(f"CREATE SCHEMA {_EXPECTED}")
                connection.execute(f"SET LOCAL search_path TO {_EXPECTED}")
                schema.create(connection)
                expected = _parts(connection)
        except psycopg.Error as error:
            raise unusable(url, error) from None
    return list(_compared(found, expected))


def sizes(url: PostgresUrl) -> dict[str, tuple[int, int]]:
    """Return by table its rows and its bytes, indexes included; the largest first. Raises `DatabaseError`."""
    with _reading(url) as connection:
        taken = dict(
            connection.execute(
                "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
                "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY 2 DESC, 1"
            ).fetchall()
        )
        rows = {
            name: connection.execute(
                sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
            ).fetchone()
            for name in taken
        }
    return {name: ((rows[name] or (0,))[0], used) for name, used in taken.items()}


@contextmanager
def _reading(url: PostgresUrl) -> Generator[psycopg.Connection[Any]]:
    with closing(connect(url)) as connection:
        try:
            schema.require_current(url, connection)
            yield connection
        except psycopg.Error as error:
            raise unusable(url, error) from None


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    rows = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
    )
    return [name for (name,) in rows]


def _compared(found: Mapping[Part, str], expected: Mapping[Part, str]) -> Iterator[str]:
    for what, name in sorted(expected.keys() - found.keys()):
        if what == "table" or ("table", name.partition(".")[0]) in found:  # a table lacks its parts anyway
            yield f"{what} {name} is missing"
    for what, name in sorted(found.keys() - expected.keys()):
        if what == "table" or ("table", name.partition(".")[0]) in expected:
            yield f"{what} {name} should not be there"
    for part in sorted(expected.keys() & found.keys()):
        if expected[part] != found[part]:
            yield f"{part[0]} {part[1]} is {found[part]}, and should be {expected[part]}"


def _parts(connection: psycopg.Connection[Any]) -> dict[Part, str]:
    """Return everything in the schema with its definition."""
    (own,) = connection.execute("SELECT current_schema()").fetchone() or ("",)
    rows = connection.execute(_PARTS).fetchall()
    return {(what, name): " ".join((text or "").replace(f"{own}.", "").split()) for what, name, text in rows}


_PARTS = """
SELECT 'table', tablename, '' FROM pg_tables WHERE schemaname = current_schema()
UNION ALL
SELECT 'column', relname || '.' || attname, format_type(atttypid, atttypmod)
    || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
    || coalesce(' COLLATE ' || nullif(collname, 'default'), '')
    || coalesce(' DEFAULT ' || pg_get_expr(adbin, adrelid), '')
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
LEFT JOIN pg_collation ON pg_collation.oid = attcollation
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relkind = 'r' AND attnum > 0 AND NOT attisdropped AND relnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'constraint', conrelid::regclass::text || '.' || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND contype IN ('c', 'f', 'p', 'u')
UNION ALL
SELECT 'index', tablename || '.' || indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL
SELECT 'trigger', relname || '.' || tgname, pg_get_triggerdef(pg_trigger.oid)
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
UNION ALL
SELECT 'function', 'deliveries.' || proname, prosrc
FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
"""
_HEADS_ASTRAY = """
SELECT count(*) FROM (
    SELECT DISTINCT ON (chat_id) chat_id, id, due_ms, (status = 'sending')::int AS is_sending FROM deliveries
    WHERE status IN ('due', 'sending', 'unknown') ORDER BY chat_id, id
) AS first FULL JOIN queue_heads USING (chat_id)
WHERE (first.id, first.due_ms, first.is_sending)
    IS DISTINCT FROM (queue_heads.delivery_id, queue_heads.due_ms, queue_heads.is_sending)
"""
