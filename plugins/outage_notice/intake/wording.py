"""What a draft from an alert says to people, and what technicians are written about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask_babel import force_locale, gettext
from sqlalchemy import select

from helpdesk.plugin_api import Service, User, Viewer, db, language_for, page_address
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Draft, Effect, Kind, ServiceEffect, Status, suggest_severity
from plugins.outage_notice.audiences.queries import count_people, total_people
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.intake.models import AlertRule
from plugins.outage_notice.intake.rules import OLDEST_START, AlertAudience, Signal, level_of

NEXT_UPDATE = timedelta(minutes=30)


def _(text: str, /, **values: object) -> str:
    return str(gettext(text, **values))


def draft_of_alert(
    signal: Signal, service_id: int, rule: AlertRule | None, actor: Viewer, starts_at: datetime, now: datetime
) -> Draft:
    """An incident in words for people: an alert's own words name machines, so they go into the timeline instead."""
    effect = rule.effect if rule is not None else Effect.major_outage
    audience = _audience(rule, service_id)
    suggested = suggest_severity(count_people(audience), [effect], total_people())
    chosen = rule.severity if rule is not None else None
    return Draft(
        kind=Kind.incident,
        severity=chosen or level_of(signal.severity) or suggested,
        title=_title(service_id, effect),
        services=(ServiceEffect(service_id, effect),),
        audience=audience,
        starts_at=starts_at if now - OLDEST_START < starts_at <= now else now,
        next_update_at=now + NEXT_UPDATE if rule is not None and rule.publishes else None,
        locale=language_for(actor.locale),
        time_zone=actor.time_zone or "UTC",
    )


def _audience(rule: AlertRule | None, service_id: int) -> tuple[Target, ...]:
    wanted = rule.audience if rule is not None else AlertAudience.service_users
    if wanted is AlertAudience.everyone:
        return (Target(TargetKind.everyone),)
    return (Target(TargetKind.service_users, str(service_id)),) if wanted is AlertAudience.service_users else ()


def _title(service_id: int, effect: Effect) -> str:
    name = db.session.scalar(select(Service.name).where(Service.id == service_id)) or ""
    if effect is Effect.degraded_performance:
        return _("%(service)s is slow", service=name)
    if effect is Effect.partial_outage:
        return _("%(service)s works only in part", service=name)
    return _("%(service)s is down", service=name)


def letter(person: User, record: Announcement, title: str, description: str) -> tuple[str, str]:
    """Subject and text of the mail to a technician about what an alert, with this title and description, opened."""
    with force_locale(language_for(person.locale)):
        subject = _("Alert from monitoring: %(title)s", title=title)
        is_draft = record.status is Status.draft
        url = page_address(f"/announcements/{record.id}{'/edit' if is_draft else ''}")
        lines = [title, description, _what_it_opened(record, is_draft=is_draft), _("Look at it: %(url)s", url=url)]
    return " ".join(subject.split()), "\n\n".join(line for line in lines if line)


def _what_it_opened(record: Announcement, *, is_draft: bool) -> str:
    values = {"id": record.id, "title": record.title}
    if is_draft:
        return _("A draft was opened: OUT-%(id)s, %(title)s. Nobody sees it before it is published.", **values)
    return _("It was published: OUT-%(id)s, %(title)s. Please check what people read.", **values)
