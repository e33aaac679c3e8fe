"""The notice plan on the page of an announcement: what has gone out, and what will; and mailings in its timeline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.plugin_api import Viewer
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.models import Announcement, Step
from plugins.outage_notice.announcements.queries import get_announcement, timeline
from plugins.outage_notice.announcements.rules import PlanEntry, Says, StepKind
from plugins.outage_notice.announcements.views.blueprint import number
from plugins.outage_notice.announcements.views.room_facts import TimelineWords
from plugins.outage_notice.mailings import queries
from plugins.outage_notice.mailings.models import Mailing
from plugins.outage_notice.mailings.rules import MailKind

# Entries of the timeline that are a channel speaking: what people saw on their screens, and when.
SHOWN = {"published", "shown", "shown_again", "started"}
LINES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a channel said at `at`, or will say; None: when it is over. `more` says to how many."""

    at: datetime | None
    icon: str
    text: str
    more: str = ""


def room_part(announcement_id: int, viewer: Viewer, now: datetime) -> str:
    """What has gone out and what will, for staff."""
    record = get_announcement(viewer, announcement_id)
    mailings = queries.mailings_of(announcement_id)
    said = _said(record, mailings, now)
    to_come = _to_come(record, mailings, now)
    if not mailings and not rules.plan_of(record):
        return ""  # only the banner speaks: the facts say when
    return render_template(
        "outage_notice/notice_plan_room.html",
        said=said[-LINES_SHOWN:],
        to_come=to_come,
        earlier=max(0, len(said) - LINES_SHOWN),
    )


def _said(record: Announcement, mailings: list[Mailing], now: datetime) -> list[Line]:
    """What went out, the oldest first."""
    shown = [
        Line(entry.at, "eye", _shown_words(entry.kind))
        for entry in timeline(record.id, public_only=True)
        if entry.kind in SHOWN and not (entry.kind == "published" and record.show_from and record.show_from > entry.at)
    ]
    mailed = [
        Line(one.started_at, "mail", mailing_words(one.kind, one.minutes_before), _people(one))
        for one in mailings
        if one.people or one.kind is MailKind.planned or one.error
    ]
    return sorted(shown + mailed, key=lambda line: line.at or now)


def _shown_words(kind: str) -> str:
    words = {"started": _("Banner: it has begun"), "shown_again": _("Banner again")}
    return str(words.get(kind) or _("Banner"))


def _people(mailing: Mailing) -> str:
    people = ngettext("%(count)s person", "%(count)s people", mailing.people, count=number(mailing.people))
    if mailing.written_at is None:
        return str(_("%(people)s so far", people=people))
    if mailing.error is not None:
        return str(_("%(people)s, then given up after errors", people=people))
    if not mailing.without_mailbox:
        return str(people)
    return str(_("%(people)s, %(count)s without a mailbox", people=people, count=number(mailing.without_mailbox)))


def _to_come(record: Announcement, mailings: list[Mailing], now: datetime) -> list[Line]:
    """What will be said if nothing changes, the next first; at last what is said when it is over."""
    if not rules.can_end(record, now):
        return []
    steps = queries.pending_steps(record.id, (StepKind.show, StepKind.remind, StepKind.mail))
    lines = [Line(step.due_at, *_step_words(step)) for step in steps]
    plan = rules.plan_of(record)
    was_mailed = any(one.followed_at is None and one.people for one in mailings)
    if rules.mails_the_end(plan) and (was_mailed or any(line.icon == "mail" for line in lines)):
        lines.append(Line(None, "mail", mailing_words(MailKind.over, None), _("to those who were mailed")))
    return lines


def _step_words(step: Step) -> tuple[str, str]:
    if step.kind is StepKind.show:
        return "eye", _("Banner")
    says = Says.mail if step.kind is StepKind.mail else Says.banner_again
    icon = "mail" if step.kind is StepKind.mail else "eye"
    return icon, str(rules.entry_words(PlanEntry(says, minutes_before=step.minutes_before)))


def mailing_words(kind: MailKind, minutes_before: int | None) -> str:
    """What a mailing is called."""
    if kind is MailKind.planned:
        return str(rules.entry_words(PlanEntry(Says.mail, minutes_before=minutes_before or 0)))
    words = {
        MailKind.changed: _("E-mail: another time, to those who were told the former one"),
        MailKind.over: _("E-mail: it is over"),
        MailKind.called_off: _("E-mail: it does not take place, to those who were mailed"),
        MailKind.back: _("E-mail: not over after all"),
    }
    return str(words[kind])


def _mailed(data: dict[str, Any]) -> str:
    """Such as "E-mail, 15 days before the start · 1,284 people, 3 without a mailbox"."""
    kind = data.get("mailing")
    what = mailing_words(MailKind(kind), data.get("minutes_before")) if kind in tuple(MailKind) else _("E-mail")
    mailed, without = int(data.get("mailed") or 0), int(data.get("without_mailbox") or 0)
    people = ngettext("%(count)s person", "%(count)s people", mailed, count=number(mailed))
    if without:
        people = _("%(people)s, %(count)s without a mailbox", people=people, count=number(without))
    return f"{what} · {people}"


def _failed(data: dict[str, Any]) -> str:
    """Such as "E-mail, at the start · 12 people, then given up after errors"."""
    return str(_("%(people)s, then given up after errors", people=_mailed(data)))


TIMELINE_WORDS: dict[str, TimelineWords] = {
    "mailed": ("mail", "pub", _mailed),
    "mailing_failed": ("triangle", "l1", _failed),
}
