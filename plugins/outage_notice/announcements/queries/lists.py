"""The lists of those who announce: now, upcoming, past, drafts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, exists, or_, select

from helpdesk.plugin_api import Forbidden, NotFound, User, Viewer, db, time_limit
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.models import Announcement, AudienceTarget
from plugins.outage_notice.announcements.queries.records import IS_LIVE, FullAnnouncement, full
from plugins.outage_notice.announcements.rules import Kind, Phase, Status
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.audiences.rules import TargetKind

FAR = datetime(9999, 1, 1, tzinfo=UTC)


class Tab(StrEnum):
    now = "now"
    upcoming = "upcoming"
    past = "past"
    drafts = "drafts"


@dataclass(frozen=True, slots=True)
class Filters:
    """`department_id`: announcements for people of that department, however they were chosen; see `for_department`."""

    kind: Kind | None = None
    department_id: int | None = None
    mine: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page. `next` is the key to hand back for the following page, None at the end."""

    items: tuple[FullAnnouncement, ...]
    next: tuple[datetime, int] | None


@time_limit()
def list_announcements(
    actor: Viewer,
    tab: Tab,
    now: datetime,
    *,
    filters: Filters | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> ListPage:
    """One page of a tab. Now: newest change first; upcoming: next start first; past: ended last first; drafts: edited
    last first. Agents see the published ones; requesters none (NotFound).
    """
    if not actor.is_staff:
        raise NotFound("")
    if tab is Tab.drafts and not actor.may_announce:
        raise Forbidden("")
    conditions = _conditions(actor, filters or Filters())
    if tab is Tab.drafts:
        return _keyset(Announcement.updated_at, Announcement.status == Status.draft, conditions, after, limit)
    live = [
        record
        for record in db.session.scalars(select(Announcement).where(IS_LIVE, *conditions))
        if _TABS[rules.phase(record, now)] is tab
    ]
    if tab is Tab.past:
        page = _keyset(Announcement.closed_at, Announcement.closed_at.is_not(None), conditions, after, limit)
        # Over by the clock, but no job has written it down yet: few, and only on the first page.
        return page if after else ListPage((*full(live), *page.items), page.next)
    return _slice(live, tab, now, after, limit)


_TABS = {
    Phase.active: Tab.now,
    Phase.upcoming: Tab.upcoming,
    Phase.over: Tab.past,
    Phase.cancelled: Tab.past,
    Phase.draft: Tab.drafts,
}


def _slice(
    live: Sequence[Announcement], tab: Tab, now: datetime, after: tuple[datetime, int] | None, limit: int
) -> ListPage:
    def key(record: Announcement) -> tuple[datetime, int]:
        if tab is Tab.now:
            return record.changed_at or record.updated_at, record.id
        occurrence = rules.current_occurrence(record, now)
        return (occurrence.start if occurrence else record.starts_at or record.show_from or FAR), record.id

    newest_first = tab is Tab.now
    ordered = sorted(live, key=key, reverse=newest_first)
    if after is not None:
        ordered = [r for r in ordered if (key(r) < after if newest_first else key(r) > after)]
    rows = ordered[:limit]
    return ListPage(tuple(full(rows)), key(rows[-1]) if len(ordered) > limit else None)


def _keyset(
    column: Any,
    where: ColumnElement[bool],
    conditions: list[ColumnElement[bool]],
    after: tuple[datetime, int] | None,
    limit: int,
) -> ListPage:
    query: Select[Announcement] = select(Announcement).where(where, *conditions)
    if after is not None:
        query = query.where(or_(column < after[0], and_(column == after[0], Announcement.id < after[1])))
    rows = db.session.scalars(query.order_by(column.desc(), Announcement.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    key = (getattr(shown[-1], column.key), shown[-1].id) if len(rows) > limit else None
    return ListPage(tuple(full(shown)), key)


def _conditions(actor: Viewer, filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.kind is not None:
        conditions.append(Announcement.kind == filters.kind)
    if filters.mine:
        conditions.append(or_(Announcement.created_by_id == actor.id, Announcement.owner_id == actor.id))
    if text := filters.text.strip():
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = f"%{escaped}%"
        conditions.append(
            or_(Announcement.title.ilike(pattern, escape="\\"), Announcement.description.ilike(pattern, escape="\\"))
        )
    if filters.department_id is not None:
        conditions.append(for_department(filters.department_id))
    return conditions


def for_department(department_id: int) -> ColumnElement[bool]:
    """Whether an announcement is for people of this department: for it, for a branch above or below it, for users of a
    service that one of these uses, for somebody in its branch by name or by role, or for everyone.

    Three queries when it is made; then, for each announcement, one look at its targets by their key, and at most one
    person by theirs for each who is named.
    """
    path, branch = audiences.department_paths().get(department_id, ()), audiences.branch_ids([department_id])
    around = sorted({*path, *branch})
    named = case((AudienceTarget.kind == TargetKind.requester, cast(AudienceTarget.ref, BigInteger)))
    is_of_branch = exists().where(User.id == named, User.department_id.in_(sorted(branch)), User.disabled_at.is_(None))
    return exists().where(
        AudienceTarget.announcement_id == Announcement.id,
        or_(
            AudienceTarget.kind == TargetKind.everyone,
            _is_among(TargetKind.department, around),
            _is_among(TargetKind.service_users, audiences.services_used_by_path(around)),
            _is_among(TargetKind.role, audiences.roles_within(branch)),
            and_(AudienceTarget.kind == TargetKind.requester, is_of_branch),
        ),
    )


def _is_among(kind: TargetKind, refs: Iterable[object]) -> ColumnElement[bool]:
    return and_(AudienceTarget.kind == kind, AudienceTarget.ref.in_(sorted(map(str, refs))))
