"""A mail server that follows a script: real SMTP over a socket, with every answer that a real one may give."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

Answer = Callable[[str], bytes | None]  # recipient → an answer to RCPT other than 250, or None


@dataclass(frozen=True)
class Mail:
    recipient: str
    message_id: str
    source: bytes = b""  # as it came over the wire


class Sink:
    """Takes mail on `port`. `accepted` is what it answered 250 for, in order; `tried` counts deliveries by address.

    `refuses` may refuse recipients. `seconds_a_byte` slows its answers down. With `drops_after_250` it ends the
    connection right after it took a mail. `stop` makes it unreachable, `start` brings it back on the same port.
    """

    def __init__(self) -> None:
        self.port = 0
        self.accepted: list[Mail] = []
        self.tried: Counter[str] = Counter()
        self.connections = 0
        self.refuses: Answer = lambda _recipient: None
        self.seconds_a_byte = 0.0
        self.drops_after_250 = False
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self) -> None:
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def count(self) -> Counter[str]:
        """How many mails it took for each address."""
        return Counter(mail.recipient for mail in self.accepted)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        self._open.add(connection)
        try:
            with connection, connection.makefile("rb") as lines, contextlib.suppress(OSError, ValueError):
                self._say(connection, b"220 sink.example ready")
                self._listen(connection, lines)
        finally:
            self._open.discard(connection)

    def _say(self, connection: socket.socket, text: bytes) -> None:
        data = text + b"\r\n"
        if not self.seconds_a_byte:
            connection.sendall(data)
            return
        for at in range(len(data)):
            connection.sendall(data[at : at + 1])
            time.sleep(self.seconds_a_byte)

    def _listen(self, connection: socket.socket, lines: BinaryIO) -> None:
        recipient = ""
        while line := lines.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipient = _address_of(line)
                self.tried[recipient] += 1
                self._say(connection, self.refuses(recipient) or b"250 fine")
            elif verb == b"DATA":
                self._say(connection, b"354 go on")
                text = _read_data(lines)
                self.accepted.append(Mail(recipient, _message_id_of(text), text))
                self._say(connection, b"250 taken")
                if self.drops_after_250:
                    return
            elif verb == b"QUIT":
                self._say(connection, b"221 bye")
                return
            else:
                self._say(connection, b"250 fine")


def _address_of(line: bytes) -> str:
    found = re.search(rb"<([^>]*)>", line)
    return found[1].decode() if found else ""


def _read_data(lines: BinaryIO) -> bytes:
    text = b""
    while (line := lines.readline()) not in (b".\r\n", b""):
        text += line
    return text


def _message_id_of(text: bytes) -> str:
    found = re.search(rb"^Message-ID: *(\S+)", text, re.IGNORECASE | re.MULTILINE)
    return found[1].decode() if found else ""
