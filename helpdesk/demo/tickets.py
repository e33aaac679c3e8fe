"""Writes the tickets of the last eight weeks, with threads, history and the text index."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from helpdesk.accounts.rules import Role
from helpdesk.config import Settings
from helpdesk.demo.courses import ANSWERED_AFTER, Cast, Course
from helpdesk.demo.departments import DEPARTMENTS, TEAMS
from helpdesk.demo.organisation import Organisation, Person
from helpdesk.demo.services import SERVICES, Entry
from helpdesk.demo.texts import applications, communication, network, workplace
from helpdesk.demo.texts.story import Story, Turn
from helpdesk.tickets.actions import steps
from helpdesk.tickets.models import Message, Ticket, TicketChange, TicketCounter
from helpdesk.tickets.rules import Channel, Status

COUNT = 400
WEEKS = 8
JUST_NOW, LAST_DAY = 15, 15  # so many came within six hours, and within a day
STORIES = (*network.STORIES, *communication.STORIES, *workplace.STORIES, *applications.STORIES)
# One morning many could not work from home: so many days ago, tickets, and when the first of them came.
MORNING_DAYS, MORNING_COUNT, MORNING_HOUR, MORNING_MINUTE = 34, 11, 9, 13
QUESTION = "Hello {first}, thank you for writing. Since when does it happen, and do your colleagues see it too?"
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")

# How old (hours) → how likely each status is.
ODDS: tuple[tuple[float, dict[Status, int]], ...] = (
    (6, {Status.new: 50, Status.open: 30, Status.pending: 8, Status.solved: 12}),
    (24, {Status.new: 10, Status.open: 45, Status.pending: 20, Status.solved: 25}),
    (72, {Status.open: 15, Status.pending: 40, Status.solved: 35, Status.closed: 10}),
    (240, {Status.open: 5, Status.pending: 30, Status.solved: 35, Status.closed: 30}),
    (504, {Status.open: 2, Status.pending: 12, Status.solved: 16, Status.closed: 70}),
    (float("inf"), {Status.pending: 2, Status.closed: 98}),
)
# Tickets of the two people who sign in as requesters, so that their own pages show every state.
OWN = {
    "ana@demo.example": (Status.open, Status.pending, Status.solved, Status.closed, Status.closed),
    "bruno@demo.example": (Status.new, Status.pending, Status.solved, Status.closed),
}
SERVICE_OF = {entry.slug: entry for entry in SERVICES}


def write_tickets(
    session: Session,
    choose: random.Random,
    organisation: Organisation,
    first_number: int,
    settings: Settings,
    now: datetime,
) -> int:
    """Write all of it in the running transaction and move the ticket counter on. How many tickets there are now."""
    courses = _plan(choose, organisation, first_number, settings, now)
    rows = [course.row() for course in courses]
    ids = session.scalars(insert(Ticket).returning(Ticket.id, sort_by_parameter_order=True), rows).all()
    pairs = list(zip(ids, courses, strict=True))
    session.execute(insert(Message), [{"ticket_id": i} | message for i, c in pairs for message in c.messages])
    session.execute(insert(TicketChange), [{"ticket_id": i} | change for i, c in pairs for change in c.changes])
    for ticket_id, course in pairs:
        steps.index_new_ticket(ticket_id, *course.words())
    last = first_number + len(rows) - 1
    session.execute(update(TicketCounter).where(TicketCounter.id == 1).values(last_number=last))
    return len(rows)


def _plan(
    choose: random.Random, organisation: Organisation, first_number: int, settings: Settings, now: datetime
) -> list[Course]:
    """The courses of all tickets, oldest first."""
    times = _opening_times(choose, now)
    goals = [_goal(choose, now - at) for at in times]
    own = _own_places(organisation, goals)
    courses = []
    morning = set(_morning(now))
    for place, (at, goal) in enumerate(zip(times, goals, strict=True)):
        is_new = place >= COUNT - JUST_NOW
        requester = own.get(place) or _choose_requester(choose, organisation)
        told = _choose_story(choose, requester, is_vpn=at in morning or (is_new and place % 3 == 0))
        cast = _cast(choose, organisation, requester, told, settings, at)
        course = Course(cast, told, first_number + place)
        course.open(choose.choice(told.subjects), at)
        _play(choose, course, goal, now)
        courses.append(course)
    return courses


def _opening_times(choose: random.Random, now: datetime) -> list[datetime]:
    """When tickets came: in working hours, and some of them just now whatever the hour."""
    ages = [choose.uniform(0.05, 6) for _ in range(JUST_NOW)] + [choose.uniform(6, 24) for _ in range(LAST_DAY)]
    times = [now - timedelta(hours=age) for age in ages] + _morning(now)
    while len(times) < COUNT:
        day = now - timedelta(days=choose.randrange(1, 7 * WEEKS))
        at = day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=choose.triangular(6.5, 18, 10))
        quiet = at.weekday() >= 5 and choose.random() < 0.9
        if not quiet and at < now - timedelta(hours=24):
            times.append(at)
    return sorted(at.replace(microsecond=0) for at in times)


def _morning(now: datetime) -> list[datetime]:
    first = (now - timedelta(days=MORNING_DAYS)).replace(
        hour=MORNING_HOUR, minute=MORNING_MINUTE, second=0, microsecond=0
    )
    return [first + timedelta(minutes=3 * number) for number in range(MORNING_COUNT)]


def _goal(choose: random.Random, age: timedelta) -> Status:
    hours = age.total_seconds() / 3600
    odds = next(odds for limit, odds in ODDS if hours < limit)
    return choose.choices(list(odds), list(odds.values()))[0]


def _own_places(organisation: Organisation, goals: Sequence[Status]) -> dict[int, Person]:
    """Which tickets belong to the demonstration's requesters: the newest of each state."""
    own: dict[int, Person] = {}
    people = {person.email: person for person in organisation.people}
    for email, wanted in OWN.items():
        for status in wanted:
            place = next(p for p in reversed(range(len(goals))) if goals[p] is status and p not in own)
            own[place] = people[email]
    return own


