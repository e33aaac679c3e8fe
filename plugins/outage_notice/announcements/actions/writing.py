"""Shared steps of the actions: reading what was chosen, writing it to rows, and saying what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from flask_babel import gettext as _
from sqlalchemy import Table, delete, insert
from sqlalchemy.orm import Session

from helpdesk.plugin_api import (
    LOCALES,
    Conflict,
    Forbidden,
    Invalid,
    Stale,
    Viewer,
    record_audit,
    record_feed,
    viewers,
)
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.actions.saying import target_text
from plugins.outage_notice.announcements.models import (
    AffectedService,
    Announcement,
    AudienceTarget,
    TimelineEntry,
    Translation,
)
from plugins.outage_notice.announcements.queries.facts import unknown_services
from plugins.outage_notice.announcements.queries.records import (
    DRAFT_COLUMNS,
    services_by_id,
    targets_by_id,
    texts_by_id,
)
from plugins.outage_notice.announcements.rules import TIME_FIELDS, BadRecurrence, BadTime, Draft, Weight
from plugins.outage_notice.announcements.rules.times import wall_text
from plugins.outage_notice.announcements.rules.wording import unknown_reply_blanks
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.audiences.rules import TARGETS_LIMIT

PARTS = (*DRAFT_COLUMNS, "services", "audience", "translations")
PLAN_FIELDS = frozenset(
    {
        "show_from",
        "show_until",
        "starts_at",
        "planned_end_at",
        "ends_by_itself",
        "recurrence",
        "time_zone",
        "kind",
        "severity",
        "notice_plan",
    }
)
# A second technician approved these; when they change, the approval is void.
APPROVED_FIELDS = frozenset(
    {"title", "description", "workaround", "translations", "severity", "audience", "must_confirm"}
)
SERVICES_LIMIT = 100
WRITE_ENTRY = insert(cast(Table, TimelineEntry.__table__)).inline().execution_options(is_short=True)


def parts_of(draft: Draft) -> dict[str, Any]:
    """A draft as changes by name."""
    return {name: getattr(draft, name) for name in PARTS}


def require_revision(record: Announcement, expected: int | None) -> None:
    """Raises Stale, with the present texts, when somebody saved in between."""
    if expected is None or expected == record.revision:
        return
    current = {
        name: getattr(record, name)
        for name in ("revision", "title", "description", "workaround", "status", "severity", "eta", "next_update_at")
    }
    raise Stale(_("Somebody else saved this in the meantime. Compare both texts, then save again."), current)


def require_live(record: Announcement, now: datetime) -> None:
    """Raises Conflict unless it is published and not over."""
    if record.status is rules.Status.draft:
        raise Conflict(_("This is a draft. Publish it first."))
    if not rules.can_end(record, now):
        raise Conflict(_("This announcement is over already."))


def require_reach(actor: Viewer, record_targets: Iterable[Any], owner_ids: Iterable[int | None] = ()) -> None:
    """Raises Forbidden when a technician of one branch speaks to people outside of it. Owners may always update."""
    if actor.id in owner_ids:
        return
    beyond = audiences.targets_beyond_reach(actor, record_targets)
    if beyond:
        names = ", ".join(list(audiences.target_names(beyond).values())[:5])
        raise Forbidden(
            _("You can only address your own part of the organisation. Not allowed: %(names)s.", names=names)
        )


def read_changes(record: Announcement | None, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes with their times as moments, and `wall_times`. Raises Invalid by field.

    Naive times are wall times of the announcement's zone. When only the zone changes, what was meant stays on the
    wall, and the moments follow.
    """
    unknown = changes.keys() - set(PARTS)
    if unknown:
        raise Invalid({name: _("There is no such field.") for name in sorted(unknown)})
    values = dict(changes)
    zone = values.get("time_zone", record.time_zone if record else "UTC")
    walls = dict(record.wall_times) if record else {}
    given = {name: values[name] for name in TIME_FIELDS if name in values}
    if record is not None and zone != record.time_zone:
        meant = {name: datetime.fromisoformat(text) for name, text in walls.items() if name not in given}
        given = {name: wall for name, wall in meant.items() if name in PLAN_FIELDS} | given
    problems: dict[str, Any] = {}
    for name, value in given.items():
        try:
            values[name] = None if value is None else rules.to_utc(value, zone)
            walls.pop(name, None)
            if value is not None:
                walls[name] = wall_text(value, zone)
        except BadTime as error:
            problems[name if zone_is_known(zone) else "time_zone"] = error.message
    if not zone_is_known(zone):
        problems["time_zone"] = _("Choose a time zone such as Europe/Madrid.")
    elif recurrence := values.get("recurrence"):
        try:
            rules.parse_recurrence(recurrence, zone)
        except BadRecurrence as error:
            problems["recurrence"] = error.message
    problems |= _limits(values)
    if problems:
        raise Invalid(problems)
    if given:
        values["wall_times"] = walls
    if "recurrence" in values:
        values["recurrence"] = values["recurrence"] or None
    return values


