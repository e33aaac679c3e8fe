"""Who has had the demonstration's incidents on screen: curves to look at, and figures for reviews."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import insert, select

from helpdesk.plugin_api import User, db, transaction
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries.records import targets_by_id
from plugins.outage_notice.announcements.rules import Kind, Phase, phase
from plugins.outage_notice.audiences.queries import audience_condition
from plugins.outage_notice.banners.models import ReachMinute, Receipt

DELIVERED, SEEN, READ = 0.93, 0.9, 0.75  # shares: of the audience, of those before
PAST = timedelta(days=65)
HALF_AFTER = 6.0  # minutes until about half of them had it


def load(now: datetime) -> None:
    """Receipts for the running incidents. Those who sign in to try it out have seen nothing yet."""
    with transaction():
        records = db.session.scalars(select(Announcement).where(Announcement.kind == Kind.incident)).all()
        for record in records:
            if phase(record, now) is Phase.active and record.published_at is not None:
                _write(record, record.published_at, now)


def load_past(now: datetime) -> None:
    """Receipts for the incidents that were over within the last weeks, from when each was published until its end."""
    since = now - PAST
    with transaction():
        over = select(Announcement).where(Announcement.kind == Kind.incident, Announcement.actual_end_at > since)
        for record in db.session.scalars(over.order_by(Announcement.id)).all():
            began, ended = record.published_at, record.actual_end_at
            has_none = db.session.scalar(select(Receipt.user_id).where(Receipt.announcement_id == record.id).limit(1))
            if began is not None and ended is not None and phase(record, now) is Phase.over and has_none is None:
                _write(record, began, ended)


def _write(record: Announcement, began: datetime, now: datetime) -> None:
    chance, minutes = random.Random(record.id), Counter[tuple[datetime, str]]()
    condition = audience_condition(targets_by_id([record.id])[record.id])
    strangers = (condition, ~User.email.like("%@demo.example") | User.email.is_(None))
    rows = []
    for user_id in db.session.scalars(select(User.id).where(*strangers).order_by(User.id)):
        times = _times(chance, began, now)
        if times:
            rows.append(_receipt(record, user_id, times, minutes))
    if rows:
        db.session.execute(insert(Receipt), rows)
        counted = sorted({minute for minute, _name in minutes})
        db.session.execute(
            insert(ReachMinute),
            [
                {
                    "announcement_id": record.id,
                    "minute": minute,
                    **{name: minutes[minute, name] for name in ("delivered", "seen", "read")},
                }
                for minute in counted
            ],
        )


def _times(chance: random.Random, began: datetime, now: datetime) -> list[datetime]:
    """When somebody had it delivered, seen and read, as far as they came."""
    at, times = began, []
    for share, pause in ((DELIVERED, HALF_AFTER), (SEEN, 2.0), (READ, 3.0)):
        at += timedelta(minutes=chance.expovariate(1 / pause))
        if chance.random() > share or at > now:
            break
        times.append(at)
    return times


def _receipt(
    record: Announcement, user_id: int, times: list[datetime], minutes: Counter[tuple[datetime, str]]
) -> dict[str, object]:
    found = dict(zip(("delivered", "seen", "read"), times, strict=False))
    for name, at in found.items():
        minutes[at.replace(second=0, microsecond=0), name] += 1
    read = found.get("read")
    return {
        "announcement_id": record.id,
        "user_id": user_id,
        "delivered_at": found["delivered"],
        "seen_at": found.get("seen"),
        "read_at": read,
        "read_version": record.feed_seq if read else 0,
        "hidden_version": 0,
        "snoozed_version": 0,
        "snooze_count": 0,
        "feed_seq": record.feed_seq if read else 0,
    }
