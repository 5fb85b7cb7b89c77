"""Listening to all that the suite logs, as an operator would see it at `debug`."""

import logging

from liqbot.logs import set_up_logs

_planted: set[str] = set()


class Listener(logging.Handler):
    """Notes each line in which something planted can be read."""

    def __init__(self):
        super().__init__()
        self.heard = 0
        self.found = []

    def emit(self, record):
        text = self.format(record)
        self.heard += 1
        self.found += [f"{record.name}: {text}" for planted in _planted if planted in text]


LISTENER = Listener()


def plant(secret):
    """Return `secret`, which from now on must never be seen in a log."""
    _planted.add(secret)
    return secret


def listen():
    """Let everything that liqbot would log at `debug` go to the listener, and nowhere else."""
    root = logging.getLogger()
    before = root.handlers[:]
    set_up_logs("debug")
    (ours,) = [handler for handler in root.handlers if handler not in before]
    LISTENER.setFormatter(ours.formatter)
    root.removeHandler(ours)
    if LISTENER not in root.handlers:
        root.addHandler(LISTENER)
