"""A room in which accounts are watched, with a venue that tells of them what a test says.

async with watchers(address, AccountVenue()) as room:
    await room.say(f"/watch {ANN}")
    [message] = await room.look(NEAR)
"""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

from accounts import held, state
from chat.stand_ins import Room

from liqbot.alerts.account_evaluator import AccountEvaluator
from liqbot.app.account_role import AccountRole
from liqbot.bus import LocalBus
from liqbot.store.opening import open_store

FAR = held("BTC", 20, at=80_000, mark=100_000, entry=104_000, leverage=20.0)
NEAR = replace(FAR, mark=84_000)


class Watchers(Room):
    """A room in which accounts are watched."""

    def __init__(self, store, venue, **more):
        super().__init__(store, places=[venue.place], **more)
        self.venue = venue
        evaluator = AccountEvaluator(store.alerts, self.evaluator.evaluating)
        self.role = AccountRole(store, evaluator, self.services.accounts, LocalBus(), self.services.clock)
        self.services.accounts.settle = self.role.settle
        self.role.listen()

    async def tell(self, *told):
        """Let the venue tell something; return what comes of it to whomever."""
        before = len(self.messages)
        for one in told:
            self.venue.tell(one)
        await self.role.caught_up()
        await self.deliver()
        return self.messages[before:]

    async def look(self, *positions, minutes=1, **more):
        """Let the venue tell of a look, some minutes after the one before."""
        self.now_ms += minutes * 60_000
        return await self.tell(state(*positions, time_ms=self.now_ms, **more))


@asynccontextmanager
async def watchers(address, venue, **more):
    store = open_store(address)
    room = Watchers(store, venue, **more)
    running = asyncio.create_task(room.role.run())
    try:
        yield room
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await store.close()
