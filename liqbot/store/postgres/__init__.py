"""The store in PostgreSQL: the same rooms as in SQLite, for several processes on several machines at once."""
