"""Writing a draft. A draft is visible to no requester by any path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Conflict, Viewer, now, record_audit, record_feed, transaction
from plugins.outage_notice.announcements.actions.writing import (
    log,
    parts_of,
    read_changes,
    require_revision,
    write,
)
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.records import draft_of, get_for_change, require_announcer
from plugins.outage_notice.announcements.rules import TIME_FIELDS, Draft, Status


def create_draft(actor: Viewer, draft: Draft) -> Announcement:
    """A new draft of this author. Raises Invalid for what can never be stored; the check comes before publishing."""
    at = now()
    require_announcer(actor)
    with transaction() as session:
        return create_inside(session, actor, draft, at)


def create_inside(session: Session, actor: Viewer, draft: Draft, at: datetime) -> Announcement:
    """A new draft with its entries, in the running transaction. Raises as `create_draft` does."""
    record = insert_draft(session, actor, draft, at)
    log(session, record, actor, at, "created", after={"title": record.title, "kind": record.kind})
    record_feed("announcement", record.id)
    return record


def insert_draft(session: Session, actor: Viewer, draft: Draft, at: datetime) -> Announcement:
    """The rows of a new draft, in the running transaction."""
    values = read_changes(None, parts_of(draft))
    record = Announcement(
        kind=draft.kind,
        severity=draft.severity,
        title=draft.title,
        status=Status.draft,
        wall_times={},
        created_at=at,
        updated_at=at,
        created_by_id=actor.id,
    )
    if draft.must_confirm:
        record.must_confirm_by_id = actor.id
    session.add(record)
    session.flush()
    write(session, record, values, actor)
    return record


def change_draft(
    actor: Viewer, announcement_id: int, changes: Mapping[str, Any], expected_revision: int | None = None
) -> Announcement:
    """Change fields of `Draft` by name. Raises Stale when `expected_revision` is not the present one."""
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record = get_for_change(actor, announcement_id)
        _require_draft(record)
        require_revision(record, expected_revision)
        change_inside(session, actor, record, changes, at)
    return record


def change_inside(
    session: Session, actor: Viewer, record: Announcement, changes: Mapping[str, Any], at: datetime
) -> None:
    """Change fields of a draft in the running transaction, which holds it. Raises Invalid."""
    changed = write(session, record, read_changes(record, changes), actor)
    if changed:
        record.revision += 1
        record.updated_at = at
        before, after = ({k: v[i] for k, v in changed.items()} for i in (0, 1))
        record_audit(actor, "announcement.draft_changed", "announcement", record.id, before=before, after=after)
        record_feed("announcement", record.id)


def delete_draft(actor: Viewer, announcement_id: int, expected_revision: int | None = None) -> None:
    """Delete a draft. What was published is cancelled or withdrawn instead (Conflict)."""
    require_announcer(actor)
    with transaction() as session:
        record = get_for_change(actor, announcement_id)
        _require_draft(record)
        require_revision(record, expected_revision)
        record_audit(actor, "announcement.deleted", "announcement", record.id, before={"title": record.title})
        record_feed("announcement", record.id)
        session.delete(record)


def duplicate(actor: Viewer, announcement_id: int) -> Announcement:
    """A new draft with the same content, without times and repetition."""
    at = now()
    require_announcer(actor)
    with transaction() as session:
        source = get_for_change(actor, announcement_id)
        blank = dict.fromkeys((*TIME_FIELDS, "recurrence", "owner_id"))
        record = insert_draft(session, actor, replace(draft_of(source), **blank), at)  # type: ignore[arg-type]
        log(session, record, actor, at, "created", data={"copy_of": source.id}, after={"copy_of": source.id})
        record_feed("announcement", record.id)
    return record


def _require_draft(record: Announcement) -> None:
    if record.status is not Status.draft:
        raise Conflict(_("This is no draft any more. Open it again to see the present state."))
