"""Writes the demonstration organisation: departments, teams, people and the service catalogue."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Department, Team, User
from helpdesk.accounts.rules import Role, fold
from helpdesk.catalog.models import Service, ServiceDepartment
from helpdesk.demo.departments import DEPARTMENTS, HEADS_OF_BODIES, TEAMS
from helpdesk.demo.names import make_address, make_name
from helpdesk.demo.services import SERVICES

DOMAIN = "northbridge.example"
WITHOUT_ADDRESS_EVERY = 97
DISABLED_EVERY = 210


@dataclass(frozen=True, slots=True)
class Account:
    """A person who can sign in to the demonstration."""

    email: str
    name: str
    role: Role
    department: str
    team: str | None = None


ACCOUNTS = (
    Account("ana@demo.example", "Ana Torres", Role.requester, "Finance"),
    Account("bruno@demo.example", "Bruno Alves", Role.requester, "Sales"),
    Account("carla@demo.example", "Carla Jensen", Role.agent, "Service desk", "Service desk"),
    Account("teresa@demo.example", "Teresa Lindgren", Role.technician, "Northbridge Town Council", "Infrastructure"),
    Account("tomas@demo.example", "Tomas Novak", Role.technician, "Applications", "Applications"),
    Account("admin@demo.example", "Adam Okafor", Role.administrator, "IT Services"),
)

# How the further people of an office of IT Services are employed; the rest are requesters.
STAFF = {
    "Service desk": (Role.agent,) * 8,
    "Infrastructure": (Role.agent,) * 3 + (Role.technician,) * 3,
    "Applications": (Role.agent,) * 3 + (Role.technician,) * 2,
}


@dataclass(frozen=True, slots=True)
class Person:
    """What the tickets need to know of a person."""

    id: int
    name: str
    email: str | None
    role: Role
    department: str
    team_id: int | None
    locale: str | None


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who and what was written. `people` holds the enabled ones, in the order in which they were written."""

    people: list[Person]
    team_ids: dict[str, int]
    service_ids: dict[str, int]
    people_count: int


def write_organisation(session: Session, choose: random.Random, password_hash: str, now: datetime) -> Organisation:
    """Write all of it in the running transaction."""
    department_ids = _write_departments(session)
    team_ids = _write_teams(session)
    rows = _people_rows(choose, department_ids, team_ids, password_hash, now)
    ids = session.scalars(insert(User).returning(User.id, sort_by_parameter_order=True), rows).all()
    names = {number: name for name, number in department_ids.items()}
    people = [
        Person(
            number, row["name"], row["email"], row["role"], names[row["department_id"]], row["team_id"], row["locale"]
        )
        for number, row in zip(ids, rows, strict=True)
        if row["disabled_at"] is None
    ]
    return Organisation(people, team_ids, _write_services(session, department_ids, team_ids), len(rows))


def _write_departments(session: Session) -> dict[str, int]:
    """The id of each department by its name."""
    ids: dict[str, int] = {}

    def add(name: str, parent: Department | None) -> Department:
        department = Department(name=name, parent_id=parent.id if parent else None)
        session.add(department)
        session.flush()  # the path holds the own id
        department.path = f"{parent.path if parent else '/'}{department.id}/"
        ids[name] = department.id
        return department

    for body, directorates in DEPARTMENTS.items():
        root = add(body, None)
        for directorate, (_size, offices) in directorates.items():
            middle = add(directorate, root)
            for office in offices:
                add(office, middle)
    session.flush()
    return ids


def _write_teams(session: Session) -> dict[str, int]:
    teams = [Team(name=name) for name in TEAMS]
    session.add_all(teams)
    session.flush()
    return {team.name: team.id for team in teams}


def _people_rows(
    choose: random.Random, departments: dict[str, int], teams: dict[str, int], password_hash: str, now: datetime
) -> list[dict[str, Any]]:
    """The demonstration accounts first, then everybody else, department by department."""
    taken = {account.email for account in ACCOUNTS}
    rows = [_account_row(account, departments, teams, password_hash, now) for account in ACCOUNTS]
    for department, size in _sizes():
        employed = sum(account.department == department for account in ACCOUNTS)
        roles = STAFF.get(department, ())
        for place in range(size - employed):
            role = roles[place] if place < len(roles) else Role.requester
            rows.append(_person_row(choose, len(rows), role, department, departments, teams, taken, now))
    return rows


def _sizes() -> list[tuple[str, int]]:
    sizes = []
    for body, directorates in DEPARTMENTS.items():
        sizes.append((body, HEADS_OF_BODIES[body]))
        for directorate, (size, offices) in directorates.items():
            sizes += [(directorate, size), *offices.items()]
    return sizes


def _account_row(
    account: Account, departments: dict[str, int], teams: dict[str, int], password_hash: str, now: datetime
) -> dict[str, Any]:
    return {
        "email": account.email,
        "name": account.name,
        "sort_name": fold(account.name),
        "role": account.role,
        "department_id": departments[account.department],
        "team_id": teams[account.team] if account.team else None,
        "password_hash": password_hash,
        "locale": None,
        "is_demo": True,
        "disabled_at": None,
        "created_at": now - timedelta(days=400),
    }


def _person_row(
    choose: random.Random,
    place: int,
    role: Role,
    department: str,
    departments: dict[str, int],
    teams: dict[str, int],
    taken: set[str],
    now: datetime,
) -> dict[str, Any]:
    person = make_name(choose)
    address = make_address(person.latin, DOMAIN, taken)
    is_requester = role is Role.requester
    joined = now - timedelta(days=choose.randrange(90, 3000))
    left = now - timedelta(days=choose.randrange(1, 60))
    return {
        "email": None if is_requester and place % WITHOUT_ADDRESS_EVERY == 0 else address,
        "name": person.name,
        "sort_name": fold(person.name)[:240],
        "role": role,
        "department_id": departments[department],
        "team_id": None if is_requester else teams[department],
        "password_hash": None,
        "locale": person.locale if choose.random() < 0.5 else None,
        "is_demo": True,
        "disabled_at": left if is_requester and place % DISABLED_EVERY == 5 else None,
        "created_at": joined,
    }


def _write_services(session: Session, departments: dict[str, int], teams: dict[str, int]) -> dict[str, int]:
    """The id of each service by its slug."""
    ids: dict[str, int] = {}
    for place, entry in enumerate(SERVICES):  # a parent stands before its children
        service = Service(
            slug=entry.slug,
            name=entry.name,
            description=entry.description,
            parent_id=ids[entry.parent] if entry.parent else None,
            owner_team_id=teams[entry.team],
            keywords=entry.keywords,
            is_public=entry.is_public,
            position=place,
        )
        session.add(service)
        session.flush()
        ids[entry.slug] = service.id
    session.add_all(
        ServiceDepartment(service_id=ids[entry.slug], department_id=departments[name])
        for entry in SERVICES
        for name in entry.users
    )
    session.flush()
    return ids
