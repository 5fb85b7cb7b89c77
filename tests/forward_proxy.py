"""A proxy on loopback that speaks HTTP (CONNECT and whole addresses) and SOCKS5, as those that people have.

It finds every host below `.test` on this machine, and no resolver does: what arrives has gone through it.
"""

import base64
import socket
import threading
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest

NAMES = ("http", "https", "all", "no", "ws", "wss", "socks")
LOGIN = "ann", "se:cret"
CHUNK = 65_536


class ForwardProxy:
    """Leads where it is asked to; where it `refuses`, nowhere. Every connection has two threads."""

    def __init__(self):
        self.asked = []
        """What it was asked for: `connect api.test:80`, `get api.test:80`, `socks api.test:80`."""
        self.logins = []
        self.refuses = False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open = []
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, scheme="http", *, login=False):
        user = "ann:se%3Acret@" if login else ""
        return f"{scheme}://{user}127.0.0.1:{self.port}"

    def close(self):
        self._listening.close()
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                caller, _ = self._listening.accept()
                self._open.append(caller)
                threading.Thread(target=self._serve, args=(caller,), daemon=True).start()

    def _serve(self, caller):
        with suppress(OSError, EOFError), caller.makefile("rb", buffering=0) as reading:
            first = _exactly(reading, 1)
            self._socks(caller, reading) if first == b"\x05" else self._http(caller, reading, first)
        with suppress(OSError):
            caller.shutdown(socket.SHUT_RDWR)

    def _http(self, caller, reading, first):
        head = first
        while not head.endswith(b"\r\n\r\n"):
            head += _exactly(reading, 1)
        line, _, rest = head.partition(b"\r\n")
        method, target, version = line.decode().split()
        for name, _, value in (one.partition(": ") for one in rest.decode().split("\r\n")):
            if name.lower() == "proxy-authorization":
                self.logins.append(base64.b64decode(value.removeprefix("Basic ")).decode())
        if method == "CONNECT":
            host, _, port = target.rpartition(":")
            called = self._call("connect", host, int(port))
            answer = (
                b"502 Bad Gateway\r\nContent-Length: 0" if called is None else b"200 Connection established"
            )
            caller.sendall(b"HTTP/1.1 " + answer + b"\r\n\r\n")
        else:
            parts = urlsplit(target)
            called = self._call("get", parts.hostname, parts.port or 80)
            if called is None:
                caller.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            else:
                path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
                called.sendall(f"{method} {path} {version}\r\nConnection: close\r\n".encode() + rest)
        if called is not None:
            self._lead(caller, called)

    def _socks(self, caller, reading):
        methods = _exactly(reading, _exactly(reading, 1)[0])
        if 2 in methods:
            caller.sendall(b"\x05\x02")
            _exactly(reading, 1)
            user = _exactly(reading, _exactly(reading, 1)[0]).decode()
            password = _exactly(reading, _exactly(reading, 1)[0]).decode()
            self.logins.append(f"{user}:{password}")
            caller.sendall(b"\x01\x00")
        else:
            caller.sendall(b"\x05\x00")
        _, _, _, kind = _exactly(reading, 4)
        if kind == 1:
            host = socket.inet_ntoa(_exactly(reading, 4))
        elif kind == 3:
            host = _exactly(reading, _exactly(reading, 1)[0]).decode()
        else:
            host = socket.inet_ntop(socket.AF_INET6, _exactly(reading, 16))
        called = self._call("socks", host, int.from_bytes(_exactly(reading, 2)))
        caller.sendall(
            b"\x05" + (b"\x04" if called is None else b"\x00") + b"\x00\x01\x00\x00\x00\x00\x00\x00"
        )
        if called is not None:
            self._lead(caller, called)

    def _call(self, how, host, port):
        """Return a connection; None where there is none to be had."""
        self.asked.append(f"{how} {host}:{port}")
        if self.refuses:
            return None
        with suppress(OSError):
            called = socket.create_connection(("127.0.0.1" if host.endswith(".test") else host, port))
            self._open.append(called)
            return called
        return None

    def _lead(self, caller, called):
        threading.Thread(target=_pump, args=(called, caller), daemon=True).start()
        _pump(caller, called)


def _exactly(reading, count):
    found = b""
    while len(found) < count:
        part = reading.read(count - len(found))
        if not part:
            raise EOFError
        found += part
    return found


def _pump(source, sink):
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def forward_proxy():
    made = ForwardProxy()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def named_proxy(monkeypatch):
    """Return how to name a proxy: `name("ALL_PROXY", "socks5")`; what talks to the test goes directly."""
    for name in NAMES:
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    with forward_proxy() as proxy:

        def name(variable, scheme="http", *, direct="127.0.0.1", login=False):
            monkeypatch.setenv(
                variable, proxy.url(scheme, login=login) if scheme else f"127.0.0.1:{proxy.port}"
            )
            monkeypatch.setenv("NO_PROXY", direct)
            return proxy

        yield name
