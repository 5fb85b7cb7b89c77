"""Broadcasts of a bot that is several processes, through many violent deaths, and what came of it."""

import contextlib
import json
import os
import random
import re
import signal
import time
from collections import Counter, defaultdict
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import psycopg
from cluster.life import ACCOUNTS, LOTS, MINUTE_MS, PLATFORMS, wave
from cluster.nursery import Nursery
from counterparts.sink import process as sink
from counterparts.sink.server import KEYED
from crash.campaign import address_book

from liqbot.alerts.alert_message import MAY_REPEAT

ROLES = {
    "engine 1": ["engine"],
    "engine 2": ["engine"],
    "alerts 1": ["alerts"],
    "alerts 2": ["alerts"],
    "sender 1": ["sender"],
    "sender 2": ["sender"],
    "scanner 1": ["scanner"],
    "scanner 2": ["scanner"],
}
SAFE = ("fsync=off", "full_page_writes=off")
"""The server's settings: it is killed, the machine never, so that what was committed is kept all the same."""
SERVER = "server"
KINDS = ("engine", "alerts", "sender", "scanner", SERVER)
"""What is killed, each at least once."""
WAVE = re.compile(r"wave (\d+)")
LOOK_S = 0.05
LEADER = 0.7
"""In so many of the cases it is somebody who leads that is killed."""
OF_SERVER = 0.08
"""So many of the kills are the database server's."""
RESTART_S = 1.0
STARTED_S = 3.0
"""A process that lives for less long may not stand by yet."""
PROGRESS_S = 30.0
"""So often it is told how far it is."""
LONGEST_S = 600


@dataclass(frozen=True)
class Tempo:
    """How fast things follow each other."""

    pause_s: tuple[float, float] = (0.5, 5.0)
    """Between two kills, evenly spread."""
    away_s: tuple[float, float] = (0.0, 4.0)
    """How long a process stays away."""
    haste: int = 1
    """So many times as fast as ours the market's clock goes: a wave comes with each of its minutes."""


FULL = Tempo()
SHORT = Tempo(pause_s=(0.2, 2.0), away_s=(0.0, 2.0), haste=12)
"""A wave every five seconds."""
PAST_MS = 3_600_000
"""So far behind ours the clock of a hasty market begins."""


@dataclass
class Outcome:
    """What came of a campaign."""

    chats: int
    kills: Counter = field(default_factory=Counter)
    """How often what was killed."""
    waves: int = 0
    lost: int = 0
    """Alerts that a live subscriber has not got, or of which the database does not know that it has."""
    doubled: int = 0
    """Messages that came again without a word, or on a platform that knows repeats."""
    unknown: int = 0
    """Tries again that nobody could know to be needless: marked, or not shown by the platform."""
    at_once: int = 0
    """Requests of a sender that another one had followed already."""
    takeovers_s: list = field(default_factory=list)
    """From the death of a leader until somebody else led, where a stand-by and the server lived all along."""
    replacements_s: list = field(default_factory=list)
    """The same where the stand-by was dead, or the server: whoever led next had to start first."""

    @property
    def takeover_p99_s(self):
        found = sorted(self.takeovers_s)
        return found[min(len(found) - 1, int(len(found) * 0.99))] if found else 0.0

    @property
    def line(self):
        return (
            f"kills={self.kills.total()} chats={self.chats} lost={self.lost} doubled={self.doubled} "
            f"unknown={self.unknown} takeover_p99_s={self.takeover_p99_s:.1f}"
        )

    @property
    def times(self):
        """Return in words how long it took until somebody else led."""
        some = [
            ("take-overs by a stand-by", self.takeovers_s),
            ("replacements of a pair", self.replacements_s),
        ]
        return "; ".join(
            f"{len(times)} {name}"
            + (
                f", median {sorted(times)[len(times) // 2]:.1f} s, longest {max(times):.1f} s"
                if times
                else ""
            )
            for name, times in some
        )

    @property
    def is_well(self):
        return not (self.lost or self.doubled or self.at_once) and self.takeover_p99_s <= 10


