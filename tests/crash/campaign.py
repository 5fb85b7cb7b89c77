"""A broadcast through many violent deaths, and what came of it."""

import asyncio
import random
import re
import signal
import time
from collections import Counter, defaultdict
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from counterparts.sink import process as sink
from counterparts.sink.server import KEYED
from crash.databases import written
from crash.life import COIN, PLATFORMS, rules
from crash.nursery import Nursery
from crash.points import OF_A_VIEW, Point
from databases import faster, look, opened

from liqbot.alerts.alert_message import MAY_REPEAT
from liqbot.store.address import PostgresUrl
from liqbot.store.chats import ChatKey
from liqbot.store.maintenance import damage
from liqbot.store.opening import open_store

LOTS = 4
"""Watches that share the chats: as many alerts and inserts of deliveries in the transaction of a wave."""

TRIES = 5
"""How many lives may end in peace before one meets the death that is wanted."""


@dataclass(frozen=True)
class Death:
    """How a life is to end: at the nth time of a point, or after a while."""

    point: Point | None = None
    nth: int = 1
    after_s: float = 0.0


@dataclass
class Outcome:
    """What came of a campaign."""

    chats: int
    kills: Counter = field(default_factory=Counter)
    """How often the process was killed, by point; None for at a random time."""
    lost: int = 0
    """Alerts that a live subscriber has not got, or that the database does not know to have arrived."""
    doubled: int = 0
    """Messages that came again without a word, or on a platform that knows repeats."""
    unknown: int = 0
    """Tries again that nobody could know to be needless: marked, or not shown by the platform."""
    damage: str = "ok"

    @property
    def line(self):
        return (
            f"kills={self.kills.total()} chats={self.chats} lost={self.lost} "
            f"doubled={self.doubled} unknown={self.unknown}"
        )

    @property
    def is_well(self):
        return not (self.lost or self.doubled) and self.damage == "ok"


class Campaign:
    """Lives on one database, one after the other, that send to one sink."""

    def __init__(self, folder, address, chats, counterpart):
        self.address = address
        self.chats = address_book(chats)
        self.outcome = Outcome(chats)
        self.wave = 0
        self._sink = counterpart
        self._start_ms = time.time_ns() // 1_000_000
        self._log = (folder / "lives.log").open("w")
        self._nursery = Nursery(self._log)
        asyncio.run(subscribe(address, self.chats))

    def broadcast(self, deaths):
        """Bring one more wave to all, through these deaths."""
        self.wave += 1
        for death in deaths:
            for _ in range(TRIES):
                if self._live(death):
                    break
                self.wave += 1  # all was sent before the point was met: there must be more to do
            else:
                raise RuntimeError(f"{TRIES} lives have not met {death}")

    def finish(self):
        """Live once more, undisturbed, and return what came of it all."""
        if self._live(None):
            raise RuntimeError("the last life was killed")
        self._judge()
        return self.outcome

    def close(self):
        """Let nothing live any more."""
        self._nursery.close()
        self._log.close()

    def _live(self, death):
        """Let one life begin; return whether it was killed as it should be."""
        order = {
            "database": written(self.address),
            "url": self._sink.url,
            "start_ms": self._start_ms,
            "wave": self.wave,
            "point": death and death.point,
            "nth": death.nth if death else 1,
        }
        at_random = death is not None and death.point is None
        status = self._nursery.live(order, kill_after_s=death.after_s if at_random else None)
        if status == -signal.SIGKILL:
            self.outcome.kills[death and death.point] += 1
        elif status:
            raise RuntimeError(f"a life ended with status {status}; {self._log.name} tells why")
        return status == -signal.SIGKILL

    def _judge(self):
        """Compare what the sink has with what everybody should have."""
        got = defaultdict(list)
        for platform, chat, _, title, lines in self._sink.messages():
            told = "\n".join([title, *lines])  # two waves that are due at once come as one message
            for wave in set(re.findall(rf"{COIN}: wave \d+", told)):
                got[platform, chat, wave].append(MAY_REPEAT in lines)
        waves = [f"{COIN}: wave {number}" for number in range(1, self.wave + 1)]
        live = [chat for chat in self.chats if not chat.native_id.startswith("gone-")]
        for chat in live:
            place = chat.native_id.replace("old-", "new-")
            self.outcome.lost += sum((chat.platform, place, title) not in got for title in waves)
        for (platform, _, _), marks in got.items():
            again = marks[1:]
            marked = 0 if platform == KEYED else sum(again)
            self.outcome.doubled += len(again) - marked
            self.outcome.unknown += marked
        self.outcome.unknown += self._sink.tally()["repeats"]
        self.outcome.damage = damage(self.address, thorough=True) or "ok"
        with opened(self.address) as store:
            ((sent,),) = look(store, "SELECT count(*) FROM deliveries WHERE status = 'sent'")
        self.outcome.lost += abs(sent - len(live) * self.wave)


@contextmanager
def campaign(folder, address, *, chats, share, seed):
    """Give a campaign of so many chats, against a sink where a share of the requests meets trouble.

    `address` is a new database; in `folder` lives complain.
    """
    counterpart = sink.start("--share", str(share), "--seed", str(seed))
    try:
        with closing(Campaign(folder, address, chats, counterpart)) as ours:
            yield ours
    finally:
        counterpart.stop()


def address_book(count):
    """Return chats on both platforms; of fifty, one has blocked the bot and one has moved."""
    kinds = {7: "gone", 11: "old"}
    return [
        ChatKey(PLATFORMS[number % 2], f"{kinds.get(number // 2 % 50, 'chat')}-{number}")
        for number in range(count)
    ]


async def subscribe(address, chats):
    """Make a database in which each chat subscribes to one of the watches."""
    store = faster(open_store(address))  # nothing dies here, and it is long
    form = rules().by_name["wave"].form
    for number, chat in enumerate(chats):
        parameters = form.canonical(form.parse({"lot": str(number // 2 % LOTS)}))
        await store.subscriptions.subscribe(chat, rule="wave", coin=COIN, parameters=parameters, now_ms=0)
    await store.close()


def deaths(chance, address, *, rounds, reach, randomly, longest_s):
    """Return deaths at every named point, `rounds` times, and at random times: first those of a view.

    Of points that a life meets often, one of the first `reach` is taken; PostgreSQL writes what is owed for
    all alerts of a view in one statement.
    """
    inserts = 1 if isinstance(address, PostgresUrl) else LOTS
    of_a_view = [point for point in OF_A_VIEW if point is not Point.COMMITTED]
    others = [point for point in Point if point not in OF_A_VIEW]
    once = {Point.RECOVERY, Point.RECOVERED, Point.VIEW, Point.STATES, Point.COMMIT, Point.COMMITTED}

    def at(point):
        most = 1 if point in once else inserts if point is Point.DELIVERIES else reach
        return Death(point, chance.randint(1, most))

    first = [at(point) for point in of_a_view for _ in range(rounds)]
    then = [at(point) for point in others for _ in range(rounds)]
    then += [Death(after_s=chance.uniform(0, longest_s)) for _ in range(randomly)]
    chance.shuffle(first)
    chance.shuffle(then)
    return [*first, at(Point.COMMITTED), *then]


def seeded(seed):
    """Return a chance that is the same each time."""
    return random.Random(seed)  # noqa: S311 - a reproducible choice, not a secret
