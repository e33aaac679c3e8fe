"""What the composer shows beside the form while it is filled: people, check, banner, reply and dates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from babel.dates import format_datetime
from flask import jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from markupsafe import Markup

from helpdesk.plugin_api import Viewer, allow, get_viewer, limit, markdown_to_html, now
from plugins.outage_notice.announcements import queries, rules
from plugins.outage_notice.announcements.forms import ComposerForm
from plugins.outage_notice.announcements.forms.words import INCIDENT_NAMES
from plugins.outage_notice.announcements.queries.choices import announcers, services_to_choose
from plugins.outage_notice.announcements.queries.live import LiveAnnouncement
from plugins.outage_notice.announcements.queries.records import DRAFT_COLUMNS, NamedService
from plugins.outage_notice.announcements.rules import BadRecurrence, BadTime, Draft, Kind, Texts, parse_recurrence
from plugins.outage_notice.announcements.rules.recurrence import spans
from plugins.outage_notice.announcements.rules.times import offset_change_within, zone_of
from plugins.outage_notice.announcements.views.blueprint import bp, number
from plugins.outage_notice.announcements.views.checking import Check, check_of
from plugins.outage_notice.announcements.views.plan import plan_lines
from plugins.outage_notice.announcements.views.rows import style_of, target_label
from plugins.outage_notice.announcements.views.trying import mail_of
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.audiences.rules import Target, TargetKind

DATES_SHOWN = 6
_TEXT_LIMIT = 100
_DAY_PATTERN = "EEE d MMM y, HH:mm"


# What the room above says about a draft: given by hooks.py, because imports go down only.
ReplyPreview = Callable[[LiveAnnouncement, Viewer, datetime], str]
_previews: dict[str, ReplyPreview] = {}


def offer_reply(preview: ReplyPreview) -> None:
    """Tell the composer how the automated reply of an announcement reads."""
    _previews["reply"] = preview


@bp.post("/announcements/preview")
@allow("technician")
@limit("120/minute")
def preview() -> ResponseReturnValue:
    """The parts beside the form as HTML, for the script of the composer."""
    viewer, moment = get_viewer(), now()
    announcement_id = request.form.get("announcement_id", "", type=str)
    record = (
        queries.get_announcement(viewer, int(announcement_id))
        if announcement_id.isascii() and announcement_id.isdecimal() and len(announcement_id) < 10
        else None
    )
    form = ComposerForm(owners=announcers([record.owner_id] if record else []))
    form.validate()  # what is wrong shows in the check and at the fields when it is sent
    aside = aside_of(form, viewer, moment, record)
    parts = {
        name: render_template(f"outage_notice/composer_{name}.html", **aside)
        for name in ("check", "count", "banner", "bar", "mail", "reply", "dates", "plan")
    }
    return jsonify(
        parts=parts,
        publish=aside["publish_label"],
        seen=aside["check"].key,
        needs_number=aside["check"].needs_number,
        to_look_at=aside["to_look_at"],
        weight=str(aside["weight"]) if aside["weight"] else None,
    )


def aside_of(form: ComposerForm, viewer: Viewer, moment: datetime, record: Any) -> dict[str, Any]:
    """What the parts beside the form need. `record` is the announcement that is edited, or None."""
    draft = form.draft()
    published = queries.draft_of(record) if record is not None and record.published_at is not None else None
    check = check_of(form, draft, moment, record.id if record else None, published)
    weight = None if published is None else rules.default_weight(published, draft)
    forecast = audiences.forecast(viewer, draft.audience)
    return {
        "draft": draft,
        "check": check,
        "forecast": forecast,
        "suggested": suggested_level(draft, forecast.people, forecast.total),
        "banner": banner_of(draft, moment),
        "mail": mail_of(draft, viewer),
        "dates": dates_of(draft, moment),
        "plan": plan_lines(draft, moment, is_published=published is not None),
        "reply": reply_of(draft, viewer, moment),
        "weight": weight,
        "publish_label": publish_label(form, check),
        "to_look_at": to_look_at(check),
    }


def suggested_level(draft: Draft, people: int, total: int) -> int | None:
    """The level that people and effects suggest; None while nobody or nothing is chosen. A person decides."""
    if not draft.audience or (draft.kind is Kind.incident and not draft.services):
        return None
    return int(rules.suggest_severity(people, [s.effect for s in draft.services], total, draft.kind))


def to_look_at(check: Check) -> str:
    lines = len(check.lines)
    return ngettext("%(num)s to look at", "%(num)s to look at", lines) if lines else ""


def publish_label(form: ComposerForm, check: Check) -> str:
    """What the button will do, with its number."""
    people = ngettext("%(count)s person", "%(count)s people", check.people, count=number(check.people))
    if form.when.data == "later":
        return str(_("Schedule for %(people)s", people=people))
    return str(_("Publish to %(people)s", people=people))


def kind_label(draft: Draft) -> str:
    if draft.kind is Kind.information:
        return str(_("Information"))
    if draft.kind is Kind.maintenance:
        return str(_("Planned maintenance"))
    return str(INCIDENT_NAMES.get(draft.severity, ""))


def banner_of(draft: Draft, moment: datetime) -> dict[str, Any]:
    """The places of `outage_notice/notices.html`, as the card would be shown to people."""
    chosen = [service.service_id for service in draft.services]
    names = dict(services_to_choose(chosen))
    incident = draft.kind is Kind.incident
    ends_at = draft.planned_end_at or draft.eta or draft.show_until
    started_at = draft.starts_at or (moment if incident else None)
    return {
        "id": 0,
        "version": 0,
        "severity": draft.severity,
        "style": style_of(draft.kind, draft.severity),
        "kind_label": kind_label(draft),
        "title": draft.title or _("The title stands here"),
        "lang": draft.locale,
        "dir": "ltr",
        "description_html": markdown_to_html(draft.description) if draft.description else Markup(""),
        "workaround_html": markdown_to_html(draft.workaround) if draft.workaround else Markup(""),
        "update_html": Markup(""),
        "updated_at": moment,
        "started_at": started_at,
        "window_end": ends_at,
        "window": draft.kind is Kind.maintenance and started_at is not None and ends_at is not None,
        "is_overrun": False,
        "since": started_at if incident and started_at and started_at <= moment else None,
        "eta": draft.eta,
        "eta_passed": draft.eta is not None and draft.eta <= moment,
        "next_update_at": draft.next_update_at,
        "next_update_passed": draft.next_update_at is not None and draft.next_update_at <= moment,
        "is_incident": incident,
        "is_running": incident,
        "service_names": ", ".join(names.get(id, "") for id in chosen),
        "drill": draft.is_drill,
        "url": "#preview",
    }


def reply_of(draft: Draft, viewer: Viewer, moment: datetime) -> list[str]:
    """The paragraphs of the automated reply as it would read now, addressed to the author."""
    if "reply" not in _previews or not draft.title:
        return []
    text = _previews["reply"](live_of(draft, moment), viewer, moment)
    return [paragraph for paragraph in text.split("\n\n") if paragraph.strip()]


def _repeats(draft: Draft) -> bool:
    if not draft.recurrence:
        return False
    try:
        return parse_recurrence(draft.recurrence, draft.time_zone) is not None
    except (BadRecurrence, BadTime):
        return False


def live_of(draft: Draft, moment: datetime) -> LiveAnnouncement:
    """The draft as if it were published now."""
    copied = {name: getattr(draft, name) for name in DRAFT_COLUMNS}
    if not _repeats(draft):
        copied["recurrence"] = None  # the check says what is wrong with it
    names = dict(services_to_choose(s.service_id for s in draft.services))
    own = Texts(draft.title, draft.description, draft.workaround)
    return LiveAnnouncement(
        **{name: value for name, value in copied.items() if name in LiveAnnouncement.__dataclass_fields__},
        id=0,
        status=rules.first_status(draft.kind),
        revision=1,
        loud_revision=1,
        loud_seq=0,
        feed_seq=0,
        texts=dict(draft.translations) | {draft.locale: own},
        services=tuple(NamedService(s.service_id, names.get(s.service_id, ""), s.effect) for s in draft.services),
        targets=draft.audience,
        latest_update=None,
        published_at=moment,
        actual_start_at=None,
        actual_end_at=None,
        updated_at=moment,
        changed_at=None,
        closed_at=None,
        created_by_id=None,
        confirmed_by_id=None,
    )


def dates_of(draft: Draft, moment: datetime) -> dict[str, Any]:
    """The next times of a repetition in the author's zone, and whether the clocks change within the window."""
    found: dict[str, Any] = {"times": [], "clocks_change": False, "repeats": bool(draft.recurrence)}
    if draft.starts_at is None or draft.planned_end_at is None or draft.planned_end_at <= draft.starts_at:
        return found
    try:
        zone = zone_of(draft.time_zone)
        found["clocks_change"] = bool(offset_change_within(draft.starts_at, draft.planned_end_at, draft.time_zone))
        if draft.recurrence:
            rule = rules.parse_recurrence(draft.recurrence, draft.time_zone)
            times = spans(rule, draft.starts_at, draft.planned_end_at, draft.time_zone, moment)
            found["times"] = [
                {"text": _span_text(time.start, time.end, zone), "changes": _changes(before, time.start, zone)}
                for before, time in _with_former(islice(times, DATES_SHOWN))
            ]
    except (BadTime, BadRecurrence, OverflowError):
        pass  # said by the check
    return found


