"""What a socket is told when something changes, by the feed or by the time alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.feed import FeedHead
from helpdesk.realtime.rules import HEARTBEAT_SECONDS
from tests.realtime.conftest import Desk, Socket, banner
from tests.realtime.signs import hooks as signs


@pytest.fixture
def ana(desk: Desk) -> int:
    return desk.person("Ana")


@pytest.fixture
def bruno(desk: Desk) -> int:
    return desk.person("Bruno")


def joined(desk: Desk, user_id: int) -> Socket:
    socket = desk.connect(desk.session(user_id))
    assert [event for event, _payload in socket.frames()] == ["board"]
    return socket


def epoch(desk: Desk) -> str:
    assert desk.live.follower.head is not None
    return desk.live.follower.head.epoch


def test_a_new_banner_reaches_those_who_have_it_and_nobody_else(desk: Desk, ana: int, bruno: int) -> None:
    first, second, other = joined(desk, ana), joined(desk, ana), joined(desk, bruno)
    seq = desk.show(**{f"u{ana}": [banner(7, 3)]})
    desk.step()
    expected = ("banner", {"epoch": epoch(desk), "seq": seq, "banner": banner(7, 3)})
    assert first.frames() == second.frames() == [expected]
    assert other.frames() == []
    desk.step()
    assert first.frames() == []


def test_a_banner_that_changed_is_sent_again_and_the_others_are_not(desk: Desk, ana: int) -> None:
    desk.show(all=[banner(1, 1), banner(2, 1)])
    socket = joined(desk, ana)
    desk.show(all=[banner(1, 1), banner(2, 2)])
    desk.step()
    assert [payload["banner"] for _event, payload in socket.frames()] == [banner(2, 2)]


def test_what_left_the_board_is_retired_with_its_reason(desk: Desk, ana: int) -> None:
    desk.show(all=[banner(1), banner(2)])
    socket = joined(desk, ana)
    seq = desk.show(all=[], reasons={"1": [40, "resolved"]})
    desk.step()
    at = {"epoch": epoch(desk), "seq": seq}
    assert socket.frames() == [
        ("retire", {**at, "id": 1, "version": 40, "reason": "resolved"}),
        ("retire", {**at, "id": 2, "version": seq, "reason": "not_for_you"}),
    ]


def test_one_emit_serves_everybody_with_the_same_payload(
    desk: Desk, ana: int, bruno: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets = [joined(desk, ana), joined(desk, bruno)]
    emitted: list[tuple[str, int]] = []
    original = desk.live.server.emit

    def emit(event: str, payload: Any, to: list[str], **options: Any) -> None:
        emitted.append((event, len(to)))
        original(event, payload, to=to, **options)

    monkeypatch.setattr(desk.live.server, "emit", emit)
    desk.show(all=[banner(1)], **{f"u{ana}": [banner(2)]})
    desk.step()
    assert sorted(emitted) == [("banner", 1), ("banner", 2)]
    assert [len(socket.frames()) for socket in sockets] == [2, 1]


def test_a_receipt_asks_for_the_board_of_that_person_only(desk: Desk, ana: int, bruno: int) -> None:
    joined(desk, ana), joined(desk, bruno)
    signs.CALLS.clear()
    desk.bump("receipt", bruno)
    desk.step()
    desk.bump("ticket", 1)
    desk.step()
    assert [[bruno]] == signs.CALLS


def test_a_board_that_changes_by_the_time_alone_is_told(desk: Desk, ana: int, clock: FixedClock) -> None:
    start = clock.now() + timedelta(minutes=5)
    desk.show(all=[banner(1, **{"from": start.isoformat()})])
    socket = joined(desk, ana)
    clock.advance(minutes=4, seconds=59)
    desk.step()
    assert socket.frames() == []
    clock.advance(seconds=1)
    desk.step()
    assert [event for event, _payload in socket.frames()] == ["banner"]


def test_a_failing_plugin_leaves_the_last_good_boards_and_turns_health_red(
    desk: Desk, ana: int, clock: FixedClock
) -> None:
    desk.show(all=[banner(1)])
    socket = joined(desk, ana)
    health = desk.app.extensions["helpdesk"].health["boards"]
    assert health() is None
    desk.show(all=[], fail=True)
    desk.step()
    assert socket.frames() == []
    assert "tests.realtime.signs" in health()
    desk.show(all=[banner(2)])
    clock.advance(seconds=1)
    desk.step()
    assert [event for event, _payload in socket.frames()] == ["retire", "banner"]
    assert health() is None


def test_a_restored_backup_sends_everybody_the_whole_board(desk: Desk, ana: int) -> None:
    socket = joined(desk, ana)
    with desk.app.app_context():
        head = db.session.get(FeedHead, 1)
        assert head is not None
        head.epoch, head.seq = "restored", 1
        db.session.commit()
    desk.step()
    [(event, payload)] = socket.frames()
    assert (event, payload["epoch"]) == ("board", "restored")


def test_the_heartbeat_carries_the_tag_of_ones_own_board(desk: Desk, ana: int, bruno: int, clock: FixedClock) -> None:
    desk.show(**{f"u{ana}": [banner(1)]})
    first = desk.connect(desk.session(ana))
    second = desk.connect(desk.session(bruno))
    tags = [socket.frames()[0][1]["tag"] for socket in (first, second)]
    assert tags[0] != tags[1]
    with desk.app.app_context():
        follower = desk.live.follower
        assert follower.head is not None
        follower.teller.beat(follower.head, clock.now(), follower.teller._beat + HEARTBEAT_SECONDS)
    for socket, tag in zip((first, second), tags, strict=True):
        [(event, payload)] = socket.frames()
        assert event == "tick"
        assert set(payload) == {"epoch", "seq", "tag", "server_time"}
        assert payload["tag"] == tag


def test_a_resync_gives_the_board_or_says_that_it_is_the_same(desk: Desk, ana: int) -> None:
    desk.show(all=[banner(1, 4)])
    socket = desk.connect(desk.session(ana))
    tag = socket.frames()[0][1]["tag"]
    assert socket.send("resync", {}) == {"ok": True}
    assert [event for event, _payload in socket.frames()] == ["board"]
    assert socket.send("resync", {"epoch": epoch(desk), "have": {"1": 4}}) == {"ok": True, "tag": tag}
    assert socket.frames() == []
    for have in ({"1": 3}, {}, {"1": 4, "2": 1}, "junk"):
        assert socket.send("resync", {"epoch": epoch(desk), "have": have}) == {"ok": True}
        assert [event for event, _payload in socket.frames()] == ["board"]


def test_staff_hear_of_tickets_and_others_do_not(desk: Desk, ana: int, make_ticket: Any) -> None:
    requester, agent = joined(desk, ana), joined(desk, desk.person("Carla", "agent"))
    ticket_id, number = make_ticket(ana)
    desk.live.follower.staff_news.queue_at = float("-inf")
    desk.bump("ticket", ticket_id)
    desk.step()
    assert agent.frames() == [("ticket", {"number": number, "version": 1}), ("queue", {})]
    desk.bump("ticket", ticket_id)
    desk.step()
    assert agent.frames() == [("ticket", {"number": number, "version": 1})], "queue at most once a second"
    assert requester.frames() == []


def test_those_who_watch_a_ticket_see_each_other(desk: Desk, ana: int, make_ticket: Any) -> None:
    _id, number = make_ticket(ana)
    carla, teresa = desk.person("Carla", "agent"), desk.person("Teresa", "technician")
    first, second = joined(desk, carla), joined(desk, teresa)
    assert first.send("watch", {"ticket": number}) == {"ok": True}
    assert second.send("watch", {"ticket": number, "writing": True}) == {"ok": True}
    desk.step()
    people = [
        {"id": carla, "name": "Carla", "writing": False},
        {"id": teresa, "name": "Teresa", "writing": True},
    ]
    assert first.frames()[-1] == second.frames()[-1] == ("presence", {"ticket": number, "people": people})
    second.client.disconnect("/live")
    desk.step()
    assert first.frames() == [("presence", {"ticket": number, "people": people[:1]})]
    assert first.send("watch", {"ticket": 99})["error"] == "not_found"
    assert first.send("watch", {"ticket": None}) == {"ok": True}


def test_those_who_watch_a_page_see_each_other(desk: Desk, ana: int) -> None:
    carla, teresa = desk.person("Carla", "agent"), desk.person("Teresa", "technician")
    first, second, requester = joined(desk, carla), joined(desk, teresa), joined(desk, ana)
    assert first.send("watch", {"page": "announcement:7"}) == {"ok": True}
    assert second.send("watch", {"page": "announcement:7", "writing": True}) == {"ok": True}
    desk.step()
    people = [
        {"id": carla, "name": "Carla", "writing": False},
        {"id": teresa, "name": "Teresa", "writing": True},
    ]
    assert first.frames()[-1] == ("presence", {"page": "announcement:7", "people": people})
    unknown = ("announcement:8", "something:7", "broken:7")
    for bad in (7, "", "announcement", "../7", "announcement:" + "9" * 11, ["announcement:7"], *unknown):
        assert first.send("watch", {"page": bad})["error"] == "not_found", bad
    assert requester.send("watch", {"page": "announcement:7"})["error"] == "forbidden"
    assert requester.frames() == []


def test_the_page_can_ask_for_the_board_without_a_socket(desk: Desk, ana: int) -> None:
    seq = desk.show(all=[banner(1)])
    client: FlaskClient = desk.app.test_client()
    assert client.get("/api/v1/me/board").status_code == 401
    client.set_cookie(*desk.cookie(desk.session(ana)).split("=", 1))
    answer = client.get("/api/v1/me/board")
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["seq"], answer.json["banners"]) == (seq, [banner(1)])
    assert answer.headers["ETag"] == f'"{answer.json["tag"]}"'
    match = {"If-None-Match": answer.headers["ETag"]}
    again = client.get("/api/v1/me/board", headers=match)
    assert (again.status_code, again.data) == (304, b"")
    desk.show(all=[banner(1, 2)])
    assert client.get("/api/v1/me/board", headers=match).status_code == 200


def test_plugins_speak_to_staff_about_what_changed(desk: Desk, ana: int) -> None:
    carla = desk.person("Carla", "agent")
    requester, agent = joined(desk, ana), joined(desk, carla)
    desk.bump("reach", 7)
    desk.bump("reach", 7)
    desk.step()
    assert agent.frames() == [("reach", {"id": 7, "seen": 1})]
    assert requester.frames() == []


def test_a_change_for_one_does_not_hide_what_the_time_changes_for_another(
    desk: Desk, ana: int, bruno: int, clock: FixedClock
) -> None:
    later = clock.now() + timedelta(minutes=5)
    desk.show(all=[banner(1) | {"from": later.isoformat()}])
    other = joined(desk, bruno)
    clock.set(later)
    desk.bump("receipt", ana)
    desk.step()
    assert [event for event, _payload in other.frames()] == ["banner"]


def test_only_those_whom_a_change_concerns_are_looked_at(desk: Desk, ana: int, bruno: int) -> None:
    first, other = joined(desk, ana), joined(desk, bruno)
    signs.CALLS.clear()
    desk.show(concerned=[ana], all=[banner(1)])
    desk.step()
    assert [[ana]] == signs.CALLS
    assert [event for event, _payload in first.frames()] == ["banner"]
    desk.show(concerned=[], all=[banner(1)])
    desk.bump("receipt", bruno)
    desk.step()
    assert [event for event, _payload in other.frames()] == ["banner"], "one's own receipt is looked at anyway"


def test_a_change_for_one_does_not_end_the_wait_of_those_whom_a_failure_kept_back(
    desk: Desk, ana: int, bruno: int, clock: FixedClock
) -> None:
    other = joined(desk, bruno)
    desk.show(all=[banner(1)], fail=True)
    desk.step()
    desk.show("receipt", ana, all=[banner(1)])
    desk.step()
    clock.advance(seconds=2)
    desk.step()
    assert [event for event, _payload in other.frames()] == ["banner"]
