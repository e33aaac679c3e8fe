"""WebSocket frames (RFC 6455) of a server without extensions: building them, and reading a client's byte stream."""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from hashlib import sha1

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
CONTINUATION = 0
MOST_FRAGMENTS = 512  # of one message; empty ones would cost time without ever being too large
_KEY_SUFFIX = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3


class BadStream(Exception):
    """The client broke the protocol or sent too much: the connection cannot go on."""


def frame(opcode: int, payload: bytes) -> bytes:
    """One whole, unmasked frame, the same bytes for every client."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65536:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload


def text_frame(text: str) -> bytes:
    return frame(TEXT, text.encode())


def close_frame(code: int = 1000) -> bytes:
    return frame(CLOSE, struct.pack("!H", code))


def accept_head(key: str) -> bytes | None:
    """The answer to a handshake with this Sec-WebSocket-Key; None when it is not 16 bytes in Base64."""
    try:
        if len(b64decode(key, validate=True)) != 16:
            return None
    except ValueError:
        return None
    accepted = b64encode(sha1(key.encode() + _KEY_SUFFIX, usedforsecurity=False).digest())
    lines = (b"HTTP/1.1 101 Switching Protocols", b"Upgrade: websocket", b"Connection: Upgrade")
    return b"\r\n".join((*lines, b"Sec-WebSocket-Accept: " + accepted, b"", b""))


def _unmask(key: bytes, body: bytes) -> bytes:
    size = len(body)
    mask = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(body, "little") ^ int.from_bytes(mask, "little")).to_bytes(size, "little")


class FrameReader:
    """Cuts the byte stream of one client into messages. Holds bytes only while a frame or message is incomplete."""

    __slots__ = ("_fragments", "_kept", "_limit", "_opcode", "_parts")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = b""
        self._opcode = CONTINUATION  # of the fragmented message that is being put together, if any
        self._parts: bytearray | None = None
        self._fragments = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The complete (opcode, payload) that these bytes end, control frames among them. Raises BadStream."""
        data = self._kept + data if self._kept else data
        found: list[tuple[int, bytes]] = []
        start = 0
        while (cut := self._cut(data, start)) is not None:
            is_last, opcode, payload, start = cut
            message = self._join(is_last, opcode, payload)
            if message is not None:
                found.append(message)
        self._kept = data[start:]
        return found

    def _cut(self, data: bytes, start: int) -> tuple[bool, int, bytes, int] | None:
        """(is last of its message, opcode, payload, where the next begins), or None while a part is missing."""
        left = len(data) - start
        if left < 2:
            return None
        first, second = data[start], data[start + 1]
        if first & 0x70 or not second & 0x80:
            raise BadStream("reserved bits or no mask")
        size, head = second & 0x7F, 2
        if size >= 126:
            head = 4 if size == 126 else 10
            if left < head:
                return None
            size = int.from_bytes(data[start + 2 : start + head], "big")
        if size > self._limit:
            raise BadStream("too large")
        body = start + head + 4
        if len(data) < body + size:
            return None
        return bool(first & 0x80), first & 0x0F, _unmask(data[body - 4 : body], data[body : body + size]), body + size

    def _join(self, is_last: bool, opcode: int, payload: bytes) -> tuple[int, bytes] | None:
        if opcode >= CLOSE:
            if not is_last or len(payload) > 125 or opcode > PONG:
                raise BadStream("a bad control frame")
            return opcode, payload
        if (opcode == CONTINUATION) != (self._parts is not None) or opcode > BINARY:
            raise BadStream("a fragment out of order")
        if self._parts is None:
            if is_last:
                return opcode, payload
            self._opcode, self._parts, self._fragments = opcode, bytearray(), 0
        self._parts += payload
        self._fragments += 1
        if len(self._parts) > self._limit or self._fragments > MOST_FRAGMENTS:
            raise BadStream("too large")
        if not is_last:
            return None
        whole, self._parts = bytes(self._parts), None
        return self._opcode, whole
