"""Every write of playbooks: kept, changed, deleted, used, and their owners reminded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    Invalid,
    Stale,
    Viewer,
    is_mail_address,
    language_for,
    now,
    page_address,
    queue_mail,
    record_audit,
    record_feed,
    transaction,
    viewers,
)
from plugins.outage_notice.announcements.actions.drafts import insert_draft
from plugins.outage_notice.announcements.actions.publishing import publish_inside
from plugins.outage_notice.announcements.actions.writing import log
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.facts import unknown_services
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.announcements.rules import Draft
from plugins.outage_notice.audiences.queries import missing_targets
from plugins.outage_notice.playbooks import queries
from plugins.outage_notice.playbooks.models import Playbook
from plugins.outage_notice.playbooks.queries import get_playbook, shown_name
from plugins.outage_notice.playbooks.rules import Content, problems_of
from plugins.outage_notice.response.actions.preparing import Prepared, prepare
from plugins.outage_notice.response.queries import administrators


def create_playbook(actor: Viewer, content: Content) -> Playbook:
    """A new playbook. Raises Invalid by field."""
    at = now()
    require_announcer(actor)
    with transaction() as session:
        _stop_on_problems(content)
        row = Playbook(**content.to_columns(), created_at=at, updated_at=at)
        session.add(row)
        session.flush()
        record_audit(actor, "playbook.created", "playbook", row.id, after=content.to_columns())
    return row


def change_playbook(
    actor: Viewer, playbook_id: int, changes: Mapping[str, Any], expected_revision: int | None = None
) -> Playbook:
    """Change fields of `Content` by name. Raises Invalid, NotFound, and Stale when somebody saved in between."""
    at = now()
    with transaction() as session:
        row = get_playbook(actor, playbook_id, for_change=True)
        _require_revision(row, expected_revision)
        unknown = changes.keys() - {field.name for field in fields(Content)}
        if unknown:
            raise Invalid({name: _("There is no such field.") for name in sorted(unknown)})
        before = Content.of_columns(row)
        after = replace(before, **changes)
        _stop_on_problems(after, before)
        old, new = before.to_columns(), after.to_columns()
        changed = {name for name in new if new[name] != old[name]}
        if changed:
            for name in changed:
                setattr(row, name, new[name])
            row.revision += 1
            row.updated_at = at
            record_audit(
                actor,
                "playbook.changed",
                "playbook",
                row.id,
                before={name: old[name] for name in changed},
                after={name: new[name] for name in changed},
            )
            session.flush()
    return row


def delete_playbook(actor: Viewer, playbook_id: int, expected_revision: int | None = None) -> None:
    """Delete a playbook. Announcements that were made from it keep what it brought."""
    with transaction() as session:
        row = get_playbook(actor, playbook_id, for_change=True)
        _require_revision(row, expected_revision)
        record_audit(actor, "playbook.deleted", "playbook", row.id, before=Content.of_columns(row).to_columns())
        session.delete(row)


def start_from_playbook(actor: Viewer, playbook_id: int, draft: Draft) -> Announcement:
    """A new draft with what the playbook prepared: whom to call, the briefing, the checklist."""
    at = now()
    with transaction() as session:
        return _start(session, actor, playbook_id, draft, at)


def publish_from_playbook(
    actor: Viewer, playbook_id: int, draft: Draft, confirmed_people: int | None = None
) -> Announcement:
    """Start from a playbook and publish, both or nothing: of what is refused no draft is left.

    Raises Invalid with what the check stops, Forbidden for people out of reach.
    """
    at = now()
    with transaction() as session:
        record = _start(session, actor, playbook_id, draft, at)
        publish_inside(session, actor, record, at, confirmed_people)
        return record


def _start(session: Session, actor: Viewer, playbook_id: int, draft: Draft, at: datetime) -> Announcement:
    row = queries.get_to_declare(actor, playbook_id)
    record = insert_draft(session, actor, draft, at)
    prepare(session, record.id, _prepared(row), at)
    log(session, record, actor, at, "created", data={"playbook": row.name}, after={"playbook_id": row.id})
    record_feed("announcement", record.id)
    session.flush()
    return record


def _prepared(row: Playbook) -> Prepared:
    content = queries.content_of(row)

    def said(text: str) -> str:
        return str(_(text)) if row.slug and text else text

    return Prepared(
        playbook_id=row.id,
        playbook_name=shown_name(row),
        people=content.people,
        calls_by_mail=content.calls_by_mail,
        checklist=tuple(map(said, content.checklist)),
        callers_say=said(content.briefing.callers_say),
        answer=said(content.briefing.answer),
        do_not_promise=said(content.briefing.do_not_promise),
        expected_volume=said(content.briefing.expected_volume),
    )


def _require_revision(row: Playbook, expected: int | None) -> None:
    if expected is not None and expected != row.revision:
        current = {"revision": row.revision, "name": row.name, "title": row.title}
        raise Stale(_("Somebody else saved this in the meantime. Compare both, then save again."), current)


def _stop_on_problems(content: Content, before: Content | None = None) -> None:
    """What is wrong in itself, and what names something that does not exist; what was kept from before is left."""
    problems: dict[str, list[Any]] = problems_of(content)
    if problems:
        raise Invalid(problems)
    chosen = () if before is not None and content.services == before.services else content.services
    if unknown_services(s.service_id for s in chosen):
        problems["services"] = [_("A chosen service does not exist any more.")]
    if (before is None or content.audience != before.audience) and missing_targets(content.audience):
        problems["audience"] = [_("A part of the audience does not exist any more. Choose again.")]
    if (before is None or content.people != before.people) and queries.missing_callees(content.people):
        problems["people"] = [_("Choose people of the staff, or teams.")]
    if (before is None or content.owner_id != before.owner_id) and content.owner_id is not None:
        owner = viewers([content.owner_id]).get(content.owner_id)
        if owner is None or not owner.may_announce:
            problems["owner_id"] = [_("Choose a technician as owner.")]
    if problems:
        raise Invalid(problems)


def remind_of_reviews(now: datetime) -> int:
    """Tell the owners of playbooks whose review is due, and of those without owner the administrators: once for each
    date, whatever the number of processes.
    """
    return sum(_remind(playbook_id) for playbook_id in queries.due_reminders(now))


def _remind(playbook_id: int) -> bool:
    with transaction() as session:
        row = session.scalars(
            update(Playbook)
            .where(
                Playbook.id == playbook_id,
                Playbook.review_on.is_not(None),
                or_(Playbook.reminded_for.is_(None), Playbook.reminded_for != Playbook.review_on),
            )
            .values(reminded_for=Playbook.review_on)
            .returning(Playbook)
            .execution_options(synchronize_session=False, populate_existing=True)
        ).one_or_none()
        if row is None:
            return False
        owners = () if row.owner_id is None else viewers([row.owner_id]).values()
        keepers = [owner for owner in owners if owner.may_announce]
        for person in keepers or viewers(administrators()).values():
            if is_mail_address(person.email or ""):
                _write_reminder(row, person)
        record_audit(None, "playbook.review_due", "playbook", row.id, after={"review_on": row.review_on})
        return True


def _write_reminder(row: Playbook, person: Viewer) -> None:
    url = page_address(f"/playbooks/{row.id}")
    with force_locale(language_for(person.locale)):
        name = shown_name(row)
        subject = _("Please review the playbook “%(name)s”", name=name)
        text = _(
            "Hello %(person)s,\n\nthe playbook “%(name)s” is to be reviewed: are its texts, its people and its "
            "checklist still right? Then set the next date.\n\n%(url)s",
            person=person.name,
            name=name,
            url=url,
        )
        if row.owner_id is None:
            text += "\n\n" + _("It has no owner yet: choose one.")
    event_id = f"playbook-review-{row.id}-{row.review_on}"
    queue_mail(person.email or "", " ".join(subject.split()), text, event_id=event_id)
