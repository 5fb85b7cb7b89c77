"""A zoo of bad plugins, and good rules whose alerts arrive all the same, and in time."""

import asyncio
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest
from app.stand_ins import ME, Told, beat, subscribe
from markets import MINUTE, long, view_of
from platforms import Paper

from liqbot.alerts import platform
from liqbot.app.bot import Bot
from liqbot.app.plugin_setup import HOUSE
from liqbot.builtin import RULES
from liqbot.charts.studio import Studio
from liqbot.hosting import worker as worker_room
from liqbot.hosting.bubblewrap import containment
from liqbot.hosting.checking import check
from liqbot.hosting.plugins import Wanted, load_plugins
from liqbot.hosting.worker import Limits
from liqbot.message import Picture
from liqbot.rules.plugin_discovery import find_in_folder
from liqbot.settings import Settings
from liqbot.store.sqlite.store import SqliteStore

ZOO = Path(__file__).parent / "zoo"
TOKEN = "a-token-that-nobody-may-see"  # noqa: S105 - it opens nothing
LIMITS = Limits(deadline_s=0.3, memory_mb=256, load_s=6.0)
VIEWS = 30
GOOD = ("good", "another-good", "near-cluster")
ON_TIME_S = 3.0
"""Once the bad ones are known, the alerts of a view are there within this time."""

