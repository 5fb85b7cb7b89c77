"""The Bot API server without its HTTP: a call goes in, an answer or a refusal comes out."""

import inspect
import time
import traceback
from typing import NamedTuple

from .changes import Signal
from .crowd import Crowd
from .methods import METHODS
from .pacing import Pacing
from .published import Published
from .refusals import Refused, bad, too_many
from .updates import Updates
from .world import World

TAP_LIFE = 60.0
FORBIDDEN = 403


class Paced(NamedTuple):
    """What pacing counts: `now` in seconds of the monotonic clock."""

    method: str
    chat: int | str
    now: float
    group: bool


class Api:
    """Everything behind the two doors, the bot's and the control door."""

    def __init__(self, token, username, published: Published | None):
        self.published = published
        self.violations = []
        self.calls = []
        self.faults = []
        self.commands = {}
        self.descriptions = {}
        self.pacing = Pacing()
        self.logged_out = False
        self.started_at = time.time()
        self.world = World(token, username)
        self.updates = Updates(self._check_update)
        self.changed: Signal = self.updates.changed
        self.crowd = Crowd(self.world, self.updates, self.changed, TAP_LIFE)

    async def answer(self, call):
        """Carry a call out, with its checks; raise Refused where the real server says no."""
        carry_out = METHODS.get(call.method.lower())
        if carry_out is None:
            self._unknown(call)
        if self.logged_out:
            raise bad("Logged out")
        if self.published is not None:
            problem = self.published.wrong_parameters(call.method, call.parameters)
            if problem is not None:
                self.violate("parameters", problem, call)
                raise bad(problem)
        paced = self._pace(call)
        result = await self._carried_out(carry_out, call, paced)
        self.pacing.count(*paced)
        if self.published is not None:
            problem = self.published.wrong_result(call.method, result)
            if problem is not None:
                self.violate("result", problem, call)
        return result

    async def _carried_out(self, carry_out, call, paced):
        try:
            result = carry_out(self, call)
            return await result if inspect.isawaitable(result) else result
        except Refused as refused:
            if refused.code == FORBIDDEN:
                self.pacing.count(*paced)
            raise
        except Exception as error:
            # The checks let it through and the code could not read it: the counterpart's own fault.
            self.violate("counterpart", traceback.format_exc(limit=-3), call)
            raise Refused(500, f"Internal Server Error: {type(error).__name__}") from error

    def fault_for(self, call):
        """Return the first fault that takes this call, or None."""
        return next((fault for fault in self.faults if fault.takes(call)), None)

    def violate(self, kind, what, call=None):
        self.violations.append({"kind": kind, "what": what, "call": call.number if call else None})

    def _unknown(self, call):
        known = self.published is not None and self.published.knows(call.method)
        self.violate("method", f"{'not built here' if known else 'no such method'}: {call.method}", call)
        raise Refused(404, "Not Found: method not found")

    def _pace(self, call):
        """Refuse a call that comes too soon; return what `Pacing.count` wants to know of it."""
        name = str(call.chat).lower().removeprefix("@")
        chat = self.world.chats.get(call.chat) or self.world.names.get(name)
        paced = Paced(
            call.method.lower(),
            chat.id if chat else call.chat,
            time.monotonic(),
            chat is not None and chat.type != "private",
        )
        refused = self.pacing.check(*paced)
        if refused is not None:
            call.cause, seconds = refused
            raise too_many(seconds)
        return paced

    def _check_update(self, update):
        if self.published is not None and (problem := self.published.wrong_update(update)) is not None:
            self.violate("update", problem)
