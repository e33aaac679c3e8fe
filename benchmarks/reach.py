"""The reach of an announcement that few and many people have had on screen: the curve, and one more receipt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from benchmarks.desk import Desk, add_rows, new_desk
from benchmarks.options import Options
from benchmarks.ratios import Report
from benchmarks.room import compare, publish, take_turns
from helpdesk.accounts.models import User
from helpdesk.accounts.rules import Role
from helpdesk.core.database import db, transaction
from plugins.outage_notice.banners.models import ReachMinute, Receipt

MINUTES = 600  # a day's work: it was on screens for ten hours
PAGES = {
    "curve of the reach": "/announcements/{id}/reach",
    "reach by department, asked again and again": "/api/v1/announcements/{id}/reach",
}


def measure(options: Options) -> Report:
    report = Report("reach")
    with ExitStack() as stack:
        servers = {}
        for size in options.people:
            desk = stack.enter_context(new_desk(people=size))
            announcement_id = fill(desk)
            server = desk.serve("--no-worker", counted=True, name=f"reach{size}")
            stack.callback(server.kill)
            servers[size] = (server, desk.staff_cookie(), announcement_id)
        figures = take_turns(servers, PAGES, options.rounds)
    report.figures |= figures
    compare(report, figures, options.people, "receipts")
    return report


def fill(desk: Desk) -> int:
    """An outage that every requester has had on screen, seen and read, at some minute of the day. Its id."""
    with desk.app.app_context():
        announcement_id = publish(desk)
        ids = list(db.session.scalars(select(User.id).where(User.role == Role.requester)))
        began = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=MINUTES)
        add_rows(Receipt, _receipts(announcement_id, ids, began))
        counted = Counter(began + timedelta(minutes=n % MINUTES) for n in range(len(ids)))
        add_rows(
            ReachMinute,
            (
                {"announcement_id": announcement_id, "minute": at, "delivered": n, "seen": n, "read": n, "affected": 0}
                for at, n in counted.items()
            ),
        )
        with transaction() as session:
            session.execute(text("ANALYZE"))
        db.session.remove()
    return announcement_id


def _receipts(announcement_id: int, ids: list[int], began: datetime) -> Iterator[dict[str, Any]]:
    for n, user_id in enumerate(ids):
        at = began + timedelta(minutes=n % MINUTES)
        yield {
            "announcement_id": announcement_id,
            "user_id": user_id,
            "delivered_at": at,
            "seen_at": at,
            "read_at": at,
            "read_version": 0,
            "hidden_version": 0,
            "snoozed_version": 0,
            "snooze_count": 0,
            "feed_seq": 0,
        }
