"""Delivery in stages, a file each: take what is due, prepare, hold or claim, address, send and settle it."""
