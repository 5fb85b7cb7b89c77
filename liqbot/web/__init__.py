"""The page and the public API: read-only faces of the same answers that the chats give."""
