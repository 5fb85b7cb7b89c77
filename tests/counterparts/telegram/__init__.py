"""A Bot API server on loopback that stands in for Telegram, and the client that plays the people.

Started by `process.start()` or `python -m counterparts.telegram` with `tests` on the path. What tests use:
`Telegram` (`control.py`) and the fixtures of `fixtures.py`.
"""

from .control import Telegram
from .people import Person
from .process import Running, start
from .rooms import Room
from .seen import Answer, Call, Seen

__all__ = ["Answer", "Call", "Person", "Room", "Running", "Seen", "Telegram", "start"]
