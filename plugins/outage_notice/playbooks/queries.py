"""Reads of playbooks. They are for those who announce."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, func, or_, select

from helpdesk.plugin_api import Conflict, NotFound, Service, Team, User, Viewer, db
from plugins.outage_notice.announcements.queries.records import BIGGEST_ID, require_announcer
from plugins.outage_notice.announcements.rules.matching import fold
from plugins.outage_notice.playbooks.models import Playbook
from plugins.outage_notice.playbooks.rules import Content, Purpose
from plugins.outage_notice.response.rules import Callee


def get_playbook(actor: Viewer, playbook_id: int, *, for_change: bool = False) -> Playbook:
    """The playbook; `for_change` locks it until the running transaction ends. Raises NotFound, Forbidden."""
    require_announcer(actor)
    row = None
    if playbook_id < BIGGEST_ID:
        row = db.session.get(Playbook, playbook_id, with_for_update=for_change or None, populate_existing=for_change)
    if row is None:
        raise NotFound(_("There is no such playbook."))
    return row


def get_to_declare(actor: Viewer, playbook_id: int) -> Playbook:
    """A playbook that begins an announcement. Raises Conflict for one that holds last words."""
    row = get_playbook(actor, playbook_id)
    if row.purpose is not Purpose.declare:
        raise Conflict(_("This playbook is for the last message of an outage."))
    return row


def list_playbooks(actor: Viewer) -> list[Playbook]:
    """All of them: those to declare something with first, by level; then by name."""
    require_announcer(actor)
    return list(
        db.session.scalars(select(Playbook).order_by(Playbook.purpose, Playbook.severity, Playbook.name, Playbook.id))
    )


def page_of_playbooks(actor: Viewer, limit: int, after_id: int = 0) -> list[Playbook]:
    require_announcer(actor)
    return list(db.session.scalars(select(Playbook).where(Playbook.id > after_id).order_by(Playbook.id).limit(limit)))


def closing_texts(actor: Viewer) -> list[Playbook]:
    """The playbooks for the last message."""
    require_announcer(actor)
    return list(db.session.scalars(select(Playbook).where(Playbook.purpose == Purpose.resolve).order_by(Playbook.name)))


def content_of(row: Playbook) -> Content:
    """What a person chose of this playbook. Staff texts of those that come with the program are in the reader's
    language as long as nobody changed them.
    """
    return Content.of_columns(row)


def shown_name(row: Playbook) -> str:
    return str(_(row.name)) if row.slug else row.name


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(Playbook.review_on.is_not(None), Playbook.review_on <= now.date())


def count_due_reviews(viewer: Viewer, now: datetime) -> int:
    """How many playbooks wait for this person's review: their own; those without owner are the administrators'."""
    mine: ColumnElement[bool] = Playbook.owner_id == viewer.id
    if viewer.is_administrator:
        mine = or_(mine, Playbook.owner_id.is_(None))
    return db.session.scalar(select(func.count()).select_from(Playbook).where(_is_due(now), mine)) or 0


def due_reminders(now: datetime) -> list[int]:
    """The playbooks whose review is due and whose owner has not been reminded of that date."""
    unsaid = or_(Playbook.reminded_for.is_(None), Playbook.reminded_for != Playbook.review_on)
    return list(db.session.scalars(select(Playbook.id).where(_is_due(now), unsaid).order_by(Playbook.id)))


def find_service(words: str, among: Iterable[tuple[int, str]]) -> int | None:
    """The first of these services (id, name) whose name is, or begins with, one of the words of a playbook."""
    named = [(id, fold(name)) for id, name in among]
    for word in filter(None, (fold(part) for part in words.split(","))):
        for id, name in named:
            if name == word or name.startswith(f"{word} "):
                return id
    return None


def missing_callees(people: Iterable[Callee]) -> list[Callee]:
    """Those of these callees that name nobody: a team that is gone, a person who is disabled or no staff."""
    people = list(people)
    ids = {kind: [c.id for c in people if c.kind == kind] for kind in ("person", "team")}
    staff = select(User.id).where(User.id.in_(ids["person"]), User.disabled_at.is_(None), User.role != "requester")
    known = {("person", id) for id in db.session.scalars(staff)}
    known |= {("team", id) for id in db.session.scalars(select(Team.id).where(Team.id.in_(ids["team"])))}
    return [callee for callee in people if (callee.kind, callee.id) not in known]


def service_name(service_id: int) -> str | None:
    """The name of a service that can be chosen; None for a retired one, or none."""
    return db.session.scalar(select(Service.name).where(Service.id == service_id, Service.is_retired.is_(False)))
