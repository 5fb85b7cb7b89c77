"""The rooms of the store in SQL that SQLite and PostgreSQL both understand: one answer to each question.

What one of the two does otherwise, for speed or since several processes write, is in its own folder.
"""