class Campaign:
    """Processes on one database, that send to one sink."""

    def __init__(self, folder, server, database, chats, counterpart, *, seed, tempo, tell):
        self._tell = tell
        self.outcome = Outcome(chats)
        self.chats = address_book(chats)
        self._server = server
        self._database = database
        self._sink = counterpart
        self._folder = folder
        self._tempo = tempo
        now_ms = time.time_ns() // 1_000_000
        self._time = {
            "begun_ms": now_ms,
            "market_ms": now_ms - (PAST_MS if tempo.haste > 1 else 0),
            "haste": tempo.haste,
        }
        self._chance = random.Random(seed)  # noqa: S311 - a reproducible choice
        self._log = (folder / "lives.log").open("w")
        self._nursery = Nursery(self._log)
        self._living = {}
        """By name: the number of its process."""
        self._names = {}
        """By the number of a process, of those that are dead too: its name."""
        self._away = {}
        """By name: when it comes back."""
        self._dead = {}
        """By lease: who held it when they were killed, when that was, and whether a stand-by lived then."""
        self._began_s = {}
        """By name: when it began to live. One that has just begun stands by for nobody yet."""

    def run(self, kills):
        """Let all live, kill so many, and let what is owed arrive."""
        self._subscribe()
        for name in ROLES:
            self._begin(name)
        self._wait_for(lambda: len(self._leaders()) >= 2 + len(PLATFORMS), "nobody leads")
        # A watch begins with what it reads first: where nobody has read any, nothing is left to be made good.
        self._wait_for(lambda: bool(self._raised()), "no observation is read")
        begun_s = told_s = time.monotonic()
        next_s = time.monotonic() + self._chance.uniform(*self._tempo.pause_s)
        while self.outcome.kills.total() < kills:
            time.sleep(LOOK_S)
            self._look()
            if time.monotonic() - told_s >= PROGRESS_S:
                told_s = time.monotonic()
                self._tell(f"{self.outcome.kills.total()} of {kills} kills after {told_s - begun_s:.0f} s")
            if time.monotonic() >= next_s:
                self._kill(kills - self.outcome.kills.total())
                next_s = time.monotonic() + self._chance.uniform(*self._tempo.pause_s)
        self._tell("all kills are done; what is owed arrives")
        self._wait_for(lambda: not self._away and not self._dead, "nobody takes over")
        for name in ("engine 1", "engine 2"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._living.pop(name), signal.SIGKILL)
        self._wait_for(lambda: self._ask(_UNREAD, [MINUTE_MS])[0][0] == 0, "an observation was not read")
        self._wait_for(lambda: self._ask(_OWED)[0][0] == 0, "something is owed still")
        self._wait_for(lambda: self._ask(_SCANNED)[0][0] == len(ACCOUNTS), "an account is not asked for")
        self._judge()
        return self.outcome

    def close(self):
        """Let nothing live any more."""
        self._nursery.close()
        self._log.close()

    def _begin(self, name):
        order = {
            "database": self._database.url,
            "sink": self._sink.url,
            "roles": ROLES[name],
            "folder": str(self._folder),
            **self._time,
        }
        pid = self._living[name] = self._nursery.begin(order)
        self._names[pid], self._began_s[name] = name, time.monotonic()

    def _kill(self, left):
        """Kill one: by chance, but so that of the kills that are `left` each kind gets one."""
        spared = [kind for kind in KINDS if not self.outcome.kills[kind]]
        kind = self._chance.choice(spared) if left <= len(spared) else None
        if kind == SERVER or (kind is None and self._chance.random() < OF_SERVER):
            self.outcome.kills[SERVER] += 1
            for lease, (pid, died_s, _) in list(self._dead.items()):  # nobody can take what is not there
                self._dead[lease] = (pid, died_s, False)
            self._server.kill()
            self._server.start()
            return
        leaders = self._leaders()
        living = {name for name in self._living if kind in (None, _kind(name))}
        leads = {name for name in living if self._living[name] in set(leaders.values())}
        wanted = leads if leads and self._chance.random() < LEADER else living
        if not wanted:
            return
        name = self._chance.choice(sorted(wanted))
        pid = self._living.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        died_s = time.monotonic()
        self.outcome.kills[_kind(name)] += 1
        self._away[name] = died_s + self._chance.uniform(*self._tempo.away_s)
        for lease, (theirs, at_s, _) in list(self._dead.items()):  # it was to take over, and is dead as well
            if _kind(self._names.get(theirs, "")) == _kind(name):
                self._dead[lease] = (theirs, at_s, False)
        has_stand_by = any(
            _kind(other) == _kind(name) and died_s - self._began_s[other] >= STARTED_S
            for other in self._living
        )
        for lease, holder in leaders.items():
            if holder == pid and not lease.startswith("scanner/"):  # each scanner has one of its own
                self._dead.setdefault(lease, (pid, died_s, has_stand_by))

    def _look(self):
        """Let come back who is to, and note who has taken over."""
        now_s = time.monotonic()
        for name, pid in list(self._living.items()):
            if not _is_alive(
                pid
            ):  # it found no database at its start: whoever looks after it begins it again
                del self._living[name]
                self._away[name] = now_s + RESTART_S
        for name in [name for name, at_s in self._away.items() if at_s <= now_s]:
            del self._away[name]
            self._begin(name)
        if not self._dead:
            return
        leaders = self._leaders()
        for lease, (pid, died_s, has_stand_by) in list(self._dead.items()):
            if leaders.get(lease, pid) != pid:
                took_s = time.monotonic() - died_s
                (self.outcome.takeovers_s if has_stand_by else self.outcome.replacements_s).append(took_s)
                del self._dead[lease]

    def _leaders(self):
        """Return by lease the process that holds it."""
        with contextlib.suppress(psycopg.Error):
            held = self._ask("SELECT name, holder FROM leases WHERE expires > clock_timestamp()")
            return {name: int(holder.split("-")[-2]) for name, holder in held}
        return {}

    def _ask(self, statement, values=()):
        with closing(psycopg.connect(self._database.url, autocommit=True)) as connection:
            return connection.execute(statement, values).fetchall()

    def _wait_for(self, holds, otherwise):
        until_s = time.monotonic() + LONGEST_S
        while not holds():
            if time.monotonic() > until_s:
                raise RuntimeError(f"{otherwise}; {self._log.name} tells more")
            time.sleep(LOOK_S)
            self._look()

    def _subscribe(self):
        """Let each chat subscribe to one of the watches."""
        forms = [wave.form.canonical(wave.form.parse({"lot": str(lot)})) for lot in range(LOTS)]
        with closing(psycopg.connect(self._database.url)) as connection:
            connection.cursor().executemany(
                "INSERT INTO chats (platform, native_id, thread, created_ms) VALUES (%s, %s, '', 0)",
                [(chat.platform, chat.native_id) for chat in self.chats],
            )
            connection.cursor().executemany(
                "INSERT INTO watches (rule, coin, parameters) VALUES ('wave', 'BTC', %s)",
                [(form,) for form in forms],
            )
            connection.execute(_SUBSCRIBE, [LOTS])
            connection.commit()

    def _judge(self):
        """Compare what the sink has with what everybody should have."""
        got = defaultdict(list)
        for platform, chat, _, title, lines in self._sink.messages():
            marked = MAY_REPEAT in lines
            for number in dict.fromkeys(WAVE.findall("\n".join([title, *lines]))):
                got[platform, chat, int(number)].append(marked)
        raised = self._raised()
        seen = [
            number for (number,) in self._ask("SELECT DISTINCT time_ms / %s FROM observations", [MINUTE_MS])
        ]
        self.outcome.waves = len(raised)
        live = [(at, chat) for at, chat in enumerate(self.chats) if not chat.native_id.startswith("gone-")]
        per_lot = Counter(at // 2 % LOTS for at, _ in live)
        self.outcome.lost += sum(per_lot[n % LOTS] for n in seen if n not in raised)
        for at, chat in live:
            place = chat.native_id.replace("old-", "new-")
            mine = [number for number in raised if number % LOTS == at // 2 % LOTS]
            self.outcome.lost += sum((chat.platform, place, number) not in got for number in mine)
        for (platform, _, _), marks in got.items():
            again = marks[1:]
            marked = 0 if platform == KEYED else sum(again)
            self.outcome.doubled += len(again) - marked
            self.outcome.unknown += marked
        self.outcome.doubled += len(raised) - len(set(raised))
        tally = self._sink.tally()
        self.outcome.unknown += tally["repeats"]
        self.outcome.at_once = tally["at_once"]
        (sent,) = self._ask("SELECT count(*) FROM deliveries WHERE status = 'sent'")[0]
        self.outcome.lost += abs(sent - sum(per_lot[number % LOTS] for number in raised))

    def _raised(self):
        rows = self._ask("SELECT hit FROM alerts")
        return [int(WAVE.search(json.loads(bytes(hit))["text"])[1]) for (hit,) in rows]


def _kind(name):
    return name.split()[0]


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


_SUBSCRIBE = """
INSERT INTO subscriptions (chat_id, watch_id, number, created_ms)
SELECT c.id, w.id, 1, 0
FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS at FROM chats) AS c
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS lot FROM watches) AS w ON w.lot = c.at / 2 %% %s
"""
_OWED = "SELECT count(*) FROM deliveries WHERE status IN ('due', 'sending', 'unknown', 'held')"
_SCANNED = "SELECT count(*) FROM scans WHERE told > clock_timestamp() - interval '5 seconds'"
_UNREAD = """
SELECT count(*) FROM (
    SELECT DISTINCT time_ms / %s AS number FROM observations
    EXCEPT SELECT time_ms / 60000 FROM alerts
) AS unread
"""


def _say_nothing(_line):
    """Tell nobody how far it is."""


@contextmanager
def campaign(folder, server, *, chats, share, seed, tempo=FULL, tell=_say_nothing):
    """Give a campaign of so many chats, against a sink where a share of the requests meets trouble.

    `tell` hears how far it is, now and then, in a line.
    """
    database = server.make("liqbot_model")
    counterpart = sink.start("--share", str(share), "--seed", str(seed))
    try:
        made = Campaign(folder, server, database, chats, counterpart, seed=seed, tempo=tempo, tell=tell)
        with closing(made) as ours:
            yield ours
    finally:
        counterpart.stop()
        server.drop(database)
