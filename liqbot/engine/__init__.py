"""From updates to views: pure functions on numpy columns, and one stateful `Board`. No I/O, no clock."""
