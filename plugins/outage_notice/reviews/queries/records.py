"""One review with its actions, for staff, for those affected, and as a public summary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import Select, select

from helpdesk.plugin_api import NotFound, Role, Ticket, TicketStatus, User, Viewer, db
from plugins.outage_notice.announcements import rules as announcing
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import LiveAnnouncement, get_announcement
from plugins.outage_notice.announcements.queries.live import freeze
from plugins.outage_notice.announcements.queries.records import BIGGEST_ID, get_for_change
from plugins.outage_notice.announcements.rules import Phase, Status
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.audiences.rules import matches
from plugins.outage_notice.reviews.models import Review, ReviewAction
from plugins.outage_notice.reviews.rules import Readers

OWNER_ROLES = (Role.agent, Role.technician, Role.administrator)
OWNERS_SHOWN = 500


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action as pages show it: with the name of its owner and the number and state of its ticket."""

    id: int
    announcement_id: int
    what: str
    owner_id: int
    owner: str
    due_on: date
    ticket: int | None
    ticket_status: TicketStatus | None
    done_at: datetime | None
    revision: int


@dataclass(frozen=True, slots=True)
class Published:
    """What those affected may read: the announcement, and its review."""

    announcement: LiveAnnouncement
    review: Review
    actions: tuple[ActionRow, ...]


def is_over(record: Announcement, now: datetime) -> bool:
    """Whether there is something to look back at: it is over, or was called off after it was shown."""
    return announcing.phase(record, now) in (Phase.over, Phase.cancelled) and record.status is not Status.withdrawn


def get_reviewed(actor: Viewer, announcement_id: int) -> tuple[Announcement, Review | None]:
    """An announcement that was published, and its review if somebody began one. Staff only; else NotFound."""
    record = get_announcement(actor, announcement_id)
    if record.status is Status.draft:
        raise NotFound(_("There is no such announcement."))
    return record, db.session.get(Review, announcement_id)


def get_reviewed_for_change(actor: Viewer, announcement_id: int) -> tuple[Announcement, Review | None]:
    """The same, locked, for those who announce."""
    record = get_for_change(actor, announcement_id)
    if record.status is Status.draft:
        raise NotFound(_("There is no such announcement."))
    return record, db.session.get(Review, announcement_id, populate_existing=True)


def get_action(announcement_id: int, action_id: int) -> ReviewAction:
    """One action of this review, locked. The caller has loaded the review by a query that authorises."""
    row = None
    if action_id < BIGGEST_ID:
        row = db.session.get(ReviewAction, action_id, with_for_update=True, populate_existing=True)
    if row is None or row.announcement_id != announcement_id:
        raise NotFound(_("There is no such action."))
    return row


def actions_of(announcement_ids: Iterable[int]) -> dict[int, list[ActionRow]]:
    """The actions of each review, by due date. The caller has loaded the reviews by a query that authorises."""
    found: dict[int, list[ActionRow]] = {}
    query = _actions().where(ReviewAction.announcement_id.in_(list(announcement_ids)))
    for row in db.session.execute(query.order_by(ReviewAction.due_on, ReviewAction.id)):
        action = _action(*row)
        found.setdefault(action.announcement_id, []).append(action)
    return found


def open_actions(limit: int, owner_id: int | None = None) -> list[ActionRow]:
    """What is not done yet, the oldest promise first; of one person, or of all."""
    query = _actions().where(ReviewAction.done_at.is_(None))
    if owner_id is not None:
        query = query.where(ReviewAction.owner_id == owner_id)
    return [
        _action(*row) for row in db.session.execute(query.order_by(ReviewAction.due_on, ReviewAction.id).limit(limit))
    ]


def _actions() -> Select[ReviewAction, str, int, TicketStatus]:
    return (
        select(ReviewAction, User.name, Ticket.number, Ticket.status)
        .join(User, User.id == ReviewAction.owner_id)
        .outerjoin(Ticket, Ticket.id == ReviewAction.ticket_id)
    )


def _action(row: ReviewAction, owner: str, ticket: int | None, status: TicketStatus | None) -> ActionRow:
    return ActionRow(
        row.id,
        row.announcement_id,
        row.what,
        row.owner_id,
        owner,
        row.due_on,
        ticket,
        status,
        row.done_at,
        row.revision,
    )


def owners(keep: Sequence[int] = ()) -> list[tuple[int, str]]:
    """Staff who can own an action, by name; `keep` stay in the list even if they left."""
    staff = (User.role.in_(OWNER_ROLES)) & User.disabled_at.is_(None)
    query = select(User.id, User.name).where(staff | User.id.in_(list(keep))).order_by(User.name, User.id)
    return [(row.id, row.name) for row in db.session.execute(query.limit(OWNERS_SHOWN))]


def name_of(user_id: int | None) -> str:
    found = None if user_id is None else db.session.scalar(select(User.name).where(User.id == user_id))
    return found or ""


def find_published(viewer: Viewer, announcement_id: int, now: datetime) -> Published | None:
    """The review of something that this person was in the audience of, if it is published beyond staff."""
    review = db.session.get(Review, announcement_id) if announcement_id < BIGGEST_ID else None
    if review is None or review.published_at is None or review.readers is Readers.staff:
        return None
    record = db.session.get(Announcement, announcement_id)
    if record is None or not is_over(record, now) or not announcing.was_shown(record, record.closed_at, now):
        return None
    announcement = freeze([record])[0]
    if not matches(announcement.targets, audiences.facts_of(viewer)):
        return None
    actions = actions_of([announcement_id]).get(announcement_id, []) if review.readers is Readers.affected else []
    return Published(announcement, review, tuple(actions))


def get_published(viewer: Viewer, announcement_id: int, now: datetime) -> Published:
    """The same. Raises NotFound for everybody and everything else alike."""
    found = find_published(viewer, announcement_id, now)
    if found is None:
        raise NotFound(_("There is no such review, or it is not for you."))
    return found
