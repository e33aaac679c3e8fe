"""One announcement with what hangs on it, for those who announce."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import BindParameter, and_, bindparam, select

from helpdesk.plugin_api import Forbidden, NotFound, Service, User, Viewer, db
from plugins.outage_notice.announcements.models import (
    AffectedService,
    Announcement,
    AudienceTarget,
    TimelineEntry,
    Translation,
    Update,
)
from plugins.outage_notice.announcements.rules import LIVE_STATUSES, Draft, Effect, ServiceEffect, Status, Texts
from plugins.outage_notice.audiences.rules import Target

DRAFT_COLUMNS = (
    "kind", "severity", "title", "description", "workaround", "locale", "must_confirm", "show_from", "show_until",
    "starts_at", "planned_end_at", "ends_by_itself", "recurrence", "time_zone", "eta", "next_update_at",
    "mention_in_automated_replies", "automated_reply_text", "keywords", "is_drill", "is_public", "owner_id",
    "checklist", "drill_minutes", "notice_plan",
)  # fmt: skip

BIGGEST_ID = 2**31
# Both conditions say the same. By the index of the second, SQLite finds these few among any number of old ones.
IS_LIVE = and_(Announcement.status.in_(LIVE_STATUSES), Announcement.closed_at.is_(None))

# Made once: every change of an announcement reads these again, and making them costs more than carrying them out.
IDS: BindParameter[int] = bindparam("ids", expanding=True)
SERVICES = (
    select(AffectedService.announcement_id, Service.id, Service.name, AffectedService.effect)
    .join(Service, Service.id == AffectedService.service_id)
    .where(AffectedService.announcement_id.in_(IDS))
    .order_by(Service.name)
    .execution_options(is_short=True)
)
TARGETS = (
    select(AudienceTarget.announcement_id, AudienceTarget.kind, AudienceTarget.ref)
    .where(AudienceTarget.announcement_id.in_(IDS))
    .order_by(AudienceTarget.kind, AudienceTarget.ref)
    .execution_options(is_short=True)
)
TEXTS = (
    select(
        Translation.announcement_id,
        Translation.locale,
        Translation.title,
        Translation.description,
        Translation.workaround,
    )
    .where(Translation.announcement_id.in_(IDS))
    .order_by(Translation.locale)
    .execution_options(is_short=True)
)


@dataclass(frozen=True, slots=True)
class NamedService:
    id: int
    name: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class FullAnnouncement:
    """A record with its services, targets, translations and the names of its people."""

    record: Announcement
    services: tuple[NamedService, ...]
    audience: tuple[Target, ...]
    translations: dict[str, Texts]
    names: dict[int, str]  # of author and owner, by id


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline, with the name of who did it (None: the system)."""

    id: int
    at: datetime
    kind: str
    actor: str | None
    is_public: bool
    data: dict[str, Any]


def require_announcer(actor: Viewer) -> None:
    """Raises Forbidden for agents, and NotFound for requesters, who may not learn what exists."""
    if actor.may_announce:
        return
    if actor.is_staff:
        raise Forbidden(_("Only technicians can do this. Ask one of them."))
    raise NotFound(_("There is no such page."))


def get_announcement(actor: Viewer, announcement_id: int) -> Announcement:
    """The record. Technicians and administrators: any; agents: published ones, to read. Raises NotFound, Forbidden."""
    if not actor.is_staff:
        raise NotFound(_("There is no such announcement."))
    record = db.session.get(Announcement, announcement_id) if announcement_id < BIGGEST_ID else None
    if record is None or (not actor.may_announce and record.status is Status.draft):
        raise NotFound(_("There is no such announcement."))
    return record


def is_announcement(actor: Viewer, announcement_id: int) -> bool:
    """Whether `get_announcement` would give it."""
    try:
        get_announcement(actor, announcement_id)
    except NotFound:
        return False
    return True


def get_for_change(actor: Viewer, announcement_id: int) -> Announcement:
    """The record, locked until the running transaction ends. Only for those who announce."""
    require_announcer(actor)
    if announcement_id >= BIGGEST_ID:
        raise NotFound(_("There is no such announcement."))
    record = db.session.get(Announcement, announcement_id, with_for_update=True, populate_existing=True)
    if record is None:
        raise NotFound(_("There is no such announcement."))
    return record


