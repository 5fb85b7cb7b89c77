"""Delivery in stages, a file each: take what is due, hold or claim it, address it, send it, settle it."""
