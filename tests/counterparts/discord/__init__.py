"""A stand-in for Discord on loopback: its gateway and REST API v10, as far as a bot like liqbot uses them.

It runs as a process of its own (`python -m counterparts.discord`, with `tests` on the path) and is directed
through a control door; `control.Discord` is the client of that door. What it sends and receives is checked
against Discord's published schemas, where they lie beside the project.
"""

from .control import Discord, Refused
from .told import Answer, Call, Guild, Message

__all__ = ["Answer", "Call", "Discord", "Guild", "Message", "Refused"]
