"""`liqbot config` and `liqbot doctor`: what is set, and whether it works."""

import asyncio
import sqlite3
from contextlib import closing
from importlib.metadata import version

import pytest
from cli.conftest import run_apart
from counterparts.exchanges.control import counterpart
from recordings import ordinary_user, recorded, row

from liqbot.cli import machine_checks
from liqbot.settings import Settings, described, effective
from liqbot.store.sqlite.store import SqliteStore


def marks(ran):
    """Return what the doctor says of each thing that it looked at."""
    lines = [line.partition(": ") for line in ran.out.splitlines()]
    return {what[2:]: (what[0], said) for what, _, said in lines}


# config


def test_every_setting_is_printed_with_its_value_and_what_it_is(liqbot):
    ran = liqbot("config", LIQBOT_COINS="BTC,HYPE")
    assert (ran.status, ran.err) == (0, "")
    values = effective(Settings(coins=("BTC", "HYPE")))
    _, *lines = ran.out.splitlines()
    for line, (variable, _, what) in zip(lines, described(), strict=True):
        name, rest = line.split(maxsplit=1)
        assert name == variable
        assert rest.startswith(values[variable])
        assert rest.rstrip().endswith(what)


def test_nothing_is_cut_or_taken_for_markup_where_a_program_reads_it(liqbot):
    file = f"/recordings/[old]/{'x' * 200}.csv"
    assert file in liqbot("config", LIQBOT_SOURCES=f"replay:{file}").out


def test_a_wrong_setting_is_refused_by_name(refused):
    assert refused("config", LIQBOT_LOG_LEVEL="loud").startswith("LIQBOT_LOG_LEVEL: ")
    assert (
        refused("config", LIQBOT_COIN="x")
        == "LIQBOT_COIN: there is no such setting; did you mean LIQBOT_COINS?"
    )


def test_every_wrong_setting_has_its_line(liqbot):
    ran = liqbot("config", LIQBOT_LOG_LEVEL="loud", LIQBOT_SIMULATOR__SEED="x")
    assert ran.status == 1
    assert [line.split(":")[:2] for line in ran.err.splitlines()] == [
        ["liqbot", " LIQBOT_LOG_LEVEL"],
        ["liqbot", " LIQBOT_SIMULATOR__SEED"],
    ]


@pytest.mark.parametrize("command", ["run", "demo", "view BTC", "heatmap BTC", "config", "doctor"])
def test_no_command_starts_with_a_wrong_setting(refused, command):
    assert refused(*command.split(), LIQBOT_SOURCES="simulater").startswith(
        "LIQBOT_SOURCES: 'simulater' is no"
    )


# doctor


def test_on_a_fresh_machine_all_is_well_and_nothing_is_made(liqbot, folder):
    ran = liqbot("doctor", LIQBOT_WEB__PORT="0")
    assert (ran.status, ran.err) == (0, "")
    said = marks(ran)
    assert {mark for mark, _ in said.values()} == {"✓"}
    assert list(said) == ["settings", "database", "disk", "pictures", "plugins", "source simulator", "coins"]
    assert said["database"] == ("✓", "liqbot.db will be made at the first start")
    assert "near-cluster, regime-flip, trapped, divergence, funding-confirms" in said["plugins"][1]
    assert list(folder.iterdir()) == []


def test_it_looks_at_the_database_and_at_every_source(liqbot, folder):
    asyncio.run(SqliteStore(folder / "liqbot.db").close())
    recorded(folder / "x.csv", row("ann"), row("bob"), row("bob", coin="ETH"))
    before = (folder / "liqbot.db").read_bytes()
    ran = liqbot("doctor", LIQBOT_SOURCES="replay:x.csv,simulator")
    assert ran.status == 0
    said = marks(ran)
    assert said["database"] == ("✓", "liqbot.db, 0 subscriptions")
    assert said["source replay:x.csv"] == ("✓", "begins with 2 accounts in 2 coins")
    assert {file.name for file in folder.iterdir()} == {"liqbot.db", "x.csv"}
    assert (folder / "liqbot.db").read_bytes() == before


