"""One announcement as a row of the list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.forms.words import ROLE_LABELS
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.records import FullAnnouncement
from plugins.outage_notice.announcements.rules import Kind, Phase, Status
from plugins.outage_notice.audiences import queries as audiences
from plugins.outage_notice.audiences.rules import Target, TargetKind

NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class RowNote:
    """A few words on a row, and where they lead."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    """`starts_at` and `ends_at` are those of the present or next time. `is_late`: the promised update has not come."""

    id: int
    title: str
    kind: Kind
    severity: int
    style: str
    phase: Phase
    status: Status
    starts_at: datetime | None
    ends_at: datetime | None
    shown_from: datetime | None
    next_update_at: datetime | None
    is_late: bool
    is_drill: bool
    repeats: bool
    audience: str
    owner: str
    waits_for_second: bool
    notes: tuple[RowNote, ...]


# What rooms above say of many announcements at once, on their rows.
FindNotes = Callable[[Sequence[int]], Mapping[int, RowNote]]
_notes: list[FindNotes] = []


def offer_row_notes(find: FindNotes) -> None:
    """Put a note onto the rows of those announcements that have one: `find(ids)`, in one query for all of them."""
    if find not in _notes:
        _notes.append(find)


def style_of(kind: Kind, severity: int) -> str:
    """Suffix of the classes of a level; maintenance has its own unless it is critical."""
    return "mt" if kind is Kind.maintenance and severity > 1 else f"l{severity}"


def target_label(target: Target, names: Mapping[Target, str]) -> str:
    """What a target is called."""
    if target.kind is TargetKind.everyone:
        return str(_("Everyone"))
    if target.kind is TargetKind.role:
        return str(ROLE_LABELS.get(target.id or "", target.id))
    name = names.get(target) or target.id or ""
    if target.kind is TargetKind.service_users:
        return str(_("Everyone who uses %(service)s", service=name))
    return name


def audience_summary(targets: Iterable[Target], names: Mapping[Target, str]) -> str:
    """Such as "Sales, Finance, HR and 2 more"."""
    labels = [target_label(target, names) for target in targets]
    if not labels:
        return str(_("Nobody yet"))
    text = ", ".join(labels[:NAMES_SHOWN])
    more = len(labels) - NAMES_SHOWN
    return f"{text} {ngettext('and %(num)s more', 'and %(num)s more', more)}" if more > 0 else text


def rows_of(found: Iterable[FullAnnouncement], now: datetime) -> list[Row]:
    """The rows, in the same order: one query for the names of all targets, and one for each kind of note."""
    found = list(found)
    names = audiences.target_names(dict.fromkeys(t for one in found for t in one.audience))
    ids = [one.record.id for one in found]
    notes = [find(ids) for find in _notes] if ids else []
    return [
        _row(one, names, now, tuple(said[one.record.id] for said in notes if one.record.id in said)) for one in found
    ]


def late_first(rows: Iterable[Row]) -> list[Row]:
    """What waits longest for its promised update first, else the given order."""
    return sorted(
        rows, key=lambda row: (0, row.next_update_at.timestamp()) if row.is_late and row.next_update_at else (1, 0.0)
    )


def is_late(record: Announcement, where: Phase, now: datetime) -> bool:
    return where is Phase.active and record.next_update_at is not None and record.next_update_at <= now


def _row(one: FullAnnouncement, names: Mapping[Target, str], now: datetime, notes: tuple[RowNote, ...]) -> Row:
    record = one.record
    where = rules.phase(record, now)
    start, end = times_of(record, now)
    ended = where in (Phase.over, Phase.cancelled)
    return Row(
        id=record.id,
        title=record.title or _("Without a title"),
        kind=record.kind,
        severity=record.severity,
        style=("ok" if where is Phase.over else "l4") if ended else style_of(record.kind, record.severity),
        phase=where,
        status=rules.effective_status(record, now),
        starts_at=start,
        ends_at=end,
        shown_from=record.show_from if record.show_from and record.show_from > now else None,
        next_update_at=record.next_update_at,
        is_late=is_late(record, where, now),
        is_drill=record.is_drill,
        repeats=bool(record.recurrence),
        audience=audience_summary(one.audience, names),
        owner=one.names.get(record.owner_id or record.created_by_id or 0, ""),
        waits_for_second=record.must_confirm and record.confirmed_by_id is None and not ended,
        notes=notes,
    )


def times_of(record: Announcement, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Start and end to show: of the present time of a repetition, as they were once it is over, else as planned."""
    if record.recurrence and (time := rules.current_occurrence(record, now)):
        return time.start, time.end
    start: Any = record.actual_start_at or record.starts_at or record.show_from or record.published_at
    return start, record.actual_end_at or record.closed_at or record.planned_end_at
