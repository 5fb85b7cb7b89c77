"""The worker under bubblewrap: what a plugin that means harm can reach there. Skipped where it cannot run."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hosting.conftest import LIMITS
from hosting.test_worker import GOOD, VIEW, call, texts

from liqbot.hosting.bubblewrap import Containment, containment, wrapped
from liqbot.hosting.process import _INFO_S, _child_pid
from liqbot.hosting.worker import Worker
from liqbot.rules.hit import RuleFault
from liqbot.rules.plugin_discovery import find_in_folder

CONTAINED = containment()
needs_bubblewrap = pytest.mark.skipif(not CONTAINED.program, reason=CONTAINED.why_not or "it runs")

HARMFUL = '''
import ctypes, os
@rule("harmful")
def harmful(view):
    """It goes around the guard of Python: the C library asks nobody."""
    c = ctypes.CDLL(None, use_errno=True)
    def call(name, *arguments):
        return f"{name} {c[name](*arguments)} {os.strerror(ctypes.get_errno())}"
    yield Hit("write", call("open", b"/usr/written-by-a-plugin", 0o101, 0o600))
    yield Hit("beside", call("open", FOLDER + b"/written-by-a-plugin", 0o101, 0o600))
    yield Hit("kill", call("kill", BOT, 9))
    yield Hit("interfaces", " ".join(sorted(name for _, name in __import__("socket").if_nameindex())))
    yield Hit("home", " ".join(os.listdir(os.environ["HOME"])) + ";" + os.environ["HOME"])
    yield Hit("processes", " ".join(name for name in os.listdir("/proc") if name.isdigit()))
    fd = c.open(SECRET, 0)
    data = ctypes.create_string_buffer(100)
    got = c.read(fd, data, 100) if fd >= 0 else 0
    yield Hit("secret", data.raw[:max(got, 0)].decode() or "nothing")
'''

INFO = b'{\n    "child-pid": 4711,\n    "net-namespace": 4026532183\n}\n'


def test_whom_it_has_started_is_known_as_soon_as_that_is_told_though_nobody_closes_the_pipe():
    reading, told = os.pipe()
    try:
        os.write(told, INFO)
        start = time.monotonic()
        assert _child_pid(reading, 0) == 4711
        assert time.monotonic() - start < _INFO_S / 2
    finally:
        os.close(reading)
        os.close(told)


@pytest.fixture
def contained(write):
    """Return how to make a worker under bubblewrap."""
    made = []

    def contained(*, hidden=(), **plugins):
        candidates = list(find_in_folder(write(**plugins)))
        limits = replace(LIMITS, deadline_s=2, load_s=20)
        made.append(Worker(candidates, limits, hidden=hidden, contained=CONTAINED))
        return made[-1]

    yield contained
    for worker in made:
        worker.close()


@needs_bubblewrap
def test_rules_read_as_they_do_without(contained):
    worker = contained(good=GOOD)
    assert worker.errors == []
    assert texts(worker.ask_one(VIEW, call("good", at_least=3.0))) == [f"{VIEW.coin} {VIEW.spot:g} 3"]


@needs_bubblewrap
def test_who_goes_around_the_guard_has_no_network_writes_nothing_and_sees_nobody(contained, tmp_path):
    secret = tmp_path / "liqbot.toml"
    secret.write_text("token = '123:planted'")
    folder = tmp_path / "plugins"
    head = f"FOLDER, SECRET, BOT = {os.fsencode(folder)!r}, {os.fsencode(secret)!r}, {os.getpid()}\n"
    worker = contained(hidden=[secret], harmful=head + HARMFUL)
    assert worker.errors == []
    said = {hit.key: hit.text for hit in worker.ask_one(VIEW, call("harmful")).hits}
    assert said["write"] == "open -1 Read-only file system"
    assert said["beside"] == "open -1 Read-only file system"
    assert said["kill"].startswith("kill -1") or said["processes"] == "1"
    assert said["interfaces"] == "lo"
    assert said["home"] == ";/tmp/home"
    assert said["processes"] == "1"
    assert said["secret"] == "nothing"  # noqa: S105 - it is none
    assert not (folder / "written-by-a-plugin").exists()


@pytest.mark.long
@needs_bubblewrap
def test_whoever_hangs_there_is_named_by_its_line_and_killed(contained):
    worker = contained(
        hangs='@rule("hangs")\ndef hangs(view):\n    """It hangs."""\n    while True:\n        pass\n'
    )
    first = worker.pid
    with pytest.raises(RuleFault, match=r"hangs.py, line \d+"):
        worker.ask_one(VIEW, call("hangs"))
    _gone(first)


@pytest.mark.long
@needs_bubblewrap
def test_whoever_ends_the_process_is_told_by_its_signal(contained):
    worker = contained(good=GOOD)
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(RuleFault, match="SIGKILL"):
        worker.ask_one(VIEW, call("good"))
    assert texts(worker.ask_one(VIEW, call("good"))) == [f"{VIEW.coin} {VIEW.spot:g} 1"]


@pytest.mark.long
@needs_bubblewrap
def test_it_ends_with_a_bot_that_is_killed(write):
    folder = write(good=GOOD)
    program = f"""