# What becomes of each: who is refused when it is loaded, and who is stopped when it reads.
REFUSED = {
    "syntax_error.py": (4, "SyntaxError: invalid syntax"),
    "import_error.py": (3, "ModuleNotFoundError: No module named 'no_such_module'"),
    "wrong_signature.py": (4, "TypeError: rule wrong-signature: it must take (view, *, …)"),
    "hangs_at_import.py": ((1, 2), "while it was loaded it did not answer in time"),
    "same_name.py": (4, "there is a rule good already, in {folder}/good.py; this one is left out"),
}
STOPPED = {
    "raises_always.py": (7, "ZeroDivisionError: division by zero"),
    "endless_loop.py": ((7, 8), "it did not answer in time"),
    "sleeps.py": (9, "it did not answer in time"),
    "two_gigabytes.py": (7, "MemoryError"),
    "leaks.py": (6, "MB of memory"),
    "exits.py": (6, "it ended its process (exit status 3)"),
    "exits_politely.py": (9, "SystemExit: 3"),
    "forks.py": (9, "PermissionError: a plugin must not start a process"),
    "starts_a_thread.py": (6, "it leaves a thread running"),
    "writes_the_database.py": (11, "PermissionError: a plugin must not write files"),
    "reads_the_token.py": (9, "KeyError: 'LIQBOT_ZOO_TOKEN'"),
    "reads_the_bots_environment.py": (10, "PermissionError: a plugin must not read /proc/"),
}
HARMLESS = {
    "prints.py": "goes on; what it prints is thrown away",
    "raises_sometimes.py": "goes on every other view",
}
FOUND_BY_CHECK = {"peeks.py": "what it says of "}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "plugins"
    shutil.copytree(ZOO, folder, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "writes_the_database.py"
    file.write_text(file.read_text().replace("{database}", str(tmp_path / "liqbot.db")))
    return folder


@pytest.fixture
def undrawn(monkeypatch):
    async def heatmap(_, asked):
        return Picture(b"", f"{asked.view.coin} over {asked.window}", "x.png")

    monkeypatch.setattr(Studio, "heatmap", heatmap)


class Zoo:
    """A bot with the zoo, and a source that tells one view after the other."""

    def __init__(self, settings, plugins):
        self.gates = [asyncio.Event() for _ in range(VIEWS)]
        steps = [
            step for n, gate in enumerate(self.gates) for step in (gate, *beat((n + 1) * MINUTE, near=99 - n))
        ]
        self.chat = Paper(limits=platform.Limits(hourly=False))
        self.bot = Bot(settings, [Told(steps)], {"here": self.chat}, plugins)
        self.took: list[float] = []

    async def run(self):
        for name in self.bot.services.rules.by_name:
            if name in GOOD or name not in [rule.name for rule in RULES]:
                given = {"within": "90%", "single": "1"} if name == "near-cluster" else {}
                await subscribe(self.bot, ME, name, **given)
        await self.bot.services.chats.set_grouped(ME, grouped=False)
        async with self.bot:
            for number, gate in enumerate(self.gates):
                start = time.perf_counter()
                gate.set()
                await self._has_got(number)
                self.took.append(time.perf_counter() - start)
            await self.bot.until(lambda: False)
            await self.bot.drain()

    async def _has_got(self, number):
        """Wait until the good rules' alerts of a view are there."""
        wanted = 3 if number == 0 else 2  # near-cluster speaks of its cluster once
        async with asyncio.timeout(120):
            while sum(self._is_good(message, number) for _, message in self.chat.messages) < wanted:
                await self.chat.has_got(len(self.chat.messages) + 1)

    def _is_good(self, message, number):
        first = message.provenance.split(" A")[0]
        return first in GOOD and message.time_ms == (number + 1) * MINUTE


@pytest.fixture
def told(monkeypatch):
    """Collect what the operator is told."""
    told: list[str] = []

    class Log:
        def error(self, event, **more):
            told.append(f"{event}: {more.get('reason', '')}")

        exception = warning = error

        def info(self, event, **more):
            """Let pass what is no trouble."""

    monkeypatch.setattr(worker_room, "_log", Log())
    return told


@pytest.mark.long
@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("is_contained", [False, True], ids=["accidents only", "bubblewrap"])
async def test_a_zoo_of_bad_plugins_harms_only_itself(
    folder, monkeypatch, told, record_property, is_contained
):
    if is_contained and not containment().program:
        pytest.skip(containment().why_not)
    monkeypatch.setenv("LIQBOT_ZOO_TOKEN", TOKEN)
    tmp_path = folder.parent
    settings = Settings(database=tmp_path / "liqbot.db", coins=("BTC",), plugins_path=folder)
    wanted = Wanted(folder=folder, limits=LIMITS, hidden=(settings.database,), bubblewrap=is_contained)
    start = time.perf_counter()
    plugins = load_plugins(HOUSE, wanted)
    loading_s = time.perf_counter() - start
    zoo = Zoo(settings, plugins)
    await zoo.run()

    outcomes = [*_refused(plugins.errors, folder), *_stopped([*map(str, plugins.errors), *told], folder)]
    for file, said in HARMLESS.items():
        name = file.removesuffix(".py").replace("_", "-")
        assert any(message.provenance.startswith(name) for _, message in zoo.chat.messages), (
            f"{name} is heard"
        )
        outcomes.append((file, None, said))
    outcomes += _peeking(folder)
    assert {file for file, *_ in outcomes} == {file.name for file in folder.glob("*.py")} - {
        "good.py",
        "another_good.py",
    }

    slowest, later = max(zoo.took), max(zoo.took[VIEWS // 2 :])
    assert slowest < worker_room.LONGEST_S, "within the view, though a dozen end the process on it"
    assert later < ON_TIME_S * (3 if is_contained else 1), "what is contained takes longer to begin anew"
    assert TOKEN not in "".join(f"{message.title}{message.lines}" for _, message in zoo.chat.messages)
    await SqliteStore(settings.database).close()  # it is still a database
    record_property("table", _table(outcomes, loading_s, slowest, later))


def _refused(errors, folder):
    by_file = {error.file.name: error for error in errors if "quarantined" not in error.reason}
    assert set(by_file) == set(REFUSED)
    for name, (line, reason) in REFUSED.items():
        error = by_file[name]
        assert error.file == folder / name
        assert error.line in (line if isinstance(line, tuple) else (line,))
        assert error.reason.startswith(reason.format(folder=folder)), error.reason
        yield name, line, error.reason.replace(f"{folder}/", "")


def _stopped(said, folder):
    for name, (line, reason) in STOPPED.items():
        lines = line if isinstance(line, tuple) else (line,)
        places = [f"{folder / name}, line {one})" for one in lines]
        named = [text for text in said if reason in text and any(place in text for place in places)]
        assert named, f"{name} is not named with its line among {said}"
        is_quarantined = any("quarantined" in text for text in named)
        yield name, line, f"{'quarantined' if is_quarantined else 'stopped'}: {reason}"


def _peeking(folder):
    candidates = {Path(candidate.file).name: candidate for candidate in find_in_folder(folder)}
    market = view_of(long("ann", 2, at=95))
    views = [replace(market, time_ms=n * MINUTE, spot=100.0 + n % 7) for n in range(25)]
    for name, said in FOUND_BY_CHECK.items():
        found = [one.said for one in check(candidates[name], views, LIMITS) if not one.is_well]
        [reason] = [reason for reason in found if reason.startswith(said)]
        yield name, None, f"found by `liqbot plugins check`: {reason}"


def _table(outcomes, loading_s, slowest, later):
    lines = [f"{'plugin':32} {'line':>6}  outcome"]
    for file, line, said in sorted(outcomes):
        where = "–".join(map(str, line)) if isinstance(line, tuple) else line or "—"
        lines.append(f"{file:32} {where!s:>6}  {said}")
    lines.append(
        f"loaded in {loading_s:.1f} s; every alert of the good rules arrived, {VIEWS} views: "
        f"{slowest:.1f} s after its view at the worst, {later * 1000:.0f} ms once the bad ones were known"
    )
    return "\n".join(lines)
