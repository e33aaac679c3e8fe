"""A TCP relay on the loopback interface that delays, freezes, cuts, duplicates and loses what passes through it."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time

CHUNK = 64 * 1024


class Stream:
    """A server's side of one connection, taken apart into messages of a WebSocket and everything else."""

    def __init__(self) -> None:
        self._rest = b""
        self._is_upgraded: bool | None = None  # None while it has not answered

    def take(self, data: bytes) -> list[tuple[bytes, bool]]:
        """What is complete by now, each with whether it is a whole message; the rest is kept."""
        if self._is_upgraded is None:
            self._is_upgraded = data.startswith(b"HTTP/1.1 101")
            if self._is_upgraded:
                head, end, data = data.partition(b"\r\n\r\n")
                return [(head + end, False), *self.take(data)]
        if not self._is_upgraded:
            return [(data, False)]
        self._rest += data
        pieces = []
        while (length := _frame_length(self._rest)) and length <= len(self._rest):
            is_message = self._rest[0] in (0x81, 0x82)  # neither a ping nor a part of something
            pieces.append((self._rest[:length], is_message))
            self._rest = self._rest[length:]
        return pieces


def _frame_length(data: bytes) -> int:
    """Of the frame that begins here, in bytes; 0 when that cannot be known yet."""
    if len(data) < 2:
        return 0
    more = {126: 2, 127: 8}.get(data[1], 0)
    if len(data) < 2 + more:
        return 0
    return 2 + more + (int.from_bytes(data[2 : 2 + more], "big") if more else data[1])


class Link:
    """One connection through the relay."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.answer_is_lost = False

    def cut(self) -> None:
        """End both sides, the waiting threads included."""
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.client.close()
        self.server.close()


class Relay:
    """Listens on `port` and passes everything on to `target`; the faults are attributes and methods.

    `delay` is seconds before each piece goes on. With `duplicates` the server's messages on a WebSocket reach the
    client twice. While frozen nothing passes, not even an end. With `loses` = (text, chance), what a client sent with
    that text in it arrives, and then the connection is cut before the answer comes back.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.delay = 0.0
        self.duplicates = False
        self.loses: tuple[bytes, float] | None = None
        self.lost = 0
        self._moves = threading.Event()
        self._moves.set()
        self._refuses = self._ended = False
        self._links: set[Link] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    # --- faults ---------------------------------------------------------------------------------------------------

    def freeze(self) -> None:
        """From now on nothing passes, in neither direction, and nobody is told."""
        self._moves.clear()

    def thaw(self) -> None:
        """What was held goes on."""
        self._moves.set()

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        self._refuses = True
        for link in self.links():
            link.cut()

    def mend(self) -> None:
        """Let new connections through again."""
        self._refuses = False

    def links(self) -> list[Link]:
        with self._lock:
            return list(self._links)

    def close(self) -> None:
        self._ended = True
        self._moves.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    # --- the way through --------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while not self._ended:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        """Runs a connection from its begin to its end."""
        self._moves.wait()
        try:
            if self._refuses or self._ended:
                raise ConnectionRefusedError
            server = socket.create_connection(("127.0.0.1", self._target), 10)
            server.settimeout(None)
        except OSError:
            client.close()
            return
        link = Link(client, server)
        with self._lock:
            self._links.add(link)
        back = threading.Thread(target=self._back, args=(link,), daemon=True)
        back.start()
        self._forth(link)
        back.join()
        with self._lock:
            self._links.discard(link)
        link.close()

    def _forth(self, link: Link) -> None:
        with contextlib.suppress(OSError):
            while data := link.client.recv(CHUNK):
                self._hold()
                if self.loses and self.loses[0] in data and random.random() < self.loses[1]:
                    link.answer_is_lost = True
                    self.lost += 1
                link.server.sendall(data)
        self._moves.wait()
        with contextlib.suppress(OSError):
            link.server.shutdown(socket.SHUT_WR)

    def _back(self, link: Link) -> None:
        stream = Stream()
        with contextlib.suppress(OSError):
            while data := link.server.recv(CHUNK):
                self._hold()
                if link.answer_is_lost:
                    break
                pieces = stream.take(data)
                link.client.sendall(
                    b"".join(one * 2 if message and self.duplicates else one for one, message in pieces)
                )
        self._moves.wait()
        link.cut()

    def _hold(self) -> None:
        if self.delay:
            time.sleep(self.delay)
        self._moves.wait()
