"""The worker: asked on one view after the other, from any thread, whatever plugins do there."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hosting.conftest import LIMITS
from markets import long, view_of
from structlog.testing import capture_logs

from liqbot.hosting import worker as worker_room
from liqbot.hosting.protocol import Answer, Call
from liqbot.hosting.worker import Limits, Quarantined
from liqbot.rules.hit import NotAsked, RuleFault

VIEW = view_of(long("ann", 2, at=95), spot=100)
GOOD = '''
@rule("good")
def good(view, *, at_least: Usd = 1):
    """Something."""
    yield Hit("key", f"{view.coin} {view.spot:g} {at_least:g}")
'''
HANGS = '''
@rule("hangs")
def hangs(view):
    """It hangs."""
    while True:
        pass
'''
COUNTS = '''
@dataclass
class Seen:
    views: int = 0

@rule("counts")
class Counts:
    """It counts."""
    State = Seen
    def read(self, view, state):
        state.views += 1
        yield Hit("key", str(state.views))
    def forget(self, state, who):
        state.views = -100
'''


def texts(outcome):
    return [hit.text for hit in outcome.hits]


def call(name, memory=None, **values):
    return Call("rule", name, values, memory)


def test_it_says_what_its_plugins_bring(worker_of):
    worker = worker_of(good=GOOD, counts=COUNTS)
    items = {item.name: item for items in worker.brought.values() for item in items}
    assert set(items) == {"good", "counts"}
    own = [parameter.name for parameter in items["good"].parameters if not parameter.standing]
    assert own == ["at_least"]
    assert items["good"].text == ("Something.",)
    assert (items["good"].file.endswith("good.py"), items["good"].line) == (True, 4)


def test_it_answers_each_call_in_their_order_with_its_own_parameters(worker_of):
    worker = worker_of(good=GOOD)
    outcomes = worker.ask(VIEW, [call("good", at_least=float(n)) for n in range(500)])
    assert [texts(outcome) for outcome in outcomes] == [[f"BTC 100 {n}"] for n in range(500)]
    assert texts(worker.ask_one(replace(VIEW, spot=101.0), call("good"))) == ["BTC 101 1"]
    assert texts(worker.ask_one(VIEW, call("good"))) == ["BTC 100 1"]


def test_what_a_rule_remembers_is_the_bots_to_keep_also_over_a_restart_of_the_worker(worker_of):
    worker = worker_of(counts=COUNTS)
    first = worker.ask_one(VIEW, call("counts"))
    worker.restart()
    assert texts(worker.ask_one(VIEW, call("counts", first.memory))) == ["2"]
    forgotten = worker.ask_one(None, Call("forget", "counts", memory=first.memory, who="0x1"))
    assert texts(worker.ask_one(VIEW, call("counts", forgotten.memory))) == ["-99"]


def test_one_that_hangs_is_named_with_the_line_and_all_others_answer_on_the_same_view(worker_of):
    worker = worker_of(good=GOOD, hangs=HANGS)
    pid = worker.pid
    start = time.perf_counter()
    first, hung, last = worker.ask(VIEW, [call("good"), call("hangs"), call("good", at_least=2.0)])
    assert time.perf_counter() - start < LIMITS.deadline_s + 2
    assert (texts(first), texts(last)) == (["BTC 100 1"], ["BTC 100 2"])
    assert isinstance(hung, RuleFault)
    assert "hangs.py, line " in str(hung)
    assert "it did not answer in time" in str(hung)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert worker.pid not in (None, pid)


def test_many_watches_of_one_that_hangs_cost_one_deadline(worker_of):
    worker = worker_of(hangs=HANGS, good=GOOD)
    start = time.perf_counter()
    outcomes = worker.ask(VIEW, [*[call("hangs") for _ in range(100)], call("good")])
    assert time.perf_counter() - start < 2 * LIMITS.deadline_s + 2
    assert all(isinstance(outcome, RuleFault) for outcome in outcomes[:-1])
    assert isinstance(outcomes[-1], Answer)


def test_one_that_has_ended_the_worker_before_is_asked_last(worker_of):
    worker = worker_of(good=GOOD, hangs=HANGS)
    worker.ask(VIEW, [call("hangs")])
    asked = []
    receive = worker_room.Process.receive

    def watched(process, within_s):
        message = receive(process, within_s)
        asked.append(type(message).__name__)
        return message

    worker_room.Process.receive = watched
    try:
        worker.ask(VIEW, [call("hangs"), call("good")])
    finally:
        worker_room.Process.receive = receive
    before = asked[: asked.index("Answer")]
    assert before.count("Ready") == 1, "the good one has answered before the other hangs"


def test_after_three_times_it_is_quarantined_and_the_operator_hears_of_it(worker_of):
    worker = worker_of(hangs=HANGS)
    with capture_logs() as logs:
        for _ in range(3):
            worker.ask(VIEW, [call("hangs")])
    start = time.perf_counter()
    [outcome] = worker.ask(VIEW, [call("hangs")])
    assert time.perf_counter() - start < LIMITS.deadline_s
    assert isinstance(outcome, Quarantined)
    assert [entry["event"] for entry in logs] == [
        "plugin_stopped",
        "plugin_stopped",
        "plugin_quarantined",
    ]
    [error] = worker.errors
    assert error.file.name == "hangs.py"
    assert error.line is not None
    assert "hangs is quarantined until the next start" in error.reason


def test_what_is_not_there_is_a_fault_and_no_more(worker_of):
    worker = worker_of(good=GOOD)
    gone, good = worker.ask(VIEW, [call("gone"), call("good")])
    assert str(gone) == "there is no rule gone in the worker"
    assert isinstance(good, Answer)


def test_a_worker_that_was_killed_from_outside_begins_anew(worker_of):
    worker = worker_of(good=GOOD)
    worker.ask(VIEW, [call("good")])
    os.kill(worker.pid, 9)
    worker._process._popen.wait()
    assert isinstance(worker.ask(VIEW, [call("good")])[0], Answer)
    assert not worker._records.suspect("good"), "nobody is blamed"


def test_a_restart_leaves_nothing_open(worker_of):
    worker = worker_of(good=GOOD)

    def restarted():
        worker.restart()
        worker.ask(VIEW, [call("good")])
        return len(list(Path("/proc/self/fd").iterdir()))

    before = restarted()
    assert [restarted() for _ in range(3)] == [before] * 3


def test_it_ends_when_the_bot_was_killed_also_while_a_rule_hangs(write, tmp_path):
    """A bot that dies without a word leaves no worker behind that spins for ever."""
    write(hangs=HANGS)
    bot = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from pathlib import Path
from threading import Thread
from markets import long, view_of
from liqbot.hosting.protocol import Call
from liqbot.hosting.worker import Limits, Worker
from liqbot.rules.plugin_discovery import find_in_folder
worker = Worker(list(find_in_folder(Path({str(tmp_path / "plugins")!r}))), Limits(deadline_s=60))
Thread(target=worker.ask, args=(view_of(long("ann", 2, at=95)), [Call("rule", "hangs")]), daemon=True).start()
while worker._sent is None:
    pass
print(worker.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run(
        [sys.executable, "-c", bot], capture_output=True, text=True, timeout=60, check=False
    )
    process = Path("/proc", done.stdout.strip())
    assert done.stdout.strip(), done.stderr
    end = time.monotonic() + 20
    while process.exists() and process.joinpath("stat").read_text().split()[2] != "Z":
        assert time.monotonic() < end, "the worker lives on"
        threading.Event().wait(0.05)


def test_two_threads_take_turns(worker_of):
    worker = worker_of(good=GOOD)
    views = [replace(VIEW, spot=float(100 + n)) for n in range(4)]
    said = {}

    def ask(view):
        said[view.spot] = {texts(worker.ask_one(view, call("good")))[0] for _ in range(50)}

    threads = [threading.Thread(target=ask, args=(view,)) for view in views]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == {view.spot: {f"BTC {view.spot:g} 1"} for view in views}


def test_whoever_finds_it_busy_is_told_so_and_does_not_wait_long(worker_of):
    worker = worker_of(hangs=HANGS, good=GOOD)
    hanging = threading.Thread(target=worker.ask, args=(VIEW, [call("hangs")]))
    with worker._lock:
        hanging.start()
        with pytest.raises(NotAsked, match="good: its worker is busy"):
            worker.ask_one(VIEW, call("good"), patience_s=0.05)
    hanging.join()


def test_who_is_not_reached_within_the_tick_is_told_so_and_is_no_fault_of_its_own(worker_of, monkeypatch):
    monkeypatch.setattr(worker_room, "LONGEST_S", 0.0)
    worker = worker_of(good=GOOD)
    [outcome] = worker.ask(VIEW, [call("good")])
    assert isinstance(outcome, NotAsked)
    monkeypatch.setattr(worker_room, "LONGEST_S", 45.0)
    assert isinstance(worker.ask(VIEW, [call("good")])[0], Answer)


def test_a_dozen_that_end_the_process_on_one_view_cost_a_good_one_no_view(worker_of, monkeypatch):
    monkeypatch.setattr(worker_room, "TICK_S", 0.0)  # as if each took its process seconds to begin anew
    ends = 'import os\n@rule("{name}")\ndef ends(view):\n    """It ends the process."""\n    os._exit(3)\n'
    names = [f"a{number}" for number in range(3)]
    worker = worker_of(**{name: ends.replace("{name}", name) for name in names}, good=GOOD)
    calls = [*(call(name) for name in names), call("good")]
    *ended, good = worker.ask(VIEW, calls)
    assert isinstance(good, Answer)
    assert all(isinstance(outcome, RuleFault) for outcome in ended)
    *ended, good = worker.ask(replace(VIEW, spot=101.0), calls)
    assert isinstance(good, Answer)
    assert all(isinstance(outcome, NotAsked) for outcome in ended), "for those there is no more time"


def test_its_environment_holds_nothing_that_could_be_a_token(worker_of, monkeypatch):
    monkeypatch.setenv("LIQBOT_DISCORD_TOKEN", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    worker = worker_of(
        tells='''
import os

@rule("tells")
def tells(view):
    """It tells its environment."""
    yield Hit("key", " ".join(sorted(os.environ)))
'''
    )
    [text] = texts(worker.ask_one(VIEW, call("tells")))
    assert "TOKEN" not in text
    assert "SECRET" not in text
    assert "PATH" in text.split()


def test_it_ends_with_the_bot_also_when_the_bot_says_nothing(worker_of):
    worker = worker_of(good=GOOD)
    process = worker._process
    process._popen.stdin.close()
    assert process._popen.wait(10) == 0


def test_after_closing_nobody_is_asked(worker_of):
    worker = worker_of(good=GOOD)
    worker.close()
    [outcome] = worker.ask(VIEW, [call("good")])
    assert isinstance(outcome, RuleFault)
    assert worker.pid is None


def test_memory_is_limited_for_all_plugins_together_and_the_one_that_grew_most_pays(worker_of):
    worker = worker_of(
        limits=Limits(deadline_s=5, memory_mb=200),
        good=GOOD,
        keeps='''
KEPT = []

@rule("keeps")
def keeps(view):
    """It keeps 30 MB of each view."""
    KEPT.append(b"x" * (30 * 2**20))
''',
    )
    outcomes = [worker.ask(VIEW, [call("keeps"), call("good")]) for _ in range(8)]
    assert all(isinstance(good, Answer) for _, good in outcomes)
    assert worker._records.suspect("keeps")
    assert not worker._records.suspect("good")