import os, sys
from pathlib import Path
from liqbot.hosting.bubblewrap import containment
from liqbot.hosting.worker import Limits, Worker
from liqbot.rules.plugin_discovery import find_in_folder
worker = Worker(list(find_in_folder(Path({str(folder)!r}))), Limits(load_s=20), contained=containment())
print(worker.pid, flush=True)
os.kill(os.getpid(), 9)
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    pid = int(told.stdout.split()[-1])
    _gone(pid)


def _gone(pid, within_s=10):
    """Wait until a process is no more, or only waits for its parent to notice."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} still runs")


def test_where_it_is_not_installed_that_is_said(monkeypatch):
    monkeypatch.setattr("liqbot.hosting.bubblewrap.shutil.which", lambda _: None)
    assert str(containment()) == "accidents only, no sandbox (bubblewrap is not installed)"


def test_where_it_is_refused_its_own_words_are_told(monkeypatch, tmp_path):
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setattr("liqbot.hosting.bubblewrap.shutil.which", lambda _: str(refusing))
    assert "No permissions to create new namespace" in str(containment())
    assert containment() == Containment(why_not=containment().why_not)


def test_where_it_may_not_mount_a_proc_the_worker_has_none_and_all_else(monkeypatch, tmp_path):
    refusing = tmp_path / "bwrap"
    refusing.write_text(
        '#!/bin/sh\ncase "$*" in *--proc*) echo "bwrap: Can\'t mount proc" >&2; exit 1;; esac\n'
    )
    refusing.chmod(0o755)
    monkeypatch.setattr("liqbot.hosting.bubblewrap.shutil.which", lambda _: str(refusing))
    assert containment() == Containment(str(refusing), has_proc=False)
    assert str(containment()) == "bubblewrap: no network, read-only system, its own home, no /proc"


OTHERS_PYTHON = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/local/bin:/usr/bin")
"""A Python outside of anybody's home."""
HARDENED = """
mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys
exec setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \\
  --bounding-set=-all --inh-caps=-all "$@"
"""
"""What ProtectKernelTunables, NoNewPrivileges and an empty CapabilityBoundingSet do to a service."""
IN_THE_UNIT = """
import sys
from pathlib import Path
from liqbot.hosting.bubblewrap import containment
from liqbot.hosting.worker import Limits, Worker
from liqbot.rules.plugin_discovery import find_in_folder
contained = containment()
print(contained)
worker = Worker(list(find_in_folder(Path(sys.argv[1]))), Limits(load_s=30), contained=contained)
print(worker.errors, [item.name for items in worker.brought.values() for item in items])
worker.close()
"""


@needs_bubblewrap
@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="it takes root to play systemd")
@pytest.mark.skipif(not OTHERS_PYTHON, reason="there is no Python of this version that others may run")
def test_in_the_hardened_unit_of_systemd_the_worker_is_contained_all_the_same(write):
    folder = write(good=GOOD)
    command = [
        "unshare",
        "--mount",
        "sh",
        "-c",
        HARDENED,
        "sh",
        OTHERS_PYTHON,
        "-c",
        IN_THE_UNIT,
        str(folder),
    ]
    for part in (folder, *folder.parents):
        if part.stat().st_mode & 0o055 != 0o055 and part.is_relative_to("/tmp"):  # noqa: S108 - of this test
            part.chmod(part.stat().st_mode | 0o055)
    search = [path for path in sys.path if path and not path.startswith("/root")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(search), "HOME": "/nonexistent"}
    done = subprocess.run(
        command, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=120
    )
    first, *_, last = done.stdout.splitlines()
    assert first == "bubblewrap: no network, read-only system, its own home, no /proc"
    assert last == "[] ['good']", done.stderr


def test_the_unit_that_is_shipped_allows_what_bubblewrap_needs():
    unit = (Path(__file__).parents[2] / "deploy" / "liqbot.service").read_text()
    lines = dict(line.split("=", 1) for line in unit.splitlines() if line[:1].isalpha() and "=" in line)
    assert "@mount" in lines["SystemCallFilter"].split()
    assert "AF_NETLINK" in lines["RestrictAddressFamilies"].split(), "it brings up the loopback"
    assert {"user", "mnt", "pid", "net", "ipc", "uts"} <= set(lines["RestrictNamespaces"].split())


def test_what_is_hidden_is_covered_last_so_that_nothing_uncovers_it(tmp_path):
    secret = tmp_path / "liqbot.toml"
    secret.write_text("token")
    command = wrapped(["true"], Containment("bwrap"), 3, readable=[str(tmp_path)], hidden=[str(secret)])
    covered = command.index(str(secret))
    assert command[covered - 2 : covered] == ["--ro-bind", "/dev/null"]
    assert covered > command.index(str(tmp_path))
