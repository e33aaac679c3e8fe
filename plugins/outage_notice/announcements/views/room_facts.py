"""What the page of one announcement shows, read at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from helpdesk.plugin_api import Viewer
from plugins.outage_notice.announcements import queries, rules
from plugins.outage_notice.announcements.forms.words import STATUS_NAMES
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import Entry
from plugins.outage_notice.announcements.queries.records import FullAnnouncement
from plugins.outage_notice.announcements.rules import Kind, Phase, Status
from plugins.outage_notice.announcements.views.blueprint import ending_facts, number
from plugins.outage_notice.announcements.views.compare import LABELS
from plugins.outage_notice.announcements.views.rows import is_late, style_of, target_label, times_of
from plugins.outage_notice.announcements.views.told import Told, told_in
from plugins.outage_notice.audiences import queries as audiences


@dataclass(frozen=True, slots=True)
class Step:
    """One state of the way from first to last. `place` is done, now or later."""

    status: Status
    place: str
    may_post: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline: `icon` and `style` of its mark, a sentence, the text that was written, who checked
    what, and what was said in public by it.
    """

    at: datetime
    icon: str
    style: str
    actor: str
    sentence: str
    text: str
    checks: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class RoomFacts:
    full: FullAnnouncement
    now: datetime
    phase: Phase
    status: Status
    style: str
    started_at: datetime | None
    ended_at: datetime | None
    is_late: bool
    is_live: bool
    may_write: bool
    may_approve: bool
    people: int
    audience: tuple[str, ...]
    steps: tuple[Step, ...]
    next_statuses: tuple[Status, ...]
    lines: tuple[Line, ...]
    public_only: bool
    may_undo: bool
    ending: dict[str, int]

    @property
    def record(self) -> Announcement:
        return self.full.record

    @property
    def people_text(self) -> str:
        return str(ngettext("%(count)s person", "%(count)s people", self.people, count=number(self.people)))


def room_facts(viewer: Viewer, announcement_id: int, now: datetime, *, public_only: bool = False) -> RoomFacts:
    """Everything about one announcement for staff. Raises NotFound as `get_announcement` does."""
    full = queries.get_full(viewer, announcement_id)
    record = full.record
    where, status = rules.phase(record, now), rules.effective_status(record, now)
    is_live = where in (Phase.upcoming, Phase.active)
    names = audiences.target_names(full.audience)
    started_at, ended_at = times_of(record, now)
    asked_by = (record.created_by_id, record.must_confirm_by_id)
    return RoomFacts(
        full=full,
        now=now,
        phase=where,
        status=status,
        style=style_of(record.kind, record.severity),
        started_at=started_at,
        ended_at=ended_at,
        is_late=is_late(record, where, now),
        is_live=is_live,
        may_write=viewer.may_announce,
        may_approve=viewer.may_announce
        and record.must_confirm
        and record.confirmed_by_id is None
        and (is_live or where is Phase.draft)
        and viewer.id not in asked_by,
        people=audiences.count_people(full.audience),
        audience=tuple(target_label(target, names) for target in full.audience),
        steps=tuple(_steps(record, status)),
        next_statuses=tuple(s for s in rules.STATUSES[record.kind] if rules.may_post_status(record.kind, status, s)),
        lines=tuple(_line(e, record) for e in reversed(queries.timeline(announcement_id, public_only=public_only))),
        public_only=public_only,
        may_undo=viewer.may_announce and rules.may_undo(record, now),
        ending=ending_facts(announcement_id) if viewer.may_announce and where is not Phase.draft else {},
    )


def _steps(record: Announcement, status: Status) -> list[Step]:
    sequence = rules.STATUSES[record.kind]
    if status not in sequence:
        return []
    here = sequence.index(status)
    return [
        Step(
            step,
            "done" if index < here or (index == here == len(sequence) - 1) else "now" if index == here else "later",
            index > here and rules.may_post_status(record.kind, status, step),
        )
        for index, step in enumerate(sequence)
    ]


# What rooms above write into the timeline: icon and style of the mark, and the sentence made of the entry's data.
TimelineWords = tuple[str, str, Callable[[dict[str, Any]], str]]
_offered: dict[str, TimelineWords] = {}


def offer_timeline_words(words: Mapping[str, TimelineWords]) -> None:
    """Say how entries of these kinds read in the timeline."""
    _offered.update(words)