def _with_former(times: Any) -> Any:
    former = None
    for time in times:
        yield former, time
        former = time.start


def _changes(before: datetime | None, start: datetime, zone: Any) -> bool:
    return before is not None and before.astimezone(zone).utcoffset() != start.astimezone(zone).utcoffset()


def _span_text(start: datetime, end: datetime, zone: Any) -> str:
    locale = get_locale()
    short = "HH:mm" if end - start < timedelta(hours=24) else _DAY_PATTERN
    return (
        f"{format_datetime(start, _DAY_PATTERN, tzinfo=zone, locale=locale)}"
        f"–{format_datetime(end, short, tzinfo=zone, locale=locale)}"
    )


@bp.get("/announcements/audience-picker")
@allow("technician")
def audience_picker() -> ResponseReturnValue:
    """What the audience picker offers for what was typed."""
    viewer = get_viewer()
    text = "".join(c for c in request.args.get("q", "")[:_TEXT_LIMIT] if c.isprintable()).strip()
    items: list[dict[str, Any]] = []
    everyone = Target(TargetKind.everyone)
    matches = not text or text.casefold() in _("Everyone").casefold()
    if matches and not audiences.targets_beyond_reach(viewer, [everyone]):
        items.append(
            {"kind": "everyone", "id": "", "label": _("Everyone"), "detail": people_text(audiences.total_people())}
        )
    items += [
        {"kind": o.kind.value, "id": o.id or "", "label": _option_label(o), "detail": _option_detail(o)}
        for o in audiences.search_targets(viewer, text)
    ]
    return jsonify(items=items)


def people_text(people: int) -> str:
    return str(ngettext("%(count)s person", "%(count)s people", people, count=number(people)))


def _option_label(option: Any) -> str:
    target = Target(option.kind, option.id)
    return target_label(target, {target: option.name})


def _option_detail(option: Any) -> str:
    parts = [option.detail] if option.detail else []
    if option.people is not None:
        parts.append(people_text(option.people))
    return " · ".join(parts)
