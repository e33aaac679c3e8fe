"""Who may do what, and when a ticket is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from helpdesk.tickets.rules import Priority, Status, Waiting
from helpdesk.tickets.rules.states import (
    TARGET_HOURS,
    Promise,
    due_style,
    end_of_day,
    first_promise,
    is_replied_since,
    may_move,
    may_reopen,
    may_requester_move,
    promise_after_priority,
    promise_after_status,
    waiting_of,
)

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_targets_are_shorter_the_more_urgent() -> None:
    hours = [TARGET_HOURS[p] for p in (Priority.urgent, Priority.high, Priority.normal, Priority.low)]
    assert hours == sorted(hours)
    assert first_promise(Priority.urgent, NOW).due_at == NOW + 4 * HOUR


def test_waiting_pauses_and_the_rest_counts_afterwards() -> None:
    running = Promise(NOW + 5 * HOUR, None)
    paused = promise_after_status(running, Status.open, Status.pending, Priority.normal, NOW + 2 * HOUR)
    assert paused == Promise(None, 3 * 3600)
    later = NOW + 100 * HOUR
    assert promise_after_status(paused, Status.pending, Status.open, Priority.normal, later).due_at == later + 3 * HOUR


def test_what_was_late_stays_late_after_a_pause() -> None:
    late = promise_after_status(Promise(NOW - HOUR, None), Status.open, Status.pending, Priority.normal, NOW)
    assert promise_after_status(late, Status.pending, Status.open, Priority.normal, NOW).due_at == NOW - HOUR


def test_a_reopened_ticket_gets_a_fresh_promise() -> None:
    solved = promise_after_status(Promise(NOW + HOUR, None), Status.open, Status.solved, Priority.high, NOW)
    assert solved.due_at is None
    assert promise_after_status(solved, Status.solved, Status.open, Priority.high, NOW).due_at == NOW + 8 * HOUR


def test_a_new_priority_moves_the_promise_running_or_paused() -> None:
    assert promise_after_priority(Promise(NOW, None), Priority.normal, Priority.urgent).due_at == NOW - 20 * HOUR
    assert promise_after_priority(Promise(None, 0), Priority.urgent, Priority.high) == Promise(None, 4 * 3600)
    assert promise_after_priority(Promise(None, None), Priority.urgent, Priority.low) == Promise(None, None)


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        (Status.new, Status.open, True),
        (Status.open, Status.new, False),
        (Status.pending, Status.new, False),
        (Status.solved, Status.open, True),
        (Status.closed, Status.open, True),
        (Status.closed, Status.solved, False),
        (Status.closed, Status.pending, False),
        (Status.open, Status.open, True),
    ],
)
def test_moves_of_the_status(before: Status, after: Status, may: bool) -> None:
    assert may_move(before, after) is may


def test_reopening_is_for_two_weeks() -> None:
    edge = NOW + timedelta(days=14)
    assert may_reopen(Status.closed, NOW, edge)
    assert not may_reopen(Status.closed, NOW, edge + timedelta(seconds=1))
    assert may_reopen(Status.solved, None, edge)
    assert not may_reopen(Status.open, None, NOW)
    assert may_requester_move(Status.closed, Status.open, NOW, edge)
    assert not may_requester_move(Status.closed, Status.closed, NOW, edge)
    assert not may_requester_move(Status.open, Status.solved, None, NOW)


def test_only_pending_tickets_wait_and_always_for_something() -> None:
    assert waiting_of(Status.pending, None) is Waiting.requester
    assert waiting_of(Status.pending, Waiting.outage) is Waiting.outage
    assert waiting_of(Status.open, Waiting.outage) is None


def test_replied_since() -> None:
    assert is_replied_since(Status.open, NOW + HOUR, NOW, NOW - HOUR)
    assert is_replied_since(Status.open, NOW + HOUR, None, NOW)
    assert not is_replied_since(Status.open, NOW, None, NOW)
    assert not is_replied_since(Status.open, NOW, NOW + HOUR, NOW)
    assert not is_replied_since(Status.open, None, None, NOW)
    assert not is_replied_since(Status.solved, NOW + HOUR, NOW, NOW)


def test_due_styles_and_days() -> None:
    assert [due_style(NOW + d, NOW) for d in (-HOUR, timedelta(), HOUR, 2 * HOUR)] == ["late", "late", "soon", ""]
    assert due_style(None, NOW) == ""
    assert end_of_day(NOW, "UTC") == datetime(2026, 3, 13, tzinfo=UTC)
    assert end_of_day(NOW, "Europe/Madrid") == datetime(2026, 3, 12, 23, tzinfo=UTC)
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # the day on which the clocks go forward
    assert end_of_day(spring, "Europe/Madrid") == datetime(2026, 3, 29, 22, tzinfo=UTC)
