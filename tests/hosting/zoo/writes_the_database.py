from pathlib import Path

from liqbot.plugin import rule

DATABASE = Path("{database}")


@rule("writes-the-database")
def writes_the_database(view):
    """It spoils the database."""
    DATABASE.write_bytes(b"spoiled")
