"""The fast path: order, partial writes, slow and vanishing clients, on real sockets in this process."""

from __future__ import annotations

import _socket
import contextlib
import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import gevent
import pytest
from engineio import packet as engine_packet
from gevent import monkey
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.realtime import sending, wire
from helpdesk.realtime.connections import Connection
from helpdesk.realtime.fanout import DirectServer
from helpdesk.realtime.fast import DirectSocket
from helpdesk.realtime.guard import QuietLogger
from helpdesk.realtime.queries import Person
from helpdesk.realtime.rules import NAMESPACE, Limits

LIMITS = Limits(frame_bytes=4096)


def turn(times: int = 1) -> None:
    """Let the event loop look at its sockets and run what is ready."""
    for _turn in range(times):
        gevent.sleep(0.0005)


class Client:
    """The other end of one DirectSocket: a blocking socket with tiny buffers that reads only when told."""

    def __init__(self, server: DirectServer, name: str) -> None:
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        family, kind = ours.family, ours.type
        bare = _socket.socket(family, kind, 0, ours.detach())
        bare.setblocking(False)
        self.theirs = theirs
        theirs.settimeout(0.0)
        self.direct = DirectSocket(server.eio, name)
        server.eio.sockets[name] = self.direct
        server._handle_eio_connect(name, {})
        self.sid = server.manager.pre_connect(name, NAMESPACE)
        server.manager.connect(self.sid, NAMESPACE)
        server.manager.enter_room(self.sid, NAMESPACE, "all")
        self.direct.open(bare, b"")
        self.received = b""

    def read(self) -> list[str]:
        """Every text that has arrived by now, while the server goes on writing."""
        idle = 0
        while idle < 5:
            turn()
            try:
                data = self.theirs.recv(65536)
            except BlockingIOError:
                idle += 1
                continue
            except OSError:
                break
            if not data:
                break
            self.received += data
            idle = 0
        return list(texts(self.received))

    def send(self, opcode: int, payload: bytes) -> None:
        self.theirs.sendall(masked(opcode, payload))
        turn(5)


def masked(opcode: int, payload: bytes, *, last: bool = True, key: bytes = b"abcd") -> bytes:
    """A frame as clients send them."""
    plain = wire.frame(opcode, payload)
    head = bytes(((0x80 if last else 0) | opcode, plain[1] | 0x80)) + plain[2 : len(plain) - len(payload)]
    return head + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


def texts(stream: bytes) -> Iterator[str]:
    """The texts of a server's byte stream; what is not whole at its end is left out."""
    while len(stream) >= 2:
        size, head = stream[1], 2
        if size == 126:
            size, head = int.from_bytes(stream[2:4], "big"), 4
        elif size == 127:
            size, head = int.from_bytes(stream[2:10], "big"), 10
        if len(stream) < head + size:
            return
        if stream[0] == 0x81:
            yield stream[head : head + size].decode()
        stream = stream[head + size :]


@pytest.fixture
def server() -> Iterator[DirectServer]:
    server = DirectServer(
        LIMITS, async_mode="gevent", namespaces=[NAMESPACE], async_handlers=False,
        logger=QuietLogger(), engineio_logger=QuietLogger(), transports=["websocket"],
    )  # fmt: skip
    yield server
    for client in list(server.eio.sockets.values()):
        client.cut()
    turn(5)


@pytest.fixture
def connect(server: DirectServer) -> Iterator[Callable[[], Client]]:
    made: list[Client] = []

    def make() -> Client:
        made.append(Client(server, f"c{len(made)}"))
        return made[-1]

    yield make
    for client in made:
        client.theirs.close()


def publish(server: DirectServer, number: int, size: int = 10, to: Any = "all") -> None:
    server.emit("banner", {"n": number, "pad": "x" * size}, to=to, namespace=NAMESPACE)


def numbers(received: list[str]) -> list[int]:
    return [json.loads(text.removeprefix("42/live,"))[1]["n"] for text in received if text.startswith("42/live,")]


def test_an_event_is_the_same_on_the_wire_as_from_the_stock_server(
    server: DirectServer, connect: Callable[[], Client]
) -> None:
    client = connect()
    server.emit("banner", {"é": [1, None]}, to="all", namespace=NAMESPACE)
    [text] = client.read()
    packet = server.packet_class(2, namespace=NAMESPACE, data=["banner", {"é": [1, None]}]).encode()
    assert text == engine_packet.Packet(engine_packet.MESSAGE, packet).encode()