def timeline_lines(entries: Iterable[Entry], record: Announcement) -> list[Line]:
    """The entries as lines, in the same order."""
    return [_line(entry, record) for entry in entries]


def _line(entry: Entry, record: Announcement) -> Line:
    icon, style = _offered[entry.kind][:2] if entry.kind in _offered else MARKS.get(entry.kind, ("edit", ""))
    if entry.kind == "ended" and entry.actor is None:
        icon, style = "clock", ""
    text = str(entry.data.get("text") or "")
    return Line(
        entry.at,
        icon,
        style,
        entry.actor or "",
        _sentence(entry, record),
        text,
        tuple(_checks(entry, record)),
        told_in(entry.kind, entry.data),
    )


def _checks(entry: Entry, record: Announcement) -> list[str]:
    """Who checked what before this ending."""
    if not entry.data.get("validation"):
        has_ended = entry.kind in {status.value for status in rules.ENDINGS}
        is_wanted = "validation" in entry.data or rules.wants_validation(record.kind, record.severity)
        return [_("Not validated: nobody wrote down who checked what.")] if has_ended and is_wanted else []
    return [
        _("Checked by %(name)s: %(item)s", name=one["by"], item=one["item"])
        if one["needed"]
        else _("Not needed, says %(name)s: %(item)s", name=one["by"], item=one["item"])
        for one in entry.data["validation"]
    ]


MARKS = {
    "published": ("megaphone", "pub"),
    "updated": ("megaphone", "pub"),
    "noted": ("lock", "note"),
    "resolved": ("check-circle", "ok"),
    "completed": ("check-circle", "ok"),
    "ended": ("check-circle", "ok"),
    "reopened": ("octagon", "l1"),
    "undone": ("undo", "l1"),
    "replied_to_all": ("reply-all", "pub"),
    "tickets_closed": ("check", "ok"),
    "eta_corrected": ("clock", "pub"),
    "cancelled": ("x", ""),
    "withdrawn": ("x", ""),
    "approved": ("shield", "pub"),
    "shown": ("eye", ""),
    "shown_again": ("eye", ""),
    "started": ("clock", ""),
    "hidden": ("minus", ""),
}


def _sentence(entry: Entry, record: Announcement) -> str:
    data: dict[str, Any] = entry.data
    if entry.kind in _offered:
        return _offered[entry.kind][2](data)
    status = data.get("status")
    said = str(STATUS_NAMES[Status(status)]) if status in tuple(Status) else ""
    people = data.get("people")
    sentences = {
        "created": _("Draft written")
        if not data.get("copy_of")
        else _("Copied from OUT-%(id)s", id=data.get("copy_of")),
        "published": _published(people) if isinstance(people, int) else _("Published"),
        "updated": _("Update · %(status)s", status=said) if said else _("Update"),
        "noted": _("Note, staff only"),
        "edited": _("Edited: %(what)s", what=_edited(data)),
        "approved": _("Approved that people must confirm"),
        "shown": _("Shown to its audience"),
        "shown_again": _("Shown again before the start, also to those who had read it"),
        "started": _("Start"),
        "hidden": _("No longer shown"),
        "reopened": _("Opened again"),
        "undone": _("The resolution was undone: nobody was mailed, no ticket was changed"),
        "replied_to_all": _("Replied to all waiting tickets: %(count)s", count=number(data.get("tickets") or 0)),
        "tickets_closed": _(
            "Closing message to tickets: %(tickets)s, followers: %(followers)s",
            tickets=number(data.get("tickets") or 0),
            followers=number(data.get("followers") or 0),
        ),
        "eta_corrected": _(
            "New estimate sent to those who were told the former one: %(count)s", count=number(data.get("tickets") or 0)
        ),
        "ended": _("Ended") if record.kind is Kind.information else _("Over by itself"),
    }
    return sentences.get(entry.kind) or said or entry.kind.replace("_", " ")


def _published(people: int) -> str:
    text = ngettext("Published to %(count)s person", "Published to %(count)s people", people, count=number(people))
    return str(text)


def _edited(data: dict[str, Any]) -> str:
    names = [str(LABELS[name]) for name in data.get("what") or () if name in LABELS]
    weights = {"silent": _("silent"), "update": _("update"), "alert_again": _("alert again")}
    weight = weights.get(str(data.get("weight")), "")
    return ", ".join(names) + (f" · {weight}" if weight else "")
