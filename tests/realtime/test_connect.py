"""Who may open a socket, and for how long it stays open."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from helpdesk.core.clock import FixedClock
from tests.realtime.conftest import Desk, banner


def test_a_person_gets_the_whole_board_at_once(desk: Desk, clock: FixedClock) -> None:
    ana = desk.person("Ana")
    seq = desk.show(all=[banner(1)], **{f"u{ana}": [banner(2)]})
    socket = desk.connect(desk.session(ana))
    [(event, board)] = socket.frames()
    assert event == "board"
    assert set(board) == {"epoch", "seq", "server_time", "tag", "banners"}
    assert board["seq"] == seq
    assert board["server_time"] == clock.now().isoformat()
    assert [b["id"] for b in board["banners"]] == [1, 2]


def test_nobody_else_gets_in(desk: Desk) -> None:
    ana = desk.person("Ana")
    token = desk.session(ana)
    assert not desk.connect(token, csrf=None).is_connected, "no CSRF value"
    assert not desk.connect(token, csrf="of another session").is_connected
    assert not desk.connect("no such token").is_connected
    assert not desk.connect(desk.session(ana, "old", timedelta(days=8))).is_connected
    assert desk.connect(token).is_connected
    desk.disable(ana)
    desk.step()
    assert not desk.connect(token).is_connected


def test_a_change_that_could_not_be_read_is_not_forgotten(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ana, bruno = desk.person("Ana"), desk.person("Bruno")
    socket, other = desk.connect(desk.session(ana)), desk.connect(desk.session(bruno))
    desk.sign_out(ana)

    def fail(*_arguments: object) -> Any:
        raise OSError("the database is away")

    with monkeypatch.context() as broken:
        broken.setattr("helpdesk.realtime.queries.people_of_sessions", fail)
        with pytest.raises(OSError, match="away"):
            desk.step()
    desk.step()
    assert (socket.is_connected, other.is_connected) == (False, True)


def test_signing_out_closes_the_sockets_of_that_person_only(desk: Desk) -> None:
    ana, bruno = desk.person("Ana"), desk.person("Bruno")
    first, second = desk.connect(desk.session(ana)), desk.connect(desk.session(ana, "phone"))
    other = desk.connect(desk.session(bruno))
    first.frames()
    desk.sign_out(ana)
    desk.step()
    assert not first.is_connected
    assert not second.is_connected
    assert other.is_connected
    assert first.frames() == [("goodbye", {"reason": "signed_out"})]
    assert desk.live.connections.user_ids() == [bruno]


def test_a_session_that_ends_while_its_socket_connects_leaves_none_open(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, bruno = desk.person("Ana"), desk.person("Bruno")
    tokens = desk.session(ana), desk.session(bruno)
    assert all(desk.connect(token).is_connected for token in tokens), "both are known from now on"
    add = desk.live.connections.add

    def sign_out_first(*arguments: Any) -> Any:
        """Another thread ends the session, and looks for its sockets, just before this one is among them."""
        desk.sign_out(ana)
        desk.step()
        return add(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(desk.live.connections, "add", sign_out_first)
        late, other = desk.connect(tokens[0]), desk.connect(tokens[1])
    assert not late.is_connected
    assert other.is_connected
    assert desk.live.connections.user_ids() == [bruno]


def test_a_disabled_person_hears_nothing_more(desk: Desk) -> None:
    ana = desk.person("Ana")
    socket = desk.connect(desk.session(ana))
    socket.frames()
    desk.disable(ana)
    desk.show(all=[banner(1)])
    desk.step()
    assert not socket.is_connected
    assert [event for event, _payload in socket.frames()] == ["goodbye"]


def test_a_session_that_was_not_used_for_long_ends_its_socket(desk: Desk, clock: FixedClock) -> None:
    socket = desk.connect(desk.session(desk.person("Ana")))
    clock.advance(hours=11)
    desk.live.follower._sessions_at = float("-inf")
    desk.step()
    assert socket.is_connected
    clock.advance(hours=2)
    desk.live.follower._sessions_at = float("-inf")
    desk.step()
    assert not socket.is_connected


def test_the_eleventh_socket_ends_the_oldest(desk: Desk) -> None:
    token = desk.session(desk.person("Ana"))
    sockets = [desk.connect(token) for _number in range(11)]
    assert [s.is_connected for s in sockets] == [False] + [True] * 10


def test_many_connects_need_next_to_no_reads(desk: Desk, count_queries: object) -> None:
    tokens = [desk.session(desk.person(f"P{number}"), f"t{number}") for number in range(50)]
    desk.step()
    desk.connect(tokens[0])
    with count_queries() as counted:  # type: ignore[operator]
        for token in tokens[1:]:
            assert desk.connect(token).is_connected
    assert counted.statements == []
