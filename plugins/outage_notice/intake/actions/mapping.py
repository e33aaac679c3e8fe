"""The rules that map alerts to services: written, changed and deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from helpdesk.plugin_api import Invalid, Service, Stale, Viewer, record_audit, transaction
from plugins.outage_notice.announcements.queries.records import require_announcer
from plugins.outage_notice.announcements.rules import Effect, Severity
from plugins.outage_notice.intake import queries, rules
from plugins.outage_notice.intake.models import AlertRule
from plugins.outage_notice.intake.rules import AlertAudience, BadMatchers


@dataclass(frozen=True, slots=True)
class RuleInput:
    """All that a person chooses of a rule."""

    name: str
    matchers: str
    service_id: int
    effect: Effect = Effect.major_outage
    severity: int | None = None
    audience: AlertAudience = AlertAudience.service_users
    publishes: bool = False
    is_active: bool = True
    position: int = 0


# What decides what a rule publishes, when, and to whom.
PUBLISHED = ("matchers", "service_id", "effect", "severity", "audience")


def save_rule(actor: Viewer, rule_id: int | None, new: RuleInput, expected_revision: int | None = None) -> AlertRule:
    """Write a new rule (None) or change one. Whoever lets it publish by itself stands for what it publishes, until
    somebody else changes what that is.

    Raises Invalid by field, Stale, NotFound, Forbidden.
    """
    require_announcer(actor)
    with transaction() as session:
        row = AlertRule(revision=0) if rule_id is None else queries.get_rule(actor, rule_id, lock=True)
        if rule_id is not None and expected_revision not in (None, row.revision):
            raise Stale(_("Somebody else saved this in the meantime. Look at it, then save again."))
        _check_rule(session, new, is_new=rule_id is None)
        before = {} if rule_id is None else _facts(row)
        if not new.publishes:
            row.publishes_by_id = None
        elif rule_id is None or not row.publishes or row.publishes_by_id is None or _says_other(row, new):
            row.publishes_by_id = actor.id
        for name in RuleInput.__dataclass_fields__:
            setattr(row, name, getattr(new, name))
        row.revision += 1
        session.add(row)
        session.flush()
        verb = "changed" if rule_id is not None else "created"
        record_audit(actor, f"alert_rule.{verb}", "alert_rule", row.id, before=before, after=_facts(row))
    return row


def _says_other(row: AlertRule, new: RuleInput) -> bool:
    """Whether a change makes the rule publish other things, or to other people."""
    return any(getattr(row, name) != getattr(new, name) for name in PUBLISHED)


def _check_rule(session: Session, new: RuleInput, *, is_new: bool) -> None:
    problems: dict[str, Any] = {}
    if not new.name.strip():
        problems["name"] = _("Give the rule a name.")
    try:
        rules.read_matchers(new.matchers)
    except BadMatchers as error:
        problems["matchers"] = (
            _("This is no condition: %(line)s", line=error.line[:100])
            if error.line
            else _("Write 1 to %(most)s conditions, one on each line.", most=rules.MATCHER_LINES)
        )
    service = session.get(Service, new.service_id) if 0 < new.service_id < 2**31 else None
    if service is None:
        problems["service_id"] = _("Choose a service of the list.")
    if new.severity is not None and new.severity not in tuple(Severity):
        problems["severity"] = _("Choose a level from 1 to 4.")
    if new.publishes and new.audience is AlertAudience.nobody:
        problems["publishes"] = _("Without an audience there is nobody to publish to.")
    if is_new and queries.count_rules() >= rules.RULES_LIMIT:
        problems[""] = _("There are %(most)s rules already. Delete one first.", most=rules.RULES_LIMIT)
    if problems:
        raise Invalid(problems)


def _facts(row: AlertRule) -> Mapping[str, Any]:
    return {name: getattr(row, name) for name in (*RuleInput.__dataclass_fields__, "publishes_by_id")}


def delete_rule(actor: Viewer, rule_id: int) -> None:
    """Delete a rule. What it has opened stays. Raises NotFound, Forbidden."""
    require_announcer(actor)
    with transaction() as session:
        row = queries.get_rule(actor, rule_id, lock=True)
        record_audit(actor, "alert_rule.deleted", "alert_rule", row.id, before=_facts(row))
        session.delete(row)
