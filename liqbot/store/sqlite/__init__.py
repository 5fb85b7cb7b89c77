"""The store in SQLite: one file, one thread that writes, a few that read beside it."""