def test_what_the_kernel_did_not_take_goes_first_and_whole(server: DirectServer, connect: Callable[[], Client]) -> None:
    client = connect()
    publish(server, 0, size=50_000)
    assert client.direct._waiting, "the buffers of this machine are too large for this test"
    for number in range(1, 6):
        publish(server, number)
        client.direct.send(engine_packet.Packet(engine_packet.MESSAGE, f'2/live,["x",{{"n":{number + 100}}}]'))
    assert numbers(client.read()) == [0, 1, 101, 2, 102, 3, 103, 4, 104, 5, 105]
    assert client.direct._waiting is None
    publish(server, 6)
    assert numbers(client.read())[-1] == 6


def test_a_client_that_does_not_read_is_cut_and_holds_nothing(
    server: DirectServer, connect: Callable[[], Client]
) -> None:
    slow, quick = connect(), connect()
    for number in range(200):
        publish(server, number, size=3000)
        assert slow.direct._waiting_bytes <= LIMITS.queued_bytes
        assert len(slow.direct._waiting or ()) <= LIMITS.queued_frames
        assert numbers(quick.read()) == list(range(number + 1))
    assert slow.direct.closed
    assert slow.direct._waiting is None
    assert "c0" not in server.eio.sockets
    assert server.manager.rooms[NAMESPACE]["all"] == {quick.sid: "c1"}
    assert numbers(slow.read()) == list(range(len(numbers(slow.read())))), "what came through is a whole beginning"


def test_an_event_for_some_reaches_those_of_them_who_are_still_there(
    server: DirectServer, connect: Callable[[], Client]
) -> None:
    clients = [connect() for _number in range(4)]
    far = datetime.max.replace(tzinfo=UTC)
    chosen = [Connection(c.sid, c.direct.sid, Person(n, n, False, far)) for n, c in enumerate(clients[:3])]
    server.manager.disconnect(clients[1].sid, NAMESPACE)
    clients[2].direct.close(abort=True)
    server.emit_to("banner", {"n": 1}, chosen)
    publish(server, 2)
    assert [numbers(client.read()) for client in clients] == [[1, 2], [], [], [2]]


def test_clients_that_vanish_meanwhile_disturb_nobody(server: DirectServer, connect: Callable[[], Client]) -> None:
    clients = [connect() for _number in range(30)]
    for number, client in enumerate(clients):
        if number % 3 == 0:
            client.theirs.close()  # the server does not know yet
        elif number % 3 == 1:
            server.manager.disconnect(client.sid, NAMESPACE)
    publish(server, 1)
    turn(10)
    publish(server, 2)
    assert all(numbers(client.read()) == [1, 2] for client in clients[2::3])
    assert set(server.manager.rooms[NAMESPACE]["all"].values()) == {f"c{number}" for number in range(2, 30, 3)}
    assert len(server.eio.sockets) == 20  # those that left the namespace keep their transport


@pytest.mark.parametrize("processors", [1, 2])
def test_many_at_once_get_it_whole_and_in_order(
    server: DirectServer, connect: Callable[[], Client], monkeypatch: pytest.MonkeyPatch, processors: int
) -> None:
    monkeypatch.setattr(sending, "MANY", 4)
    monkeypatch.setattr(sending, "PROCESSORS", processors)
    clients = [connect() for _number in range(20)]
    full = [clients[4], clients[7]]  # one of each half
    for client in full:
        server.emit("banner", {"n": 0, "pad": "x" * 30_000}, to=client.sid, namespace=NAMESPACE)
        assert client.direct._waiting, "the buffers of this machine are too large for this test"
    for gone in clients[8:10]:
        gone.theirs.close()
    publish(server, 1, size=20_000)  # more than the kernel takes of anybody
    publish(server, 2)
    here = [client for client in clients if client not in clients[8:10]]
    expected = [[0, 1, 2] if client in full else [1, 2] for client in here]
    assert [numbers(client.read()) for client in here] == expected
    assert all(client.direct._waiting is None for client in here)
    turn(10)
    assert len(server.eio.sockets) == 18


