"""Many who connect at once cost next to no reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pytest

from helpdesk.accounts.queries import viewers
from helpdesk.hooks.registry import Registry
from helpdesk.hooks.specs import Viewer
from helpdesk.realtime import boards, directory
from tests.realtime.conftest import Desk, banner
from tests.realtime.signs import hooks as signs


def test_the_first_greeting_asks_for_everybody_who_is_signed_in(desk: Desk) -> None:
    ana, bruno, carla = desk.person("Ana"), desk.person("Bruno"), desk.person("Carla")
    first, second = desk.session(ana), desk.session(bruno)
    desk.step()  # as a process does before anybody can connect
    signs.CALLS.clear()
    desk.connect(first)
    assert signs.CALLS[-1] == sorted([ana, bruno])  # Carla is not signed in
    desk.connect(second)
    assert signs.CALLS[-1] == [bruno]
    assert carla not in [user_id for call in signs.CALLS for user_id in call]


def test_the_next_change_is_asked_for_once_until_something_changes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[datetime] = []
    stock = boards.next_change

    def counting(plugins: Registry, now: datetime) -> datetime | None:
        asked.append(now)
        return stock(plugins, now)

    monkeypatch.setattr(boards, "next_change", counting)
    ana = desk.person("Ana")
    for _connect in range(3):
        desk.connect(desk.session(ana))
    before = len(asked)
    desk.connect(desk.session(ana))
    assert len(asked) == before
    desk.show(all=[banner(1)])
    desk.step()
    assert len(asked) == before + 1


def test_those_who_speak_at_once_are_looked_up_together(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[int]] = []

    def counting(user_ids: Iterable[int]) -> dict[int, Viewer]:
        asked.append(sorted(set(user_ids)))
        return viewers(asked[-1])

    monkeypatch.setattr(directory, "viewers", counting)
    people = [desk.person(name) for name in ("Ana", "Bruno", "Carla")]
    sockets = [desk.connect(desk.session(person)) for person in people]
    for socket, person in zip(sockets, people, strict=True):
        assert socket.send("receipt", {"what": "seen"})["by"] == person
    assert asked == [sorted(people)]
