"""Publishing, editing what is published, and approving what must be confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Conflict, Forbidden, Invalid, Viewer, now, record_event, require_audience, transaction
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.actions.drafts import change_inside, create_inside
from plugins.outage_notice.announcements.actions.drills import end_drill_by_itself, keep_drill_ending
from plugins.outage_notice.announcements.actions.planning import plan_steps
from plugins.outage_notice.announcements.actions.saying import promised_in, said_anew, said_in
from plugins.outage_notice.announcements.actions.writing import (
    PLAN_FIELDS,
    log,
    number,
    read_changes,
    require_live,
    require_reach,
    require_revision,
    write,
)
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.facts import stopping_facts
from plugins.outage_notice.announcements.queries.records import draft_of, get_for_change, require_announcer
from plugins.outage_notice.announcements.rules import (
    AnnouncementPublished,
    AnnouncementUpdated,
    Draft,
    Kind,
    Status,
    Weight,
)
from plugins.outage_notice.announcements.rules.levels import MANY_PEOPLE
from plugins.outage_notice.audiences.queries import total_people


def publish(
    actor: Viewer,
    announcement_id: int,
    *,
    changes: Mapping[str, Any] | None = None,
    expected_revision: int | None = None,
    confirmed_people: int | None = None,
) -> Announcement:
    """Publish a draft, with these `changes` of its fields: at once, or from its `show_from` on. `confirmed_people`:
    the number that was typed for a critical notice to everyone. Raises Invalid with what the check stops, Forbidden
    for people out of reach, Conflict when it is published already; nothing is changed then.
    """
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record = get_for_change(actor, announcement_id)
        if record.status is not Status.draft:
            raise Conflict(_("This is published already. Open it again to see the present state."))
        require_revision(record, expected_revision)
        if changes:
            change_inside(session, actor, record, changes, at)
        publish_inside(session, actor, record, at, confirmed_people)
    return record


def publish_new(actor: Viewer, draft: Draft, confirmed_people: int | None = None) -> Announcement:
    """Store a new announcement and publish it, both or neither. Raises as `create_draft` and `publish` do."""
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record = create_inside(session, actor, draft, at)
        publish_inside(session, actor, record, at, confirmed_people)
    return record


def publish_inside(
    session: Session, actor: Viewer, record: Announcement, at: datetime, confirmed_people: int | None
) -> None:
    """Publish a draft in the running transaction, which holds it. Raises as `publish` does."""
    draft = draft_of(record)
    require_reach(actor, draft.audience)
    facts = stopping_facts(draft, confirmed_people=confirmed_people)
    _stop_on_errors(draft, facts, at)
    require_audience(facts.people)
    effects = [service.effect for service in draft.services]
    # How many there are in all says nothing more about an audience that is large, and takes a while to count.
    total = 0 if facts.people >= MANY_PEOPLE else total_people()
    record.suggested_severity = rules.suggest_severity(facts.people, effects, total, draft.kind)
    _begin(record, actor, at)
    number(record, at, Weight.alert_again)
    plan_steps(session, record, at)
    data = {"title": record.title, "severity": record.severity, "status": record.status, "people": facts.people}
    data |= promised_in(record) | {"suggested": int(record.suggested_severity), "effects": sorted(set(effects))}
    log(session, record, actor, at, "published", is_public=True, data=data | said_in(draft), after=data)
    record_event(AnnouncementPublished(record.id, record.revision))


def _begin(record: Announcement, actor: Viewer, at: datetime) -> None:
    """The first public state: an incident has begun, a maintenance waits for its start unless that has passed."""
    record.published_at = at
    record.owner_id = record.owner_id or actor.id
    record.status = rules.first_status(record.kind)
    if record.kind is Kind.incident and record.starts_at is None:
        record.starts_at = at
    if record.is_drill:
        end_drill_by_itself(record, at)
    start_if_due(record, at)


def start_if_due(record: Announcement, at: datetime, *, was_moved: bool = False) -> None:
    """Write down a start that has passed; take one back that `was_moved` to the future, not one that began early."""
    if record.recurrence:
        occurrence = rules.current_occurrence(record, at)
        starts_at = None if occurrence is None else occurrence.start
    else:
        starts_at = record.starts_at
    if starts_at is not None and starts_at <= at:
        record.actual_start_at = record.actual_start_at or starts_at
        if record.status is Status.scheduled:
            record.status = Status.in_progress
    elif was_moved and record.status in (Status.scheduled, Status.in_progress) and starts_at is not None:
        record.actual_start_at = None
        record.status = Status.scheduled


def _stop_on_errors(draft: Draft, facts: rules.CheckFacts, at: datetime) -> None:
    problems: dict[str, list[Any]] = {}
    for finding in rules.errors(rules.checks(draft, facts, at)):
        problems.setdefault(finding.field, []).append(finding.message)
    if problems:
        raise Invalid(problems)


def edit_published(
    actor: Viewer,
    announcement_id: int,
    changes: Mapping[str, Any],
    *,
    weight: Weight | None = None,
    expected_revision: int | None = None,
    confirmed_people: int | None = None,
) -> Announcement:
    """Change fields of `Draft` of a published announcement. `weight` None: loud or not by what changed.
    `confirmed_people`: the number that was typed, when this makes it critical to everyone.

    Raises Stale, Invalid, Forbidden, and Conflict when it is over. Nothing changed: nothing happens.
    """
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record = get_for_change(actor, announcement_id)
        require_live(record, at)
        require_revision(record, expected_revision)
        if changes.get("kind", record.kind) != record.kind:
            raise Invalid({"kind": _("The kind cannot change after publishing. Withdraw it and publish a new one.")})
        before = draft_of(record)
        if changes.get("is_drill", record.is_drill) != record.is_drill:
            raise Invalid({"is_drill": _("A drill stays a drill. End it and publish a new announcement.")})
        require_reach(actor, before.audience, (record.created_by_id, record.owner_id))
        changed = write(session, record, read_changes(record, changes), actor)
        if record.is_drill and changed:
            keep_drill_ending(session, record, changed)
        after = draft_of(record)
        if "audience" in changed:
            require_reach(actor, after.audience)
        if changed:
            facts = stopping_facts(
                after,
                published=before,
                is_chosen_anew="audience" in changed,
                confirmed_people=confirmed_people,
            )
            _stop_on_errors(_forgive_the_past(before, after), facts, at)
            if "audience" in changed:
                require_audience(facts.people)
            weight = weight or rules.default_weight(before, after)
            _save_edit(session, record, actor, at, changed, weight, said_anew(before, after))
    return record


def _forgive_the_past(before: Draft, after: Draft) -> Draft:
    """A promise or an end of display that has passed since does not stop another edit."""
    if after.next_update_at is not None and after.next_update_at == before.next_update_at:
        after = replace(after, next_update_at=after.next_update_at + timedelta(days=36500))
    if after.show_until is not None and after.show_until == before.show_until:
        after = replace(after, show_until=None)
    return after


def _save_edit(
    session: Session,
    record: Announcement,
    actor: Viewer,
    at: datetime,
    changed: Mapping[str, tuple[Any, Any]],
    weight: Weight,
    said: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    if changed.keys() & PLAN_FIELDS:
        start_if_due(record, at, was_moved=bool(changed.keys() & {"starts_at", "recurrence"}))
        plan_steps(session, record, at)
    number(record, at, weight)
    what = tuple(sorted(changed))
    told: dict[str, Any] = promised_in(record) if changed.keys() & {"next_update_at", "eta"} else {}
    told |= {"severity": record.severity} if "severity" in changed else {}
    log(
        session,
        record,
        actor,
        at,
        "edited",
        data={"what": what, "weight": weight.value, "before": said[0], "after": said[1]} | told,
        before={k: v[0] for k, v in changed.items()},
        after={k: v[1] for k, v in changed.items()},
    )
    also = rules.also_wanted(weight, what, answer_tickets=False)
    record_event(AnnouncementUpdated(record.id, record.revision, weight.value, None, what, also))


def approve_must_confirm(actor: Viewer, announcement_id: int, expected_revision: int | None = None) -> Announcement:
    """A second technician approves that everybody must confirm. Until then it is shown without the dialog.

    Raises Forbidden for its author and for whoever asked for it; Conflict when there is nothing to approve.
    """
    at = now()
    require_announcer(actor)
    with transaction() as session:
        record = get_for_change(actor, announcement_id)
        require_revision(record, expected_revision)
        if not record.must_confirm:
            raise Conflict(_("This announcement does not ask to be confirmed."))
        if record.confirmed_by_id is not None:
            raise Conflict(_("This was approved already."))
        if record.status is not Status.draft:
            require_live(record, at)
        if actor.id in (record.created_by_id, record.must_confirm_by_id):
            raise Forbidden(_("A second technician must approve this."))
        require_reach(actor, draft_of(record).audience)
        record.confirmed_by_id = actor.id
        number(record, at, Weight.update)
        log(session, record, actor, at, "approved", after={"confirmed_by_id": actor.id})
        if record.status is not Status.draft:
            record_event(AnnouncementUpdated(record.id, record.revision, Weight.update, None, ("must_confirm",)))
    return record