def _choose_requester(choose: random.Random, organisation: Organisation) -> Person:
    while True:
        person = choose.choice(organisation.people)
        if person.role is Role.requester and person.email is not None:
            return person


def _departments_with_branches(names: Sequence[str]) -> set[str]:
    found = set()
    for body, directorates in DEPARTMENTS.items():
        for directorate, (_size, offices) in directorates.items():
            for office in ("", *offices):
                if {body, directorate, office} & set(names):
                    found |= {directorate, office or directorate}
        if body in names:
            found.add(body)
    return found


USERS_OF = {entry.slug: _departments_with_branches(entry.users) for entry in SERVICES}


def _choose_story(choose: random.Random, requester: Person, *, is_vpn: bool) -> Story:
    """A story about a service that the requester's department uses, in their language if there is one."""
    if is_vpn:
        return STORIES[0]
    fitting = [
        told
        for told in STORIES
        if told.locale in (None, requester.locale)
        and (told.service is None or requester.department in USERS_OF[told.service])
    ]
    return choose.choices(fitting, [told.weight * (8 if told.locale else 1) for told in fitting])[0]


def _cast(
    choose: random.Random, organisation: Organisation, requester: Person, told: Story, settings: Settings, at: datetime
) -> Cast:
    entry: Entry | None = SERVICE_OF[told.service] if told.service else None
    is_named = entry is not None and choose.random() < 0.88  # people leave the service out
    team = entry.team if entry else TEAMS[0]
    person = choose.choice(organisation.people)
    blanks = {
        "first": requester.name.split()[0],
        "person": person.name,
        "floor": str(choose.randrange(1, 6)),
        "room": f"{choose.choice('ABC')}{choose.randrange(101, 520)}",
        "device": f"NB-{choose.randrange(2000, 9999)}",
        "amount": f"{choose.randrange(40, 2400)}.{choose.randrange(100):02d} €",
        "day": choose.choice(DAYS),
        "hour": f"{max(at.hour - 1, 0)}:{choose.randrange(0, 60, 5):02d}",
    }
    return Cast(
        requester=requester,
        handler=_choose_handler(choose, organisation, organisation.team_ids[team]),
        team=(organisation.team_ids[team], team),
        service=(organisation.service_ids[entry.slug], entry.name) if entry and is_named else None,
        channel=choose.choices((Channel.web, Channel.mail, Channel.staff, Channel.api), (66, 22, 10, 2))[0],
        settings=settings,
        blanks=blanks,
    )


def _choose_handler(choose: random.Random, organisation: Organisation, team_id: int) -> Person:
    """Somebody of the team; those who sign in to the demonstration handle more than others."""
    staff = [person for person in organisation.people if person.team_id == team_id]
    return choose.choices(staff, [4 if str(p.email).endswith("@demo.example") else 1 for p in staff])[0]


def _turns(choose: random.Random, told: Story, goal: Status) -> list[tuple[Turn, str]]:
    """How far the story has been told when the ticket has that status."""
    turns = list(told.turns)
    if goal is Status.pending:
        asked = next((place for place, (turn, _text) in enumerate(turns) if turn is Turn.ask), None)
        return turns[: asked + 1] if asked is not None else [(Turn.ask, QUESTION)]
    if goal is Status.open:
        ends = [n for n in range(len(turns)) if n == 0 or turns[n - 1][0] is not Turn.ask]
        return turns[: choose.choice(ends)]
    return [] if goal is Status.new else turns


def _play(choose: random.Random, course: Course, goal: Status, now: datetime) -> None:
    """Let the ticket run until it has the status `goal`, all before `now`."""
    opened: datetime = course.ticket["created_at"]
    turns = _turns(choose, course.story, goal)
    if goal is Status.new and choose.random() < 0.6:
        return  # nobody has looked at it yet
    moments = _moments(choose, opened, len(turns) + 2, now)
    course.route(moments[0])
    if goal is Status.new:
        return
    course.take(moments[1])
    is_done = goal in (Status.solved, Status.closed)
    for place, (turn, text) in enumerate(turns):
        course.play(turn, text, moments[place + 2], solves=is_done and place == len(turns) - 1)
    if goal is Status.open and course.ticket["status"] is Status.new:
        course.move(Status.open, course.cast.handler, moments[-1])
    if goal is Status.closed:
        _close(choose, course, now)


def _moments(choose: random.Random, opened: datetime, count: int, now: datetime) -> list[datetime]:
    """Rising moments between the opening and now, seconds to hours apart."""
    gaps = [choose.uniform(1, 8)] + [2 + choose.expovariate(1 / 75) for _ in range(count - 1)]
    first = opened + ANSWERED_AFTER
    room = (now - first).total_seconds() / 60 * 0.9
    scale = min(1.0, room / sum(gaps))
    moments, minutes = [], 0.0
    for gap in gaps:
        minutes += gap * scale
        moments.append((first + timedelta(minutes=minutes)).replace(microsecond=0))
    return moments


def _close(choose: random.Random, course: Course, now: datetime) -> None:
    solved: datetime = course.ticket["solved_at"]
    latest = min(timedelta(days=7), (now - solved) * 0.9)
    by_itself = choose.random() < 0.6
    at = solved + (latest if by_itself else latest * choose.uniform(0.05, 0.9))
    course.move(Status.closed, None if by_itself else course.cast.requester, at.replace(microsecond=0))
