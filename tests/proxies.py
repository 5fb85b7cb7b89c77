"""A TCP proxy on loopback that can fall silent, as a network does: nothing is closed, nothing refused."""

import socket
import threading
from contextlib import contextmanager, suppress

CHUNK = 65_536


class Proxy:
    """Leads from a port of its own to another. Each connection has two threads, one for each direction."""

    def __init__(self, port):
        self._to = ("127.0.0.1", port)
        self._flows = threading.Event()
        self._flows.set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open = []
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        """Let nothing through from now on; what is sent meanwhile is kept."""
        self._flows.clear()

    def heal(self):
        """Let everything through again."""
        self._flows.set()

    def close(self):
        """End every connection."""
        self._listening.close()
        self.heal()
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                caller, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(caller)
            threading.Thread(target=self._lead, args=(caller,), daemon=True).start()

    def _lead(self, caller):
        self._flows.wait()
        try:
            called = socket.create_connection(self._to)
        except OSError:
            caller.close()
            return
        self._open.append(called)
        threading.Thread(target=self._pump, args=(called, caller), daemon=True).start()
        self._pump(caller, called)

    def _pump(self, source, sink):
        with suppress(OSError):
            while data := source.recv(CHUNK):
                self._flows.wait()
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy(port):
    """Give a proxy to a port of this machine."""
    made = Proxy(port)
    try:
        yield made
    finally:
        made.close()
