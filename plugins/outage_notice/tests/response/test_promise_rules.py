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
    Estimate,
    Message,
    Move,
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
LEVELS = DEFAULT_TARGETS


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
    found = kinds(promises_of_course(course(was_called=True), LEVELS))
    assert found == {
        PromiseKind.first_message: [(at(15), at(10))],
        PromiseKind.response: [(at(20), None)],
        PromiseKind.update: [(at(40), None)],
        PromiseKind.resolution: [(at(240), None)],
    }


def test_the_time_that_people_were_told_counts_before_the_interval_of_the_level() -> None:
    told = course(messages=(Message(at(10), at(70)), Message(at(60))), next_update_at=None)
    assert kinds(promises_of_course(told, LEVELS))[PromiseKind.update] == [(at(70), at(60)), (at(90), None)]


def test_an_update_after_its_time_was_not_kept_in_time() -> None:
    late = course(messages=(Message(at(10), at(40)), Message(at(52), at(80))), next_update_at=at(80))
    first, second = (p for p in promises_of_course(late, LEVELS) if p.kind is PromiseKind.update)
    assert (first.kept_at, first.was_kept_in_time) == (at(52), False)
    assert (second.kept_at, second.is_late(at(79)), second.is_late(at(80))) == (None, False, True)


def test_moving_the_promise_moves_the_open_one() -> None:
    moved = course(next_update_at=at(55))
    assert kinds(promises_of_course(moved, LEVELS))[PromiseKind.update] == [(at(55), None)]


def moved(minutes: float, to: float | None, *, is_silent: bool = True) -> Move:
    return Move(at(minutes), None if to is None else at(to), is_silent)


def test_a_missed_promise_stays_missed_whatever_is_written_afterwards() -> None:
    def updates(*moves: Move, said: float | None = None) -> list[tuple[datetime, datetime | None]]:
        first = Message(at(10), at(40), moves=moves)
        messages = (first,) if said is None else (first, Message(at(said), at(200)))
        last = moves[-1].promised_at if said is None and moves else at(200)
        return kinds(promises_of_course(course(messages=messages, next_update_at=last), LEVELS))[PromiseKind.update]

    assert updates(moved(35, 70)) == [(at(70), None)]  # in time
    assert updates(moved(60, 90)) == [(at(40), None), (at(90), None)]  # late: nobody has heard a word yet
    assert updates(moved(60, 90), said=80)[:2] == [(at(40), at(80)), (at(90), at(80))]
    assert updates(moved(60, 90, is_silent=False))[0] == (at(40), at(60))  # told, twenty minutes late
    assert updates(moved(35, 70), moved(75, 100), said=80)[:2] == [(at(70), at(80)), (at(100), at(80))]


def test_another_level_promises_from_then_on() -> None:
    raised = course(
        severity=1, first_severity=3, raised=((at(300), 1),), shown_at=at(60), was_called=True, answered_at=at(305),
        messages=(Message(at(60)), Message(at(310), at(330))), next_update_at=at(330),
    )  # fmt: skip
    assert kinds(promises_of_course(raised, LEVELS)) == {
        PromiseKind.first_message: [(at(480), at(60))],  # as level 3 promised; kept
        PromiseKind.response: [(at(310), at(305))],
        PromiseKind.update: [(at(330), at(310)), (at(330), None)],  # level 1: every thirty minutes from then
        PromiseKind.resolution: [(at(540), None)],
    }
    before = replace(raised, answered_at=at(100))
    assert PromiseKind.response not in kinds(promises_of_course(before, LEVELS))  # somebody had it before it was asked


def test_a_raised_level_never_gives_more_time_and_a_lowered_one_forgives_nothing() -> None:
    raised = course(severity=1, first_severity=2, raised=((at(400), 1),))
    assert kinds(promises_of_course(raised, LEVELS))[PromiseKind.resolution] == [(at(480), None)]  # not 400 + 240
    lowered = course(severity=3, first_severity=1, raised=((at(300), 3),), is_live=False, ended_at=at(600))
    found = kinds(promises_of_course(lowered, LEVELS))[PromiseKind.resolution]
    assert found == [(at(240), at(600)), (at(300 + 3 * 24 * 60), at(600))]
    in_time = replace(lowered, raised=((at(200), 3),))
    assert kinds(promises_of_course(in_time, LEVELS))[PromiseKind.resolution] == [(at(200 + 3 * 24 * 60), at(600))]


