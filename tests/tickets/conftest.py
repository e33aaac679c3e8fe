"""People and tickets for the tests of this room: rows made directly, actors as viewers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import event

from helpdesk.accounts.models import Department, Team, User
from helpdesk.accounts.rules import Role
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db, transaction
from helpdesk.hooks.specs import Viewer


@dataclass
class World:
    """Ids and viewers of a small organisation."""

    ana: Viewer
    bruno: Viewer
    carla: Viewer
    teresa: Viewer
    tomas: Viewer
    adam: Viewer
    vpn: int
    mail: int
    retired: int
    first_line: int
    finance: int

    def __getitem__(self, name: str) -> Viewer:
        viewer: Viewer = getattr(self, name)
        return viewer


PEOPLE = {
    "ana": ("Ana Prieto", Role.requester, "Finance"),
    "bruno": ("Bruno Reis", Role.requester, "Sales"),
    "carla": ("Carla Núñez", Role.agent, "IT"),
    "teresa": ("Teresa Mora", Role.technician, "IT"),
    "tomas": ("Tomas Lind", Role.technician, "IT"),
    "adam": ("Adam Berg", Role.administrator, "IT"),
}


def viewer_of(user: User) -> Viewer:
    path = () if user.department_id is None else (user.department_id,)
    return Viewer(user.id, user.name, user.email, user.role.value, user.department_id, path, "en", "UTC")


@pytest.fixture
def world(app: Flask, clock: FixedClock) -> World:
    with app.app_context():
        with transaction() as session:
            departments = {name: Department(name=name, path="") for name in ("Finance", "Sales", "IT")}
            session.add_all(departments.values())
            team = Team(name="First line")
            session.add(team)
            vpn = Service(slug="vpn", name="VPN")
            mail = Service(slug="mail", name="E-mail")
            retired = Service(slug="fax", name="Fax", is_retired=True)
            session.add_all([vpn, mail, retired])
            session.flush()
            for department in departments.values():
                department.path = f"/{department.id}/"
            users = {
                key: User(
                    name=name,
                    email=f"{key}@example.org",
                    role=role,
                    department_id=departments[where].id,
                    created_at=clock.now(),
                )
                for key, (name, role, where) in PEOPLE.items()
            }
            session.add_all(users.values())
        people = {key: viewer_of(user) for key, user in users.items()}
        return World(
            **people,
            vpn=vpn.id,
            mail=mail.id,
            retired=retired.id,
            first_line=team.id,
            finance=departments["Finance"].id,
        )


@pytest.fixture
def context(app: Flask) -> Iterator[Flask]:
    """An application context for tests that call actions and queries directly."""
    with app.app_context():
        yield app


@pytest.fixture
def count_queries(app: Flask) -> Callable[[], object]:
    """`with count_queries() as statements:` collects the SQL statements that run inside."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            statements.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting
