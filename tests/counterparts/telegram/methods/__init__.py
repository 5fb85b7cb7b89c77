"""The methods of the Bot API that the counterpart has, each under its own name."""

from . import chats, commands, editing, life, receiving, sending
from .registry import METHODS

__all__ = ["METHODS", "chats", "commands", "editing", "life", "receiving", "sending"]