def test_the_last_word_keeps_the_promise_and_makes_no_other() -> None:
    over = course(is_live=False, ended_at=at(33), messages=(Message(at(10), at(40)), Message(at(35), ends=True)))
    found = kinds(promises_of_course(over, LEVELS))
    assert found[PromiseKind.update] == [(at(40), at(35))]
    assert found[PromiseKind.resolution] == [(at(240), at(33))]


def test_a_reopened_outage_promises_again_from_then() -> None:
    again = course(messages=(Message(at(10), at(40)), Message(at(35), ends=True), Message(at(50))), next_update_at=None)
    assert kinds(promises_of_course(again, LEVELS))[PromiseKind.update] == [(at(40), at(35)), (at(80), None)]


def test_who_was_called_must_answer() -> None:
    assert PromiseKind.response not in kinds(promises_of_course(course(), LEVELS))  # nobody was asked
    waiting = course(was_called=True)
    assert kinds(promises_of_course(waiting, LEVELS))[PromiseKind.response] == [(at(20), None)]
    answered = course(was_called=True, answered_at=at(17))
    assert kinds(promises_of_course(answered, LEVELS))[PromiseKind.response] == [(at(20), at(17))]


def test_an_expected_end_that_passes_is_an_open_promise_until_it_is_replaced() -> None:
    assert kinds(promises_of_course(course(eta=at(60)), LEVELS))[PromiseKind.eta] == [(at(60), None)]
    assert PromiseKind.eta not in kinds(promises_of_course(course(eta=None), LEVELS))


def test_an_expected_end_that_passed_stays_missed_whatever_is_written_afterwards() -> None:
    def etas(*estimates: Estimate, **more: object) -> list[tuple[datetime, datetime | None]]:
        last = estimates[-1].eta
        found = kinds(promises_of_course(course(estimates=estimates, eta=last, **more), LEVELS))
        return found.get(PromiseKind.eta, [])

    first, over = Estimate(at(10), at(60)), {"is_live": False, "ended_at": at(100)}
    assert etas(first, Estimate(at(50), at(120))) == [(at(120), None)]  # replaced in time
    assert etas(first, Estimate(at(70), at(120))) == [(at(60), at(70)), (at(120), None)]  # told ten minutes late
    silent = (first, Estimate(at(70), at(120), is_silent=True))
    assert etas(*silent) == [(at(60), None), (at(120), None)]  # nobody has heard a word yet
    assert etas(*silent, messages=(Message(at(10)), Message(at(90))))[0] == (at(60), at(90))
    assert etas(*silent, **over) == [(at(60), at(100)), (at(120), at(100))]
    assert etas(first, Estimate(at(70), None, is_silent=True), **over) == [(at(60), at(100))]
    back = (Message(at(10)), Message(at(55), ends=True), Message(at(80)))  # it was over in time, and came back
    assert etas(first, Estimate(at(80), at(150)), messages=back) == [(at(60), at(55)), (at(150), None)]


def test_a_maintenance_promises_its_end_and_only_the_updates_it_was_told() -> None:
    window = course(kind=Kind.maintenance, severity=2, planned_end_at=at(120), next_update_at=None)
    assert kinds(promises_of_course(window, LEVELS)) == {PromiseKind.end: [(at(120), None)]}
    prolonged = replace(window, eta=at(180))  # the new end is promised now; the planned one was not kept
    assert kinds(promises_of_course(prolonged, LEVELS)) == {PromiseKind.end: [(at(180), None)]}
    over = replace(prolonged, is_live=False, ended_at=at(170))
    assert kinds(promises_of_course(over, LEVELS))[PromiseKind.end] == [(at(120), at(170))]
    weekly = replace(window, repeats=True)
    assert promises_of_course(weekly, LEVELS) == []


def test_a_draft_promises_only_its_first_message() -> None:
    draft = course(shown_at=None, is_live=False, messages=(), next_update_at=at(40), eta=at(50))
    assert kinds(promises_of_course(draft, LEVELS)) == {PromiseKind.first_message: [(at(15), None)]}


def test_a_notice_promises_nothing() -> None:
    quiet = course(severity=4, next_update_at=None, messages=(Message(at(10)),))
    assert promises_of_course(quiet, LEVELS) == []


def test_the_strictest_agreement_counts_for_each_time_alone() -> None:
    agreed = strictest([Targets(15, None, 60, 240, 10), Targets(30, 5, 20, None, 15)])
    assert agreed == Targets(15, 5, 20, 240, 10)
    assert strictest([]) == Targets()
    left_open = strictest([Targets(escalate_minutes=30), Targets(update_minutes=20)])
    assert left_open == Targets(update_minutes=20, escalate_minutes=30)


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
