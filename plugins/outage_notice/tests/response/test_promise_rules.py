"""Targets, promises and whom to tell, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from plugins.outage_notice.announcements.rules import Kind
from plugins.outage_notice.response.rules import (
    DEFAULT_TARGETS,
    Callee,
    CallRole,
    Course,
    Message,
    Promise,
    PromiseKind,
    Targets,
    TellStep,
    merge_callees,
    promises_of_course,
    read_callees,
    strictest,
    tells_due,
)

NINE = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
CRITICAL = DEFAULT_TARGETS[1]


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def course(**more: object) -> Course:
    live = Course(Kind.incident, 1, NINE, at(10), None, True, (Message(at(10), at(40)),), next_update_at=at(40))
    return replace(live, **more)  # type: ignore[arg-type]


def kinds(promises: list[Promise]) -> dict[PromiseKind, list[tuple[datetime, datetime | None]]]:
    found: dict[PromiseKind, list[tuple[datetime, datetime | None]]] = {}
    for promise in promises:
        found.setdefault(promise.kind, []).append((promise.due_at, promise.kept_at))
    return found


def test_a_critical_outage_promises_what_its_level_says() -> None:
    found = kinds(promises_of_course(course(), CRITICAL))
    assert found == {
        PromiseKind.first_message: [(at(15), at(10))],
        PromiseKind.response: [(at(20), at(10))],  # nobody was called: who published it has it
        PromiseKind.update: [(at(40), None)],
        PromiseKind.resolution: [(at(240), None)],
    }


def test_the_time_that_people_were_told_counts_before_the_interval_of_the_level() -> None:
    told = course(messages=(Message(at(10), at(70)), Message(at(60))), next_update_at=None)
    assert kinds(promises_of_course(told, CRITICAL))[PromiseKind.update] == [(at(70), at(60)), (at(90), None)]


def test_an_update_after_its_time_was_not_kept_in_time() -> None:
    late = course(messages=(Message(at(10), at(40)), Message(at(52), at(80))), next_update_at=at(80))
    first, second = (p for p in promises_of_course(late, CRITICAL) if p.kind is PromiseKind.update)
    assert (first.kept_at, first.was_kept_in_time) == (at(52), False)
    assert (second.kept_at, second.is_late(at(79)), second.is_late(at(80))) == (None, False, True)


def test_moving_the_promise_moves_the_open_one() -> None:
    moved = course(next_update_at=at(55))
    assert kinds(promises_of_course(moved, CRITICAL))[PromiseKind.update] == [(at(55), None)]


def test_the_last_word_keeps_the_promise_and_makes_no_other() -> None:
    over = course(is_live=False, ended_at=at(33), messages=(Message(at(10), at(40)), Message(at(35), ends=True)))
    found = kinds(promises_of_course(over, CRITICAL))
    assert found[PromiseKind.update] == [(at(40), at(35))]
    assert found[PromiseKind.resolution] == [(at(240), at(33))]


def test_a_reopened_outage_promises_again_from_then() -> None:
    again = course(messages=(Message(at(10), at(40)), Message(at(35), ends=True), Message(at(50))), next_update_at=None)
    assert kinds(promises_of_course(again, CRITICAL))[PromiseKind.update] == [(at(40), at(35)), (at(80), None)]


def test_who_was_called_must_answer() -> None:
    waiting = course(was_called=True)
    assert kinds(promises_of_course(waiting, CRITICAL))[PromiseKind.response] == [(at(20), None)]
    answered = course(was_called=True, answered_at=at(17))
    assert kinds(promises_of_course(answered, CRITICAL))[PromiseKind.response] == [(at(20), at(17))]


def test_an_expected_end_that_passes_is_an_open_promise_until_it_is_replaced() -> None:
    assert kinds(promises_of_course(course(eta=at(60)), CRITICAL))[PromiseKind.eta] == [(at(60), None)]
    assert PromiseKind.eta not in kinds(promises_of_course(course(eta=None), CRITICAL))


def test_a_maintenance_promises_its_end_and_only_the_updates_it_was_told() -> None:
    window = course(kind=Kind.maintenance, severity=2, planned_end_at=at(120), next_update_at=None)
    assert kinds(promises_of_course(window, DEFAULT_TARGETS[2])) == {PromiseKind.end: [(at(120), None)]}
    prolonged = replace(window, eta=at(180))  # the new end is promised now; the planned one was not kept
    assert kinds(promises_of_course(prolonged, DEFAULT_TARGETS[2])) == {PromiseKind.end: [(at(180), None)]}
    over = replace(prolonged, is_live=False, ended_at=at(170))
    assert kinds(promises_of_course(over, DEFAULT_TARGETS[2]))[PromiseKind.end] == [(at(120), at(170))]
    weekly = replace(window, repeats=True)
    assert promises_of_course(weekly, DEFAULT_TARGETS[2]) == []


def test_a_draft_promises_only_its_first_message() -> None:
    draft = course(shown_at=None, is_live=False, messages=(), next_update_at=at(40), eta=at(50))
    assert kinds(promises_of_course(draft, CRITICAL)) == {PromiseKind.first_message: [(at(15), None)]}


def test_a_notice_promises_nothing() -> None:
    quiet = course(severity=4, next_update_at=None, messages=(Message(at(10)),))
    assert promises_of_course(quiet, DEFAULT_TARGETS[4]) == []


def test_the_strictest_agreement_counts_for_each_time_alone() -> None:
    agreed = strictest([Targets(15, None, 60, 240, 10), Targets(30, 5, 20, None, 15)])
    assert agreed == Targets(15, 5, 20, 240, 10)
    assert strictest([]) == Targets()


def test_owner_then_team_then_management_are_told() -> None:
    promise = Promise(PromiseKind.update, at(40))
    steps = {minute: [tell.step for tell in tells_due(promise, 10, at(minute))] for minute in (34.9, 35, 49, 50, 60)}
    owner, team, management = TellStep
    assert steps == {34.9: [], 35: [owner], 49: [owner], 50: [owner, team], 60: [owner, team, management]}
    assert tells_due(replace(promise, kept_at=at(39)), 10, at(60)) == []


def test_a_person_in_two_lists_is_called_once_with_both_tasks() -> None:
    found = merge_callees(
        [(7, CallRole.technical, "Check the gateway."), (8, CallRole.support, ""), (7, CallRole.support, "Answer.")]
    )
    assert found == {7: (CallRole.technical, "Check the gateway.\nAnswer."), 8: (CallRole.support, "")}


def test_callees_survive_being_written() -> None:
    some = (Callee(CallRole.technical, "team", 3, "Look."), Callee(CallRole.support, "person", 4))
    assert read_callees([callee.to_json() for callee in some]) == some
