"""Writing a review, publishing it, and correcting what the timeline says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Conflict, Invalid, NotFound, Stale, Viewer, now, transaction
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement, TimelineEntry
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.reviews.models import Review
from plugins.outage_notice.reviews.queries.records import get_reviewed_for_change, is_over
from plugins.outage_notice.reviews.rules import TEXT_FIELDS, TEXT_LIMIT, Readers

FIELDS = (*TEXT_FIELDS, "cause", "noticed_at", "found_at")


def save_review(
    actor: Viewer, announcement_id: int, changes: Mapping[str, Any], expected_revision: int | None = None
) -> Review:
    """Change fields of a review; the first save begins it (its revision was 0). Nothing changed: nothing happens.

    Raises Stale with the present texts when somebody saved in between, Invalid by field, Forbidden, NotFound.
    """
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record, review = get_reviewed_for_change(actor, announcement_id)
        _require_revision(review, expected_revision)
        _check(record, changes, at)
        review = review or _begin(session, record, actor, at)
        changed = {name: value for name, value in changes.items() if getattr(review, name) != value}
        if changed:
            before = {name: getattr(review, name) for name in changed}
            for name, value in changed.items():
                setattr(review, name, value)
            review.revision += 1
            review.updated_at = at
            data = {"what": sorted(changed)}
            log(session, record, actor, at, "review_saved", data=data, before=before, after=changed)
    return review


def _require_revision(review: Review | None, expected: int | None) -> None:
    present = 0 if review is None else review.revision
    if expected is None or expected == present:
        return
    current = {name: getattr(review, name, None) for name in FIELDS} | {"revision": present}
    raise Stale(_("Somebody else saved this in the meantime. Compare both texts, then save again."), current)


def _check(record: Announcement, changes: Mapping[str, Any], at: datetime) -> None:
    problems: dict[str, Any] = {name: _("There is no such field.") for name in changes if name not in FIELDS}
    for name in TEXT_FIELDS:
        if len(changes.get(name) or "") > TEXT_LIMIT:
            problems[name] = _("Use at most %(limit)s characters.", limit=TEXT_LIMIT)
    started = record.actual_start_at or record.starts_at or record.published_at
    ended = record.actual_end_at or record.closed_at or at
    for name in ("noticed_at", "found_at"):
        moment = changes.get(name)
        if moment is None:
            continue
        if moment > ended:
            problems[name] = _("This is after the end. Choose a time before it was over.")
        elif name == "found_at" and started is not None and moment < started:
            problems[name] = _("This is before the start.")
    if problems:
        raise Invalid(problems)


def _begin(session: Session, record: Announcement, actor: Viewer, at: datetime) -> Review:
    review = Review(
        announcement_id=record.id,
        **dict.fromkeys(TEXT_FIELDS, ""),
        readers=Readers.staff,
        writer_id=actor.id,
        revision=0,
        created_at=at,
        updated_at=at,
    )
    session.add(review)
    return review


def publish_review(
    actor: Viewer, announcement_id: int, readers: Readers, expected_revision: int | None = None
) -> Review:
    """Let staff, those affected, or readers of the public summary read it.

    Raises Conflict while it is not over, Invalid when the text that they would read is missing, or when a public
    summary is wanted of what was never announced to the public; Stale as `save_review`.
    """
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record, review = get_reviewed_for_change(actor, announcement_id)
        _require_revision(review, expected_revision)
        if not is_over(record, at):
            raise Conflict(_("It is not over yet. Publish the review when it is."))
        if review is None or not review.summary.strip():
            raise Invalid({"summary": _("Write the summary first.")})
        if readers is not Readers.staff and not review.public_summary.strip():
            raise Invalid({"public_summary": _("Write the summary for people outside of IT first.")})
        if readers is Readers.public and (record.is_drill or not record.is_public):
            raise Invalid({"readers": _("This was not announced to the public, so its review is not public either.")})
        before = {"readers": review.readers, "published_at": review.published_at}
        review.readers, review.published_at, review.published_by_id = readers, at, actor.id
        review.revision += 1
        review.updated_at = at
        data = {"readers": readers.value}
        log(session, record, actor, at, "review_published", data=data, before=before, after=data)
    return review


def take_review_back(actor: Viewer, announcement_id: int, expected_revision: int | None = None) -> Review:
    """Make it a draft again. Raises Conflict when it is one."""
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record, review = get_reviewed_for_change(actor, announcement_id)
        _require_revision(review, expected_revision)
        if review is None or review.published_at is None:
            raise Conflict(_("This review is a draft already."))
        before = {"readers": review.readers, "published_at": review.published_at}
        review.published_at = review.published_by_id = None
        review.revision += 1
        review.updated_at = at
        log(session, record, actor, at, "review_taken_back", before=before)
    return review


def correct_entry(actor: Viewer, announcement_id: int, entry_id: int, text: str) -> None:
    """Add an entry that says what is wrong with a former one. The former one stays as it is, and both are shown.

    Raises NotFound when this timeline has no such entry, Invalid without a text.
    """
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record, _review = get_reviewed_for_change(actor, announcement_id)
        query = select(TimelineEntry).where(TimelineEntry.id == entry_id)
        entry = session.scalars(query.where(TimelineEntry.announcement_id == record.id)).one_or_none()
        if entry is None:
            raise NotFound(_("There is no such entry in this timeline."))
        if not text.strip():
            raise Invalid({"text": _("Say what is right.")})
        if len(text) > TEXT_LIMIT:
            raise Invalid({"text": _("Use at most %(limit)s characters.", limit=TEXT_LIMIT)})
        data = {"entry_id": entry.id, "of": entry.kind, "of_at": entry.at.isoformat(), "text": text}
        log(session, record, actor, at, "corrected", data=data, after=data)
