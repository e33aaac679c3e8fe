"""The notice plan in itself: what may stand in it, when each entry speaks, and what the check says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugins.outage_notice.announcements.rules import (
    Anchor,
    CheckFacts,
    Draft,
    Kind,
    PlanEntry,
    Says,
    checks,
    default_plan,
    plan_from_json,
    plan_of,
    plan_problems,
    plan_to_json,
    times_of,
)
from plugins.outage_notice.announcements.rules.notice_plan import ENTRIES_LIMIT, MINUTES_LIMIT, entry_words

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OVER = PlanEntry(Says.mail, Anchor.end)


def mail(days: float = 0) -> PlanEntry:
    return PlanEntry(Says.mail, Anchor.start, int(days * 24 * 60))


def again(minutes: int) -> PlanEntry:
    return PlanEntry(Says.banner_again, Anchor.start, minutes)


def work(**values: Any) -> Draft:
    """A maintenance in twenty days, shown from a day before."""
    starts_at = NOW + 20 * DAY
    defaults = {
        "kind": Kind.maintenance,
        "title": "ERP is unavailable",
        "workaround": "Use paper.",
        "starts_at": starts_at,
        "planned_end_at": starts_at + 2 * HOUR,
        "show_from": starts_at - DAY,
    }
    return Draft(**(defaults | values))


@pytest.mark.parametrize(
    ("plan", "problems"),
    [
        (None, 0),
        ((), 0),
        ((mail(90), mail(15), mail(), again(15), again(1), OVER), 0),
        ((mail(1), mail(1)), 1),
        ((PlanEntry(Says.mail, Anchor.start, MINUTES_LIMIT + 1),), 1),
        ((PlanEntry(Says.mail, Anchor.start, -1),), 1),
        ((PlanEntry(Says.mail, Anchor.end, 30),), 1),
        ((again(0),), 1),
        ((PlanEntry(Says.banner_again, Anchor.end, 0),), 1),
        (tuple(mail(days) for days in range(ENTRIES_LIMIT + 1)), 1),
    ],
)
def test_what_a_plan_may_be(plan: tuple[PlanEntry, ...] | None, problems: int) -> None:
    assert len(plan_problems(plan)) == problems
    assert plan_from_json(plan_to_json(plan)) == plan


def test_without_a_plan_kind_and_level_decide() -> None:
    assert default_plan(Kind.maintenance, 1) == (again(15),)
    assert [default_plan(kind, level) for kind in Kind for level in (2, 3, 4)] == [()] * 9
    assert plan_of(work(severity=1)) == (again(15),)
    assert plan_of(work(severity=1, notice_plan=())) == ()


def test_when_each_entry_speaks() -> None:
    draft = work(notice_plan=(OVER, again(15), mail(), mail(1), mail(15), again(2 * 24 * 60)))
    start = NOW + 20 * DAY
    assert [(time.entry, time.at, time.is_unseen) for time in times_of(draft, NOW, None)] == [
        (mail(15), start - 15 * DAY, False),
        (again(2 * 24 * 60), start - 2 * DAY, True),  # the banner is shown a day before
        (mail(1), start - DAY, False),
        (again(15), start - HOUR / 4, False),
        (mail(), start, False),
    ]


def test_a_mail_at_the_start_goes_when_it_is_published() -> None:
    """At the earliest: an incident has begun by then, and one that is shown later is not mailed before."""
    incident = Draft(notice_plan=(mail(),), starts_at=NOW - HOUR)
    assert [time.at for time in times_of(incident, NOW, NOW)] == [NOW]
    shown_later = Draft(notice_plan=(mail(),), starts_at=NOW - HOUR, show_from=NOW + HOUR)
    assert [time.at for time in times_of(shown_later, NOW, NOW)] == [NOW + HOUR]
    information = Draft(kind=Kind.information, notice_plan=(mail(),))
    assert [time.at for time in times_of(information, NOW, NOW - HOUR)] == [NOW - HOUR]


def test_of_a_repetition_nothing_is_said_before_the_former_time_has_ended() -> None:
    weekly = work(recurrence="FREQ=WEEKLY", notice_plan=(mail(15), mail(1)), show_from=None)
    first = NOW + 20 * DAY
    assert [time.at for time in times_of(weekly, NOW, NOW)] == [first - 15 * DAY, first - DAY]
    between = first + 3 * HOUR
    second = first + 7 * DAY
    assert [(time.at, time.on) for time in times_of(weekly, between, NOW)] == [
        (first + 2 * HOUR, second.date()),
        (second - DAY, second.date()),
    ]


def found(draft: Draft, **facts: Any) -> list[tuple[str, str]]:
    items = checks(draft, CheckFacts(**({"people": 9} | facts)), NOW)
    return [(item.level.value, item.code) for item in items if item.field == "notice_plan"]


def test_what_the_check_says_of_a_plan() -> None:
    fine = work(notice_plan=(mail(15), again(15), OVER))
    assert found(fine) == []
    assert found(fine, people_without_email=9) == [("warning", "plan_no_mailbox")]
    assert found(work(notice_plan=(mail(30),))) == [("warning", "plan_passed")]
    assert found(work(notice_plan=(mail(30),)), is_published=True, former_plan=(mail(30),)) == []  # it went out
    assert found(work(notice_plan=(again(2 * 24 * 60),))) == [("warning", "plan_unseen")]
    assert found(work(notice_plan=(OVER,))) == [("warning", "plan_end_alone")]
    assert found(work(notice_plan=(mail(1), mail(1)))) == [("error", "bad_plan")]
    assert found(work(notice_plan=(mail(1),), recurrence="FREQ=NEVER")) == []  # the rule is what is wrong


def test_entries_in_words() -> None:
    words = [str(entry_words(entry)) for entry in (mail(15), mail(1 / 24), again(90), mail(), OVER)]
    assert words == [
        "E-mail, 15 days before the start",
        "E-mail, 1 hour before the start",
        "Banner again, 90 minutes before the start",
        "E-mail, at the start",
        "E-mail, when it is over",
    ]