def test_the_second_thread_is_a_real_one(server: DirectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A greenlet in its place would wait for ever, as nothing switches meanwhile."""
    monkeypatch.setattr(sending, "MANY", 2)
    monkeypatch.setattr(sending, "PROCESSORS", 2)
    threads: list[int] = []

    class Socket:
        def send(self, data: bytes) -> int:
            threads.append(monkey.get_original("_thread", "get_ident")())
            return len(data)

    assert sending.send_to_all([Socket(), Socket(), Socket()], b"x") == []  # type: ignore[list-item]
    assert len(threads) == 3
    assert len(set(threads)) == 2


def test_a_list_of_rooms_is_reached_once_each(server: DirectServer, connect: Callable[[], Client]) -> None:
    first, second, third = connect(), connect(), connect()
    server.manager.enter_room(first.sid, NAMESPACE, "user:1")
    publish(server, 5, to=["user:1", first.sid, second.sid, "nobody"])
    assert [numbers(client.read()) for client in (first, second, third)] == [[5], [5], []]


def test_leaving_takes_a_client_out_of_every_room(server: DirectServer, connect: Callable[[], Client]) -> None:
    client = connect()
    assert set(server.manager.get_rooms(client.sid, NAMESPACE)) == {client.sid, "all"}
    server.manager.disconnect(client.sid, NAMESPACE)
    assert server.manager.rooms == {}
    assert server.manager._rooms_of == {}


def test_a_silent_client_is_let_go(server: DirectServer, connect: Callable[[], Client]) -> None:
    client = connect()
    client.send(wire.PING, b"are you there")
    assert client.theirs.recv(100) == wire.frame(wire.PONG, b"are you there")
    client.send(wire.CLOSE, b"")
    turn(5)
    assert client.direct.closed
    assert server.eio.sockets == {}


@pytest.mark.parametrize(
    "junk", [b"\xff" * 50, wire.text_frame("4unmasked"), masked(wire.TEXT, b"\xff"), masked(wire.TEXT, b"x" * 5000)]
)
def test_a_broken_stream_ends_its_connection_only(
    server: DirectServer, connect: Callable[[], Client], junk: bytes
) -> None:
    bad, good = connect(), connect()
    bad.theirs.sendall(junk)
    turn(5)
    assert bad.direct.closed
    publish(server, 1)
    assert numbers(good.read()) == [1]


CHATTER = {
    "ping frames": (wire.PING, b"x"),
    "pong frames": (wire.PONG, b""),
    "pongs of the engine": (wire.TEXT, b"3"),
    "pings of the engine": (wire.TEXT, b"2"),
}


@pytest.mark.parametrize("what", CHATTER)
def test_pings_and_pongs_are_counted_too(server: DirectServer, connect: Callable[[], Client], what: str) -> None:
    talker, honest = connect(), connect()
    for _times in range(6):  # as many as the server asks for in a minute
        honest.send(wire.TEXT, b"3")
    frame = masked(*CHATTER[what])
    for _times in range(LIMITS.controls_per_minute // 10 + 1):
        with contextlib.suppress(OSError):
            talker.theirs.sendall(frame * 10)
        turn(5)
    assert talker.direct.closed
    assert not honest.direct.closed
    publish(server, 1)
    assert numbers(honest.read()) == [1]


def test_messages_have_an_allowance_of_their_own(server: DirectServer, connect: Callable[[], Client]) -> None:
    client = connect()
    for _times in range(LIMITS.controls_per_minute - 1):
        client.theirs.sendall(masked(wire.TEXT, b"3"))
        turn()
    for number in range(LIMITS.messages_per_minute - 1):
        client.theirs.sendall(masked(wire.TEXT, f'42/live,{number}["x",{{}}]'.encode()))
        turn(2)
    assert not client.direct.closed


def test_a_message_in_endless_pieces_ends_its_connection(server: DirectServer, connect: Callable[[], Client]) -> None:
    client = connect()
    client.theirs.sendall(masked(wire.TEXT, b"4", last=False) + masked(wire.CONTINUATION, b"", last=False) * 600)
    turn(5)
    assert client.direct.closed


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from([wire.TEXT, wire.BINARY]), st.binary(max_size=300)), max_size=8),
    st.lists(st.integers(1, 50), max_size=40),
    st.integers(1, 100),
)
def test_a_stream_is_read_the_same_however_it_is_cut(
    messages: list[tuple[int, bytes]], cuts: list[int], fragment: int
) -> None:
    stream = b""
    for opcode, payload in messages:
        parts = [payload[i : i + fragment] for i in range(0, len(payload), fragment)] or [b""]
        for number, part in enumerate(parts):
            kind = opcode if number == 0 else wire.CONTINUATION
            stream += masked(kind, part, last=number == len(parts) - 1)
            stream += masked(wire.PING, b"p") if number % 2 else b""
    reader, found = wire.FrameReader(1000), []
    for cut in [*cuts, len(stream)]:
        found += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert [item for item in found if item[0] != wire.PING] == messages


@pytest.mark.parametrize("key", ["", "short", "AAAA", "not base64 !!!!!!!!!!!!!"])
def test_a_handshake_needs_a_proper_key(key: str) -> None:
    assert wire.accept_head(key) is None


def test_the_handshake_of_the_rfc() -> None:
    head = wire.accept_head("dGhlIHNhbXBsZSBub25jZQ==")
    assert head is not None
    assert b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n" in head
