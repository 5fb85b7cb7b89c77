"""What may go wrong with the store."""


class StoreError(Exception):
    """What was asked could not be done now: the database is damaged, locked or out of room.

    Nothing of it is written. Another try may work.
    """


class DatabaseError(StoreError):
    """The database cannot be used. The text names the file and says what to do."""