def zone_is_known(name: str) -> bool:
    try:
        rules.zone_of(name)
    except BadTime:
        return False
    return True


def _limits(values: Mapping[str, Any]) -> dict[str, Any]:
    limits = {
        "title": rules.TITLE_HARD_LIMIT,
        "description": rules.TEXT_LIMIT,
        "workaround": rules.TEXT_LIMIT,
        "automated_reply_text": rules.TEXT_LIMIT,
        "keywords": rules.KEYWORDS_LIMIT,
        "checklist": rules.CHECKLIST_LIMIT,
        "locale": 10,
    }
    problems: dict[str, Any] = {
        name: _("Use at most %(limit)s characters.", limit=limit)
        for name, limit in limits.items()
        if len(values.get(name) or "") > limit
    }
    titles = [values.get("title") or "", *(texts.title for texts in (values.get("translations") or {}).values())]
    if any(len(title.splitlines()) > 1 for title in titles):
        problems["title"] = _("Write the title on one line.")
    if unknown := unknown_reply_blanks(values.get("automated_reply_text") or ""):
        problems["automated_reply_text"] = _("There is no such blank: %(names)s", names=", ".join(unknown))
    if "severity" in values and values["severity"] not in tuple(rules.Severity):
        problems["severity"] = _("Choose a level from 1 to 4.")
    if not 1 <= values.get("drill_minutes", 1) <= rules.DRILL_MINUTES_LIMIT:
        problems["drill_minutes"] = _("Choose from 1 to %(limit)s minutes.", limit=rules.DRILL_MINUTES_LIMIT)
    if wrong := rules.plan_problems(values.get("notice_plan")):
        problems["notice_plan"] = wrong
    if len(values.get("audience") or ()) > TARGETS_LIMIT:
        problems["audience"] = _("Choose at most %(limit)s targets.", limit=TARGETS_LIMIT)
    if len(values.get("services") or ()) > SERVICES_LIMIT:
        problems["services"] = _("Choose at most %(limit)s services.", limit=SERVICES_LIMIT)
    for locale, texts in (values.get("translations") or {}).items():
        if locale not in LOCALES:
            problems["translations"] = _("Choose one of %(choices)s.", choices=", ".join(LOCALES))
        if len(texts.title) > rules.TITLE_HARD_LIMIT:
            problems["translations"] = _("Use at most %(limit)s characters.", limit=rules.TITLE_HARD_LIMIT)
        if max(len(texts.description), len(texts.workaround)) > rules.TEXT_LIMIT:
            problems["translations"] = _("Use at most %(limit)s characters.", limit=rules.TEXT_LIMIT)
    return problems


