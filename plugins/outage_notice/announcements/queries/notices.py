"""Announcements as the people they are for may see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from helpdesk.plugin_api import NotFound, Viewer, db
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.models import Announcement, Update
from plugins.outage_notice.announcements.queries.live import LiveAnnouncement, freeze
from plugins.outage_notice.announcements.queries.records import BIGGEST_ID, IS_LIVE, get_announcement, updates_of
from plugins.outage_notice.announcements.rules import Phase, Status
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.audiences.rules import ViewerFacts, matches

KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Notice:
    """One announcement for one reader, with its public updates, newest first."""

    announcement: LiveAnnouncement
    phase: Phase
    status: Status
    updates: tuple[Update, ...]


def recent_notices(viewer: Viewer, now: datetime) -> list[LiveAnnouncement]:
    """What this person's notice list holds: shown now, or over for at most 30 days and shown before. Newest first.

    Withdrawn ones were a mistake and are left out.
    """
    closed = (
        Announcement.closed_at >= now - KEPT,
        Announcement.status != Status.withdrawn,
        Announcement.published_at.is_not(None),
    )
    live = db.session.scalars(select(Announcement).where(IS_LIVE)).all()
    over = db.session.scalars(select(Announcement).where(*closed)).all()
    facts = audiences.facts_of(viewer)
    candidates = [r for r in dict.fromkeys([*live, *over]) if _may_know(r, now)]
    mine = [a for a in freeze(candidates) if matches(a.targets, facts)]
    return sorted(mine, key=lambda a: a.changed_at or a.updated_at, reverse=True)


def _may_know(record: Announcement, now: datetime) -> bool:
    """Whether people of the audience could see it now or in the last 30 days."""
    if record.status in (Status.draft, Status.withdrawn):
        return False
    # Whoever is written to before the banner stands may read what the mail is about.
    if record.mailed_at is None and not rules.was_shown(record, record.closed_at, now):
        return False
    where = rules.phase(record, now)
    if where is Phase.active:
        return record.show_until is None or now - KEPT < record.show_until
    ended = record.closed_at or record.actual_end_at or record.show_until or record.planned_end_at
    return where is Phase.upcoming or ended is None or now - KEPT < ended


def get_notice(viewer: Viewer, announcement_id: int, now: datetime) -> Notice:
    """The page of one announcement for a person of its audience: published, and shown now or within 30 days.

    Raises NotFound for everybody and everything else alike.
    """
    record = db.session.get(Announcement, announcement_id) if announcement_id < BIGGEST_ID else None
    if record is None or not _may_know(record, now):
        raise NotFound(_("There is no such notice, or it is not for you."))
    announcement = freeze([record])[0]
    if not matches(announcement.targets, _facts(viewer)):
        raise NotFound(_("There is no such notice, or it is not for you."))
    return _notice(record, announcement, now)


def preview_notice(actor: Viewer, announcement_id: int, now: datetime) -> Notice:
    """The same for staff, whoever it is for: as its audience sees it at `now`, which may lie ahead.

    Raises NotFound for requesters, for drafts and for what does not exist.
    """
    record = get_announcement(actor, announcement_id)
    if record.status is Status.draft:
        raise NotFound(_("There is no such announcement."))
    return _notice(record, freeze([record])[0], now)


def first_shown_at(actor: Viewer, announcement_id: int, now: datetime) -> datetime:
    """Now, or the later moment at which its audience sees it first. Raises NotFound as `get_announcement` does."""
    shown = rules.window(get_announcement(actor, announcement_id), now)
    return now if shown.is_shown or shown.shown_from is None else max(now, shown.shown_from)


def _notice(record: Announcement, announcement: LiveAnnouncement, now: datetime) -> Notice:
    return Notice(
        announcement,
        rules.phase(record, now),
        rules.effective_status(record, now),
        tuple(updates_of(record.id, public_only=True)),
    )


def _facts(viewer: Viewer) -> ViewerFacts:
    return audiences.facts_of(viewer)
