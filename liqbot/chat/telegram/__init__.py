"""Telegram: the same commands through the Bot API, with pictures and buttons."""