def write(
    session: Session, record: Announcement, values: Mapping[str, Any], actor: Viewer
) -> dict[str, tuple[Any, Any]]:
    """Write read changes to the rows. What really changed: (before, after) by name."""
    changed: dict[str, tuple[Any, Any]] = {}
    if values.get("owner_id", record.owner_id) != record.owner_id:
        _require_owner(values["owner_id"])
    for name in DRAFT_COLUMNS:
        if name in values and getattr(record, name) != values[name]:
            changed[name] = (getattr(record, name), values[name])
            setattr(record, name, values[name])
    if "wall_times" in values:
        record.wall_times = dict(values["wall_times"])
    if record.is_drill:
        record.is_public = False  # practice is nobody's business outside
    session.flush()
    changed |= _write_children(session, record, values)
    if "must_confirm" in changed:
        record.must_confirm_by_id = actor.id if record.must_confirm else None
    if changed.keys() & APPROVED_FIELDS:
        record.confirmed_by_id = None
    return changed


def _write_children(session: Session, record: Announcement, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    changed: dict[str, tuple[Any, Any]] = {}
    if "services" in values:
        before = {s.id: s.effect for s in services_by_id([record.id])[record.id]}
        after = {s.service_id: s.effect for s in values["services"]}
        if before != after:
            _require_services(after.keys())
            session.execute(delete(AffectedService).where(AffectedService.announcement_id == record.id))
            session.add_all(
                AffectedService(announcement_id=record.id, service_id=i, effect=e) for i, e in after.items()
            )
            changed["services"] = (before, after)
    if "audience" in values:
        old, new = set(targets_by_id([record.id])[record.id]), set(values["audience"])
        if old != new:
            _require_targets(new)
            session.execute(delete(AudienceTarget).where(AudienceTarget.announcement_id == record.id))
            session.add_all(AudienceTarget(announcement_id=record.id, kind=t.kind, ref=t.id or "") for t in new)
            changed["audience"] = (sorted(map(target_text, old)), sorted(map(target_text, new)))
    if "translations" in values:
        texts, wanted = texts_by_id([record.id])[record.id], dict(values["translations"])
        wanted.pop(record.locale, None)
        if texts != wanted:
            session.execute(delete(Translation).where(Translation.announcement_id == record.id))
            session.add_all(
                Translation(
                    announcement_id=record.id,
                    locale=locale,
                    title=t.title,
                    description=t.description,
                    workaround=t.workaround,
                )
                for locale, t in wanted.items()
            )
            changed["translations"] = (
                {k: v.title for k, v in texts.items()},
                {k: v.title for k, v in wanted.items()},
            )
    session.flush()
    return changed


def _require_owner(owner_id: int | None) -> None:
    if owner_id is None:
        return
    owner = viewers([owner_id]).get(owner_id)
    if owner is None or not owner.may_announce:
        raise Invalid({"owner_id": _("Choose a technician as owner.")})


def _require_services(ids: Iterable[int]) -> None:
    if unknown_services(ids):
        raise Invalid({"services": _("A chosen service does not exist any more.")})


def _require_targets(targets: Iterable[Any]) -> None:
    missing = audiences.missing_targets(targets)
    if missing:
        names = ", ".join(target_text(t) for t in missing[:5])
        raise Invalid({"audience": _("This part of the audience does not exist: %(names)s.", names=names)})


def log(
    session: Session,
    record: Announcement,
    actor: Viewer | None,
    now: datetime,
    kind: str,
    *,
    is_public: bool = False,
    data: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """One line in the audit and one in the timeline, in the running transaction."""
    record_audit(actor, f"announcement.{kind}", "announcement", record.id, before=before, after=after)
    session.execute(
        WRITE_ENTRY,
        {
            "announcement_id": record.id,
            "at": now,
            "kind": kind,
            "actor_id": None if actor is None else actor.id,
            "is_public": is_public,
            "data": dict(data or {}),
        },
    )


def number(record: Announcement, now: datetime, weight: Weight) -> None:
    """Give the change its revision and feed number; a loud one returns to those who read or hid it."""
    record.revision += 1
    record.updated_at = now
    if weight is not Weight.silent:
        record.changed_at = now
    tell(record, is_loud=weight is Weight.alert_again)


def tell(record: Announcement, *, is_loud: bool = False) -> None:
    """Raise the feed: every process looks at this announcement again. `is_loud`: it returns to those who read it."""
    record.feed_seq = record_feed("announcement", record.id)
    if is_loud:
        record.loud_revision, record.loud_seq = record.revision, record.feed_seq