def damaged(path):
    asyncio.run(SqliteStore(path).close())
    data = bytearray(path.read_bytes())
    data[4096 * 3 :] = b"\xff" * (len(data) - 4096 * 3)
    path.write_bytes(data)


def damaged_inside(path):
    asyncio.run(SqliteStore(path).close())
    data = bytearray(path.read_bytes())
    data[-4096:] = b"\xff" * 4096
    path.write_bytes(data)


def newer(path):
    asyncio.run(SqliteStore(path).close())
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('liqbot', '9000_later')"
        )
        connection.commit()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (damaged, "liqbot.db is damaged: "),
        (damaged_inside, "liqbot.db is damaged: "),
        (newer, "was written by a newer liqbot"),
        (lambda path: path.write_bytes(b"something else"), "is not a liqbot database"),
        (lambda path: path.mkdir(), "liqbot.db"),
    ],
)
def test_a_database_that_cannot_be_used_is_found(liqbot, folder, make, told):
    make(folder / "liqbot.db")
    ran = liqbot("doctor")
    assert ran.status == 1
    mark, said = marks(ran)["database"]
    assert mark == "✗"
    assert told in said
    assert ran.err == ""


def test_a_source_that_cannot_be_read_is_found(liqbot):
    ran = liqbot("doctor", LIQBOT_SOURCES="replay:gone.csv")
    assert ran.status == 1
    assert marks(ran)["source replay:gone.csv"] == (
        "✗",
        "gone.csv: cannot be read: No such file or directory",
    )


def test_an_exchange_is_asked_whether_it_answers(liqbot):
    with counterpart(days=0.1) as exchanges:
        ran = liqbot("doctor", LIQBOT_SOURCES="gate,bitget", LIQBOT_COINS="HYPE", **_addresses(exchanges.url))
        assert ran.status == 1
        said = marks(ran)
        assert said["source gate"][0] == said["source bitget"][0] == "✗"
        assert "CONTRACT_NOT_FOUND" in said["source gate"][1]
        ran = liqbot("doctor", LIQBOT_SOURCES="gate,bitget", **_addresses(exchanges.url))
        assert ran.status == 0
        assert marks(ran)["source bitget"][1].startswith("answers: BTCUSDT ")


def _addresses(url):
    sockets = url.replace("http", "ws", 1)
    return {
        "LIQBOT_GATE__API_URL": f"{url}/gate",
        "LIQBOT_GATE__WS_URL": f"{sockets}/gate/v4/ws/usdt",
        "LIQBOT_BITGET__API_URL": f"{url}/bitget",
        "LIQBOT_BITGET__WS_URL": f"{sockets}/bitget/v3/ws/public",
    }


def test_coins_that_the_simulator_does_not_know_are_found(liqbot):
    ran = liqbot("doctor", LIQBOT_COINS="NOPE")
    assert ran.status == 1
    assert "✗ source simulator: LIQBOT_COINS: the simulator knows BTC" in ran.out


def test_a_coin_that_no_source_has_is_named_with_the_nearest(liqbot):
    with counterpart(days=0.1) as exchanges:
        wanted = {"LIQBOT_SOURCES": "simulator,gate", **_addresses(exchanges.url)}
        ran = liqbot("doctor", LIQBOT_COINS="BTC,BTCC", **wanted)
        assert ran.status == 1
        assert marks(ran)["coins"] == ("✗", "LIQBOT_COINS: no source has BTCC (the nearest is BTC)")
        # What one of them has is somewhere.
        ran = liqbot("doctor", LIQBOT_COINS="BTC,HYPE", **wanted)
        assert marks(ran)["coins"] == ("✓", "each of BTC, HYPE is somewhere")