def get_full(actor: Viewer, announcement_id: int) -> FullAnnouncement:
    """The record with all that hangs on it. As `get_announcement`."""
    return full([get_announcement(actor, announcement_id)])[0]


def full(records: Sequence[Announcement]) -> list[FullAnnouncement]:
    """Records with all that hangs on them, in the same order: four queries for any number."""
    ids = [record.id for record in records]
    services, audiences, translations = services_by_id(ids), targets_by_id(ids), texts_by_id(ids)
    people = {p for r in records for p in (r.created_by_id, r.owner_id) if p is not None}
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(people))) if people else ()
    names = {id: name for id, name in rows}  # noqa: C416  (rows are not pairs to mypy)
    return [
        FullAnnouncement(
            record, tuple(services[record.id]), tuple(audiences[record.id]), dict(translations[record.id]), names
        )
        for record in records
    ]


def services_by_id(ids: Iterable[int]) -> defaultdict[int, list[NamedService]]:
    """The affected services of each announcement, by name."""
    found: defaultdict[int, list[NamedService]] = defaultdict(list)
    rows = db.session.execute(SERVICES, {"ids": list(ids)})
    for announcement_id, id, name, effect in rows:
        found[announcement_id].append(NamedService(id, name, effect))
    return found


def targets_by_id(ids: Iterable[int]) -> defaultdict[int, list[Target]]:
    """The audience of each announcement."""
    found: defaultdict[int, list[Target]] = defaultdict(list)
    rows = db.session.execute(TARGETS, {"ids": list(ids)})
    for announcement_id, kind, ref in rows:
        found[announcement_id].append(Target(kind, ref or None))
    return found


def texts_by_id(ids: Iterable[int]) -> defaultdict[int, dict[str, Texts]]:
    """The translations of each announcement, by locale."""
    found: defaultdict[int, dict[str, Texts]] = defaultdict(dict)
    for announcement_id, locale, title, description, workaround in db.session.execute(TEXTS, {"ids": list(ids)}):
        found[announcement_id][locale] = Texts(title, description, workaround)
    return found


def draft_of(record: Announcement) -> Draft:
    """What a person chose of this announcement, as it stands."""
    ids = [record.id]
    return Draft(
        **{name: getattr(record, name) for name in DRAFT_COLUMNS},
        translations=dict(texts_by_id(ids)[record.id]),
        services=tuple(ServiceEffect(s.id, s.effect) for s in services_by_id(ids)[record.id]),
        audience=tuple(targets_by_id(ids)[record.id]),
    )


def updates_of(announcement_id: int, *, public_only: bool = False) -> list[Update]:
    """The dated entries, newest first; in public without what was undone.

    The caller has loaded the announcement by a query that authorises.
    """
    query = select(Update).where(Update.announcement_id == announcement_id).order_by(Update.id.desc())
    if public_only:
        query = query.where(Update.is_public, Update.undone_at.is_(None))
    return list(db.session.scalars(query))


def entries_since(announcement_id: int, revision: int) -> list[Entry]:
    """What others said in public after that revision was read, oldest first: kinds `updated`, `resolved`, ….

    The caller has loaded the announcement by a query that authorises.
    """
    query = (
        select(Update, User.name)
        .outerjoin(User, User.id == Update.author_id)
        .where(Update.announcement_id == announcement_id, Update.is_public, Update.revision > revision)
        .order_by(Update.id)
    )
    return [
        Entry(row.id, row.at, "updated", name, True, {"text": row.text, "status": row.status and row.status.value})
        for row, name in db.session.execute(query)
    ]


def timeline(announcement_id: int, *, public_only: bool = False) -> list[Entry]:
    """What happened, oldest first. The caller has loaded the announcement by a query that authorises."""
    query = (
        select(TimelineEntry, User.name)
        .outerjoin(User, User.id == TimelineEntry.actor_id)
        .where(TimelineEntry.announcement_id == announcement_id)
        .order_by(TimelineEntry.id)
    )
    if public_only:
        query = query.where(TimelineEntry.is_public)
    return [Entry(row.id, row.at, row.kind, name, row.is_public, row.data) for row, name in db.session.execute(query)]
