"""A PostgreSQL server of the tests' own: made in a temporary folder, and removed with all that is in it."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from liqbot.store.address import PostgresUrl
from liqbot.store.postgres import schema

FINDER = Path(__file__).parent / "store" / "postgres" / "postgresql.sh"
START_S = 30.0
USER = "liqbot"
_QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
"""Nothing here has to survive a power cut."""

_LARGE = 1 << 20
"""A table of so many bytes is made anew: to remove each of its rows would take longer."""
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_WRITTEN_TO = (
    "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relname <> %s "
    "AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0"
)
_FIRST_NUMBERS = (
    "SELECT setval(format('%I', sequencename)::regclass, start_value, false) FROM pg_sequences "
    "WHERE schemaname = 'public' AND last_value IS NOT NULL"
)


def programs():
    """Return the folder of PostgreSQL's programs; None where there are none."""
    found = subprocess.run([FINDER, "--installed"], capture_output=True, text=True, check=False)
    return Path(found.stdout.strip()) if found.returncode == 0 else None


class Server:
    """One server. It can be stopped, killed and started again, as machines do."""

    def __init__(self, folder_of_programs, *, settings=_QUICK, password=None):
        self.programs, self._settings = folder_of_programs, settings
        self.folder = Path(tempfile.mkdtemp(prefix="liqbot-postgres-"))
        self._as_user = ["setpriv", "--pdeathsig", "KILL"]  # it ends with the tests, however they do
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as_user += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        self._numbers = count(1)
        self._process = None
        self.port = _free_port()
        self.password = password
        self._make_cluster()

    @property
    def pid(self):
        """The number of its first process, which has begun all others."""
        return self._process.pid

    def url(self, database, *, host=None):
        """Return the URL of a database: by the socket in the server's folder, or by a host's name."""
        login = USER if self.password is None else f"{USER}:{quote(self.password, safe='')}"
        if host is not None:
            return PostgresUrl(f"postgresql://{login}@{host}:{self.port}/{database}")
        return PostgresUrl(f"postgresql://{login}@/{database}?host={self.folder}&port={self.port}")

    def start(self):
        """Start, and wait until it takes connections. On a thread that lives on: the server ends with it."""
        options = [f"port={self.port}", f"unix_socket_directories={self.folder}"]
        options += ["listen_addresses=127.0.0.1", "max_connections=200", "deadlock_timeout=200ms"]
        options += self._settings
        command = [self.programs / "postgres", "-D", self.folder / "data"]
        for option in options:
            command += ["-c", option]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*self._as_user, *command], stdout=log, stderr=log, cwd="/")
        until = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self.url("postgres").url, connect_timeout=5).close()
            except psycopg.OperationalError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.02)
            else:
                return

    def stop(self):
        """Stop: connections end at once, nothing is lost."""
        self._end(2)

    def kill(self):
        """End as a machine ends that loses its power."""
        self._end(3)

    def restart(self):
        """Stop and start."""
        self.stop()
        self.start()

    def remove(self):
        """Stop, and remove everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def make(self, template):
        """Make a database like another one; return its URL."""
        name = f"test_{next(self._numbers)}"
        self.ask("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url(name)

    def drop(self, url):
        """Remove a database, whoever is connected."""
        name = url.url.partition("?")[0].rpartition("/")[2]
        with suppress(psycopg.Error):
            self.ask("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def empty(self, url):
        """Remove all rows of a database, whoever is connected: a tenth of what a new one takes."""
        with closing(psycopg.connect(url.url, autocommit=True)) as connection:
            connection.execute(_END_OTHERS)
            with connection.transaction():
                connection.execute("SET LOCAL session_replication_role = replica")  # no trigger, no reference
                for name, size in connection.execute(_WRITTEN_TO, [schema.APPLIED]).fetchall():
                    remove = "DELETE FROM {}" if size < _LARGE else "TRUNCATE {} CASCADE"
                    connection.execute(sql.SQL(remove).format(sql.Identifier(name)))
                connection.execute(_FIRST_NUMBERS)

    def ask(self, statement, *names):
        """Execute a statement with names in it as the server's administrator."""
        with closing(psycopg.connect(self.url("postgres").url, autocommit=True)) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _end(self, number):
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)
            self._process.wait(START_S)
            self._process = None

    def _make_cluster(self):
        entry = self.folder / "password"
        entry.write_text(self.password or "")
        trusted = ["-A", "trust"] if self.password is None else ["-A", "scram-sha-256", f"--pwfile={entry}"]
        entry.chmod(0o644)
        options = ["-D", self.folder / "data", "-U", USER, "--no-sync", "-E", "UTF8", "--locale=C"]
        command = [*self._as_user, self.programs / "initdb", *options, *trusted]
        subprocess.run(command, check=True, capture_output=True, cwd="/")


@contextmanager
def running(folder_of_programs, **options):
    """Give a server that has a database `liqbot_model` with an empty schema, to make others from."""
    server = Server(folder_of_programs, **options)
    try:
        server.start()
        server.ask("CREATE DATABASE {}", "liqbot_model")
        url = server.url("liqbot_model")
        with closing(psycopg.connect(url.url, autocommit=True)) as connection:
            schema.prepare(url, connection)
        yield server
    finally:
        server.remove()


def _free_port():
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