@pytest.mark.long
def test_a_plugin_that_is_broken_is_found_by_file_and_line(liqbot, folder):
    (folder / "plugins").mkdir()
    (folder / "plugins" / "mine.py").write_text("x = 1\nboom()\n")
    ran = liqbot("doctor")
    assert ran.status == 1
    mark, said = marks(ran)["plugins"]
    assert mark == "✗"
    assert "plugins/mine.py, line 2: NameError" in said


def test_a_disk_that_is_nearly_full_is_found(liqbot, monkeypatch):
    monkeypatch.setattr(machine_checks, "LEAST_DISK_MB", 10**12)
    ran = liqbot("doctor")
    assert ran.status == 1
    assert "✗ disk: only " in ran.out


def test_a_folder_that_cannot_be_written_to_is_found(liqbot, monkeypatch):
    with ordinary_user() as folder:
        monkeypatch.chdir(folder)
        folder.chmod(0o500)
        paths = {"LIQBOT_DATABASE": folder / "liqbot.db", "LIQBOT_PICTURES_PATH": folder / "pictures"}
        ran = liqbot("doctor", **paths)
    assert ran.status == 1
    assert f"✗ database: {folder} cannot be written to" in ran.out
    assert f"✗ pictures: {folder} cannot be written to" in ran.out


def test_a_file_in_the_place_of_the_pictures_is_found(liqbot, folder):
    (folder / "pictures").write_text("", encoding="utf-8")
    ran = liqbot("doctor", LIQBOT_PICTURES_PATH="pictures")
    assert ran.status == 1
    assert "✗ pictures: LIQBOT_PICTURES_PATH: pictures is no folder" in ran.out


def test_what_is_wrong_with_several_things_is_told_of_each(liqbot, folder):
    newer(folder / "liqbot.db")
    ran = liqbot("doctor", LIQBOT_WEB__PORT="0", LIQBOT_SOURCES="replay:gone.csv", LIQBOT_COINS="BTC")
    assert ran.out.count("✗") == 2
    assert ran.out.count("✓") == 4


# Usage


@pytest.mark.parametrize(
    "arguments", [("bogus",), ("view",), ("view", "BTC", "--bogus"), ("demo", "--scenario", "boom")]
)
def test_a_usage_error_ends_with_status_2_and_no_traceback(liqbot, arguments):
    ran = liqbot(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert "Usage:" in ran.err
    assert "Traceback" not in ran.err


def test_every_command_explains_itself(liqbot):
    ran = liqbot("--help")
    assert ran.status == 0
    for command in ("run", "demo", "replay", "view", "heatmap", "config", "doctor"):
        assert f" {command} " in ran.out
        assert liqbot(command, "--help").status == 0


def test_as_a_process_an_error_is_one_line_on_standard_error(tmp_path):
    ran = run_apart(tmp_path, "view", "BTC")
    assert ran == (1, "", "liqbot: liqbot.db: there is no database yet; `liqbot run` makes one\n")


def test_a_source_that_a_plugin_brings_is_known_to_the_doctor(liqbot, folder):
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "mine.py").write_text(
        "from liqbot.plugin import source\n\n\n"
        '@source("mine")\ndef mine(request):\n    """It is mine."""\n    return object()\n'
    )
    ran = liqbot("doctor", LIQBOT_SOURCES="plugin:mine", LIQBOT_PLUGINS__TRUSTED="mine")
    assert "source plugin:mine: needs nothing" in ran.out
    ran = liqbot("doctor", LIQBOT_SOURCES="plugin:gone", LIQBOT_PLUGINS__TRUSTED="mine")
    assert ran.status == 1
    assert "✗ source plugin:gone" in ran.out


def test_the_version_is_that_of_the_package(liqbot):
    assert liqbot("--version").out.split() == ["liqbot", version("liqbot")]
    assert "--install-completion" in liqbot("-h").out
