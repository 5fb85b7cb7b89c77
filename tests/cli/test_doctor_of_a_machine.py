"""`liqbot doctor` on this machine: a ✓ means that it is well, and every ✗ says what to do."""

import asyncio
import os
import shutil
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from cli.test_house_commands import marks
from recordings import ordinary_user

from liqbot.cli import machine_checks, source_checks
from liqbot.store.sqlite.store import SqliteStore

# doctor asks a bot that runs


class Health(BaseHTTPRequestHandler):
    """Answers as a bot does at `/healthz`."""

    said = b""

    def do_GET(self):
        self.send_response(503)
        self.end_headers()
        self.wfile.write(self.said)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def health():
    """Return how to have somebody answer where the figures of a bot are; gives the port."""
    servers = []

    def health(said):
        kind = type("Said", (Health,), {"said": said})
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), kind))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return str(servers[-1].server_port)

    yield health
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("said", "mark", "told"),
    [
        (b'{"ok":true,"troubles":{}}', "✓", "all is well with it"),
        (b'{"ok":false,"troubles":{"disk":"Only 3 MB are free."}}', "✗", "disk: Only 3 MB are free."),
        (b"<html>another server</html>", "✗", "something else answers at http://127.0.0.1:"),
    ],
)
def test_the_doctor_reads_the_troubles_of_the_bot_that_runs(liqbot, health, said, mark, told):
    found = marks(liqbot("doctor", LIQBOT_METRICS_PORT=health(said)))["metrics"]
    assert found[0] == mark
    assert told in found[1]


def test_that_no_bot_runs_is_no_trouble(liqbot, unused_tcp_port):
    found = marks(liqbot("doctor", LIQBOT_METRICS_PORT=unused_tcp_port))["metrics"]
    assert found[0] == "✓"
    assert "none answers" in found[1]


@pytest.mark.parametrize(
    ("answer", "mark", "said"),
    [(b"hello", "✗", "something else answers"), (None, "✓", "the page will be there")],
)
def test_it_says_whether_the_page_can_be_served(liqbot, answer, mark, said):
    class Other(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    port = server.server_port
    if answer is None:
        server.server_close()
        ran = liqbot("doctor", LIQBOT_WEB__PORT=port)
    else:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ran = liqbot("doctor", LIQBOT_WEB__PORT=port)
        server.shutdown()
        server.server_close()
    found = marks(ran)["page"]
    assert found[0] == mark
    assert said in found[1]


def test_a_port_that_takes_connections_and_never_answers_is_taken(liqbot, monkeypatch):
    monkeypatch.setattr(machine_checks, "HEALTH_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert marks(liqbot("doctor", LIQBOT_METRICS_PORT=port))["metrics"][0] == "✗"
        assert marks(liqbot("doctor", LIQBOT_WEB__PORT=port))["page"][0] == "✗"


def test_a_port_that_nothing_can_listen_on_is_found(liqbot):
    found = marks(liqbot("doctor", LIQBOT_METRICS_PORT="9100", LIQBOT_METRICS_HOST="192.0.2.1"))["metrics"]
    assert found[0] == "✗"
    assert "LIQBOT_METRICS_HOST" in found[1] or "LIQBOT_METRICS_PORT" in found[1]


def test_one_port_for_two_is_found_before_the_start(liqbot, unused_tcp_port):
    found = marks(liqbot("doctor", LIQBOT_METRICS_PORT=unused_tcp_port, LIQBOT_WEB__PORT=unused_tcp_port))
    assert found["page"] == (
        "✗",
        f"LIQBOT_METRICS_PORT is {unused_tcp_port} too; one of both needs another port",
    )


@pytest.mark.parametrize(("mode", "mark"), [(0o644, "✗"), (0o640, "✗"), (0o600, "✓")])
def test_a_settings_file_with_a_token_is_for_its_owner_alone(liqbot, folder, mode, mark):
    file = folder / "liqbot.toml"
    file.write_text('[telegram]\ntoken = "70000001:a-secret-that-is-none"\napi_url = "http://127.0.0.1:9"\n')
    file.chmod(mode)
    found = marks(liqbot("doctor"))["settings"]
    assert found[0] == mark
    assert ("chmod 600 liqbot.toml" in found[1]) == (mark == "✗")
    file.write_text('coins = ["BTC"]\n')
    assert marks(liqbot("doctor"))["settings"] == ("✓", "understood")


def test_a_database_that_others_can_read_is_found(liqbot, folder):
    asyncio.run(SqliteStore(folder / "liqbot.db").close())
    assert marks(liqbot("doctor"))["database"][0] == "✓"
    (folder / "liqbot.db").chmod(0o644)
    assert "chmod 600 liqbot.db" in marks(liqbot("doctor"))["database"][1]


def test_a_folder_of_backups_that_cannot_be_written_to_is_found(liqbot, monkeypatch):
    with ordinary_user() as folder:
        monkeypatch.chdir(folder)
        assert marks(liqbot("doctor", LIQBOT_BACKUPS__FOLDER="kept"))["backups"][0] == "✓"
        (folder / "kept").mkdir(mode=0o500)
        found = marks(liqbot("doctor", LIQBOT_BACKUPS__FOLDER="kept"))["backups"]
        assert found == ("✗", f"{folder.resolve()}/kept cannot be written to")


@pytest.mark.parametrize("place", ["file", "file/kept"])
def test_a_file_in_the_way_of_a_folder_is_found(liqbot, folder, place):
    (folder / "file").touch()
    said = marks(liqbot("doctor", LIQBOT_BACKUPS__FOLDER=place, LIQBOT_PICTURES_PATH=place))
    for what in ("backups", "pictures"):
        assert said[what][0] == "✗"
        assert "file" in said[what][1]
        assert "is no folder" in said[what][1]


def test_a_folder_of_plugins_that_is_not_there_is_found(liqbot):
    found = marks(liqbot("doctor", LIQBOT_PLUGINS_PATH="nowhere"))["plugins"]
    assert found[0] == "✗"
    assert "LIQBOT_PLUGINS_PATH" in found[1]


def test_every_disk_that_is_written_to_is_looked_at(liqbot, folder, monkeypatch):
    kept = folder / "kept"
    kept.mkdir()
    free = shutil.disk_usage

    def usage(place):
        return SimpleNamespace(free=2**20) if os.fspath(place).endswith("kept") else free(place)

    monkeypatch.setattr(machine_checks.shutil, "disk_usage", usage)
    assert marks(liqbot("doctor"))["disk"][0] == "✓"
    found = marks(liqbot("doctor", LIQBOT_BACKUPS__FOLDER=kept))["disk"]
    assert found[0] == "✗"
    assert f"only 1 MB are free in {kept}" in found[1]


@pytest.mark.parametrize("venue", ["hyperliquid", "binance", "bybit", "okx", "bitget", "gate"])
def test_a_source_that_takes_connections_and_never_answers_is_no_check_mark(liqbot, monkeypatch, venue):
    monkeypatch.setattr(source_checks, "CHECK_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ran = liqbot("doctor", LIQBOT_SOURCES=venue, **{f"LIQBOT_{venue.upper()}__API_URL": where})
    assert ran.status == 1
    assert marks(ran)[f"source {venue}"][0] == "✗"


def test_an_operator_s_chat_without_a_token_hears_nothing(liqbot):
    found = marks(liqbot("doctor", LIQBOT_OPERATOR_CHAT="telegram:12"))["operator's chat"]
    assert found == (
        "✗",
        "LIQBOT_OPERATOR_CHAT: there is no token for telegram, and nobody hears of troubles",
    )
