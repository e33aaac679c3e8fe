"""The running server: what it lets in, what it survives, and how soon it tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import requests
import websocket

from tests.live import LiveServer
from tests.realtime.conftest import Desk, banner
from tests.realtime.wires import QUERY, Wire

pytestmark = pytest.mark.by_turns

BAD_TEXTS = (
    "4" + "x" * 70_000,  # larger than a frame may be
    '451-/live,["receipt",{"_placeholder":true,"num":0}]',  # binary attachments
    '45/live,1-["receipt"]',
    "4",
    "49",
    "42/live,[",
    "42/live,{}",
    "7",
    "40/live,{}",  # joins twice
)


@pytest.fixture
def wire() -> Iterator[Callable[..., Wire]]:
    opened: list[Wire] = []

    def connect(server: LiveServer, **options: object) -> Wire:
        opened.append(Wire(server.url, **options))  # type: ignore[arg-type]
        return opened[-1]

    yield connect
    for item in opened:
        item.close()


def refusal(server: LiveServer, **options: object) -> int:
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        Wire(server.url, **options)  # type: ignore[arg-type]
    return int(caught.value.status_code)


def test_what_may_come_in(serve: Callable[[], LiveServer], wire: Callable[..., Wire], live_desk: Desk) -> None:
    server, ana = serve(), live_desk.person("Ana")
    cookie = live_desk.cookie(live_desk.session(ana))
    evil = "http://evil.example"
    assert refusal(server, cookie=cookie, origin=evil) == 400
    assert refusal(server, cookie=cookie, origin=evil, X_Forwarded_Host="evil.example") == 400
    assert refusal(server, cookie=cookie, origin=evil, host="evil.example") == 400
    assert refusal(server, cookie=cookie, host="evil.example") == 400
    assert refusal(server, cookie=cookie, Host="evil.example") == 400, "two of them"
    assert refusal(server, cookie=cookie, origin=None) == 400
    assert refusal(server, cookie=cookie, query=QUERY + "&j=0") == 400
    assert refusal(server, cookie=cookie, query="/socket.io/?EIO=4&transport=websocket&transport=polling") == 400
    for query in ("EIO=4&transport=polling", "EIO=4&transport=polling&j=0", "EIO=4", ""):
        answer = requests.get(f"{server.url}/socket.io/?{query}", headers={"Origin": server.url}, timeout=20)
        assert answer.status_code == 400, query
        assert answer.text == "Bad request"
    assert wire(server).join(live_desk.csrf()).startswith("44/live"), "no cookie"
    assert wire(server, cookie=cookie).join(None).startswith("44/live")
    assert wire(server, cookie=cookie).join(live_desk.csrf("another")).startswith("44/live")
    good = wire(server, cookie=cookie)
    assert good.join(live_desk.csrf()).startswith('40/live,{"sid":')
    assert good.event()[0] == "board"


def test_nobody_waits_at_the_door_for_long(
    serve: Callable[[], LiveServer], wire: Callable[..., Wire], live_desk: Desk
) -> None:
    server, token = serve(), live_desk.session(live_desk.person("Ana"))
    silent, refused, elsewhere = wire(server), wire(server), wire(server)
    assert refused.join("wrong").startswith("44/live")
    elsewhere.read()
    elsewhere.write("40")
    for each in (silent, refused, elsewhere):
        assert each.is_closed(within=5)
    crowd = [wire(server) for _number in range(30)]
    assert refusal(server) == 401
    assert crowd[0].is_closed(within=5)
    assert all(each.is_closed(within=5) for each in crowd)
    assert wire(server, cookie=live_desk.cookie(token)).join(live_desk.csrf()).startswith("40/live")


def test_bad_frames_end_their_own_socket_only(
    serve: Callable[[], LiveServer], wire: Callable[..., Wire], live_desk: Desk
) -> None:
    server, ana = serve(), live_desk.person("Ana")
    cookie = live_desk.cookie(live_desk.session(ana))

    def joined() -> Wire:
        new = wire(server, cookie=cookie)
        assert new.join(live_desk.csrf()).startswith("40/live")
        assert new.event()[0] == "board"
        return new

    witness = joined()
    for text in (
        "4" + "x" * 70_000,
        '45/live,1-["receipt",{"_placeholder":true,"num":0}]',
        "4",
        "49",
        "42/live,[",
        "42/live,{}",
        "40/live,{}",
        # What leaves the namespace would leave a transport that is counted nowhere, and open after a sign-out.
        "41/live,",
        '42/live,1["disconnect","client namespace disconnect"]',
        '42/live,1["connect",{},{"csrf":"x"}]',
        '42/live,1["*","somebody",{}]',
    ):
        bad = joined()
        bad.write(text)
        assert bad.is_closed(within=5), text[:40]
    for data in (b"\x00\xff\xfe junk", b"4", b""):
        bad = joined()
        bad.socket.send_binary(data)
        assert bad.is_closed(within=5), data
    raw = joined()
    raw.socket.sock.sendall(b"\xff" * 200)
    assert raw.is_closed(within=5)
    talker = joined()
    for number in range(120):
        try:
            talker.write(f'42/live,{number}["resync",{{}}]')
        except (OSError, websocket.WebSocketException):
            break
    assert talker.is_closed(within=10)
    assert witness.ask("receipt", {"what": "seen"}) == {"ok": True, "by": ana, "what": "seen"}
    assert witness.ask("nonsense", {})["error"] == "not_found"
    assert witness.ask("receipt", [1])["error"] == "invalid"
    assert witness.ask("watch", {"ticket": 1})["error"] == "forbidden"
    failed = witness.ask("receipt", {"what": "explode"})
    assert failed == {"error": "error", "message": ""}
    assert requests.get(server.url + "/healthz", timeout=20).status_code == 200


def test_those_who_ping_without_end_are_cut_off(
    serve: Callable[[], LiveServer], wire: Callable[..., Wire], live_desk: Desk
) -> None:
    server, cookie = serve(), live_desk.cookie(live_desk.session(live_desk.person("Ana")))
    flood: dict[str, Callable[[Wire], object]] = {
        "pongs of the engine": lambda it: it.write("3"),
        "upgrades of the engine": lambda it: it.write("5"),
        "ping frames": lambda it: it.socket.ping("x"),
        "pong frames": lambda it: it.socket.pong("x"),
        "pieces": lambda it: it.socket.send_frame(websocket.ABNF(0, 0, 0, 0, 1 if it.once() else 0, 1, b"")),
    }
    for what, send in flood.items():
        talker = wire(server, cookie=cookie)
        assert talker.join(live_desk.csrf()).startswith("40/live")
        for _times in range(700 if what == "pieces" else 80):
            try:
                send(talker)
            except (OSError, websocket.WebSocketException):
                break
        assert talker.is_closed(within=10), what
    patient = wire(server, cookie=cookie)
    assert patient.join(live_desk.csrf()).startswith("40/live")
    for _times in range(10):
        patient.socket.ping("x")
        patient.write("3")
    assert patient.event()[0] == "board"
    assert patient.ask("receipt", {"what": "seen"})["ok"] is True


def test_two_processes_tell_their_own_sockets_without_redis(
    serve: Callable[[], LiveServer], wire: Callable[..., Wire], live_desk: Desk
) -> None:
    ana, bruno = live_desk.person("Ana"), live_desk.person("Bruno")
    servers = [serve(), serve()]
    sockets = []
    for server, person in zip(servers, (ana, bruno), strict=True):
        sockets.append(wire(server, cookie=live_desk.cookie(live_desk.session(person))))
        assert sockets[-1].join(live_desk.csrf()).startswith("40/live")
        assert sockets[-1].event()[0] == "board"
    seq = live_desk.show(all=[banner(1, 2)])
    for socket in sockets:
        name, payload = socket.event(timeout=15)
        assert (name, payload["seq"], payload["banner"]) == ("banner", seq, banner(1, 2))
    live_desk.sign_out(ana)
    live_desk.show()
    assert sockets[0].event(timeout=15) == ("goodbye", {"reason": "signed_out"})
    assert sockets[0].is_closed(within=15)
    name, payload = sockets[1].event(timeout=15)
    assert (name, payload["id"], payload["reason"]) == ("retire", 1, "not_for_you")
