"""What may go wrong with the store."""

from typing import ClassVar

from liqbot.errors import OperatorError


class StoreError(OperatorError):
    """What was asked could not be done now: the database is damaged, locked or out of room.

    Nothing of it is written. Another try may work.
    """

    about: ClassVar[str] = "the database: "


class DatabaseError(StoreError):
    """The database cannot be used. The text names the file and says what to do."""

    about: ClassVar[str] = ""


class DiskFullError(DatabaseError):
    """A disk is full; the text says whose."""


class DamagedError(DatabaseError):
    """What is kept cannot be read, today or tomorrow: it is damaged, or another version wrote it."""
