"""What people thought of our messages, so that nobody can tell who said what."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from helpdesk.plugin_api import Department, db
from plugins.outage_notice.audiences.rules import SMALLEST_GROUP
from plugins.outage_notice.reviews.models import Feedback
from plugins.outage_notice.reviews.rules import Answer, Side

COMMENTS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class DepartmentAnswers:
    """`counts` None: fewer than five people answered, or showing it would tell what so few said."""

    name: str
    counts: Mapping[Answer, int] | None


@dataclass(frozen=True, slots=True)
class Answers:
    """All answers of one side. Comments come without names and in no order that says whose they are."""

    counts: Mapping[Answer, int]
    departments: tuple[DepartmentAnswers, ...]
    comments: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def answers_of(announcement_id: int, side: Side) -> Answers:
    """The answers to one announcement. The caller has loaded it by a query that authorises."""
    rows = db.session.execute(
        select(Feedback.department_id, Department.name, Feedback.answer, func.count())
        .outerjoin(Department, Department.id == Feedback.department_id)
        .where(Feedback.announcement_id == announcement_id, Feedback.side == side)
        .group_by(Feedback.department_id, Department.name, Feedback.answer)
    ).all()
    total: Counter[Answer] = Counter()
    by_department: dict[tuple[int | None, str], Counter[Answer]] = {}
    for department_id, name, answer, count in rows:
        total[answer] += count
        by_department.setdefault((department_id, name or ""), Counter())[answer] += count
    return Answers(dict(total), _departments(by_department), _comments(announcement_id, side))


def _departments(found: Mapping[tuple[int | None, str], Counter[Answer]]) -> tuple[DepartmentAnswers, ...]:
    """Largest first. Those too small are hidden, and one more while the total minus the shown would tell."""
    by_size = sorted(found.items(), key=lambda item: (item[1].total(), item[0][1]))
    hidden = 0
    shown: list[DepartmentAnswers] = []
    for (_id, name), counts in by_size:
        is_hidden = counts.total() < SMALLEST_GROUP or 0 < hidden < SMALLEST_GROUP
        hidden += counts.total() if is_hidden else 0
        shown.append(DepartmentAnswers(name, None if is_hidden else dict(counts)))
    return tuple(reversed(shown))


def _comments(announcement_id: int, side: Side) -> tuple[str, ...]:
    query = select(Feedback.comment).where(
        Feedback.announcement_id == announcement_id, Feedback.side == side, Feedback.comment != ""
    )
    texts = db.session.scalars(query.limit(COMMENTS_SHOWN)).all()
    return tuple(sorted(texts, key=lambda text: hashlib.sha256(text.encode()).digest()))


def find_answer(announcement_id: int, user_id: int, side: Side) -> Feedback | None:
    """What this person said before."""
    return db.session.get(Feedback, (announcement_id, user_id, side))
