"""The announcements that are not over: what boards, replies and pages are made of. Old ones are never touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, func, select

from helpdesk.plugin_api import db
from plugins.outage_notice.announcements import rules
from plugins.outage_notice.announcements.models import Announcement, Update
from plugins.outage_notice.announcements.queries.records import (
    IS_LIVE,
    NamedService,
    services_by_id,
    targets_by_id,
    texts_by_id,
)
from plugins.outage_notice.announcements.rules import Kind, Phase, Status, Texts
from plugins.outage_notice.audiences.rules import Target

LiveService = NamedService

# Made once, as the live channel carries them out between a change and the first screen. They find little by indexes,
# and while they waited for a thread the answer to whoever published would be made first.
IDS: BindParameter[int] = bindparam("ids", expanding=True)
PUBLISHED = (
    select(Announcement)
    .where(Announcement.id.in_(IDS), Announcement.published_at.is_not(None))
    .execution_options(is_short=True)
)
LATEST = (
    select(Update)
    .where(
        Update.id.in_(
            select(func.max(Update.id))
            .where(Update.announcement_id.in_(IDS), Update.is_public, Update.undone_at.is_(None))
            .group_by(Update.announcement_id)
        )
    )
    .execution_options(is_short=True)
)


@dataclass(frozen=True, slots=True)
class LiveUpdate:
    """The latest public entry. `texts` by locale; the author's language is the announcement's `locale`."""

    id: int
    at: datetime
    revision: int
    status: Status | None
    locale: str
    texts: Mapping[str, str]

    def text_in(self, locale: str) -> str:
        """The text for a reader, in the author's language where it is not translated."""
        return self.texts.get(locale) or self.texts.get(locale.split("_")[0].split("-")[0]) or self.texts[self.locale]


@dataclass(frozen=True, slots=True)
class LiveAnnouncement:
    """A published announcement as boards need it: a frozen copy that may be kept between requests.

    It is a `rules.Record`: ask `rules.phase(a, now)`, `rules.window(a, now)`, `rules.effective_status(a, now)`,
    `rules.next_change_at(a, now)`, `rules.showing_since(a, now)`. `must_confirm` counts only once a second technician
    has approved it: `confirmed_by_id`. `texts` by locale always holds `locale`, the author's language.
    """

    id: int
    kind: Kind
    severity: int
    status: Status
    revision: int
    loud_revision: int
    loud_seq: int
    feed_seq: int
    locale: str
    texts: Mapping[str, Texts]
    services: tuple[LiveService, ...]
    targets: tuple[Target, ...]
    latest_update: LiveUpdate | None
    must_confirm: bool
    published_at: datetime | None
    show_from: datetime | None
    show_until: datetime | None
    starts_at: datetime | None
    planned_end_at: datetime | None
    actual_start_at: datetime | None
    actual_end_at: datetime | None
    ends_by_itself: bool
    recurrence: str | None
    time_zone: str
    eta: datetime | None
    next_update_at: datetime | None
    updated_at: datetime
    changed_at: datetime | None
    closed_at: datetime | None
    mention_in_automated_replies: bool
    automated_reply_text: str
    keywords: str
    is_drill: bool
    is_public: bool
    owner_id: int | None
    created_by_id: int | None
    confirmed_by_id: int | None

    @property
    def updated_for_readers_at(self) -> datetime:
        """The last change that readers were meant to notice."""
        return self.changed_at or self.published_at or self.updated_at

    def began_at(self, now: datetime) -> datetime | None:
        """Since when it lasts, or from when it will; of a repeated one, its present or next time."""
        occurrence = rules.current_occurrence(self, now)
        if occurrence is not None:
            return occurrence.start
        return self.actual_start_at or self.starts_at or self.published_at

    def expected_end_at(self, now: datetime) -> datetime | None:
        """When it should be over, see `rules.expected_end`."""
        return rules.expected_end(self, now)

    def texts_in(self, locale: str) -> tuple[str, Texts]:
        """The texts for a reader and the locale they are in: the reader's, its language, or the author's.

        What a translation leaves out is said in the author's words: nobody goes without what to do now.
        """
        own = self.texts[self.locale]
        for candidate in (locale, locale.split("_")[0].split("-")[0]):
            if candidate in self.texts:
                found = self.texts[candidate]
                return candidate, Texts(*(getattr(found, f.name) or getattr(own, f.name) for f in fields(Texts)))
        return self.locale, own


def live_announcements(now: datetime | None = None) -> tuple[LiveAnnouncement, ...]:
    """Everything published that is not over at `now`, upcoming ones too. Five queries, whatever the number.

    Without `now`: everything that nobody has ended yet, for those who keep it and ask the rules at each reading.
    """
    records = db.session.scalars(select(Announcement).where(IS_LIVE)).all()
    if now is not None:
        records = [r for r in records if rules.phase(r, now) in (Phase.upcoming, Phase.active)]
    return freeze(records)


def ending_of(ids: Iterable[int], now: datetime) -> dict[int, str]:
    """Why each of these is no longer shown: resolved, ended, cancelled or withdrawn. Not for those shown."""
    reasons = {}
    for record in db.session.scalars(select(Announcement).where(Announcement.id.in_(list(ids)))):
        if record.status is Status.draft or rules.window(record, now).is_shown:
            continue
        reasons[record.id] = _REASONS.get(rules.effective_status(record, now), "ended")
    return reasons


_REASONS = {
    Status.resolved: "resolved",
    Status.completed: "resolved",
    Status.cancelled: "cancelled",
    Status.withdrawn: "withdrawn",
}


def live_by_ids(ids: Iterable[int]) -> tuple[LiveAnnouncement, ...]:
    """The published announcements among `ids`, over or not: what the feed says has changed."""
    return freeze(db.session.scalars(PUBLISHED, {"ids": list(ids)}).all())


def freeze(records: Sequence[Announcement]) -> tuple[LiveAnnouncement, ...]:
    """Frozen copies of records, in the same order."""
    ids = [record.id for record in records]
    if not ids:
        return ()
    services, targets, texts, latest = services_by_id(ids), targets_by_id(ids), texts_by_id(ids), _latest_updates(ids)
    return tuple(
        LiveAnnouncement(
            **{name: getattr(r, name) for name in _COPIED},
            texts=texts[r.id] | {r.locale: Texts(r.title, r.description, r.workaround)},
            services=tuple(services[r.id]),
            targets=tuple(targets[r.id]),
            latest_update=_frozen_update(latest.get(r.id), r.locale),
        )
        for r in records
    )


_COPIED = (
    "id", "kind", "severity", "status", "revision", "loud_revision", "loud_seq", "feed_seq", "must_confirm",
    "confirmed_by_id", "locale", "published_at", "show_from", "show_until", "starts_at", "planned_end_at",
    "actual_start_at", "actual_end_at", "ends_by_itself", "recurrence", "time_zone", "eta", "next_update_at",
    "updated_at", "changed_at", "closed_at", "mention_in_automated_replies", "automated_reply_text", "keywords",
    "is_drill", "is_public", "owner_id", "created_by_id",
)  # fmt: skip


def _latest_updates(ids: Sequence[int]) -> dict[int, Update]:
    return {u.announcement_id: u for u in db.session.scalars(LATEST, {"ids": ids})}


def _frozen_update(row: Update | None, locale: str) -> LiveUpdate | None:
    if row is None:
        return None
    return LiveUpdate(row.id, row.at, row.revision, row.status, locale, dict(row.translations) | {locale: row.text})
