"""Calls, duties, the briefing and the escalation, as they really happen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk.accounts.models import User
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.outbox import OutboxRow
from helpdesk.plugin_api import Conflict, Forbidden, Invalid, NotFound, Stale, transaction
from helpdesk.scheduling.relay import run_until_idle
from plugins.outage_notice.announcements import actions as announcing
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.queries import timeline
from plugins.outage_notice.announcements.rules import Draft, NewUpdate, ServiceEffect
from plugins.outage_notice.response import actions, queries
from plugins.outage_notice.response.actions.briefing import BriefingTexts
from plugins.outage_notice.response.actions.preparing import Prepared, prepare
from plugins.outage_notice.response.rules import Callee, CallRole, Duty, PromiseKind, Targets
from plugins.outage_notice.tests.announcements.conftest import Cast
from plugins.outage_notice.tests.announcing import department, publish
from tests import factories
from tests.fixtures import People

Publish = Callable[..., Announcement]
SignIn = Callable[[Any], FlaskClient]
BRIEFING = BriefingTexts("It does not open.", "We know.", "A time.", "Many.")


def kinds(announcement_id: int) -> list[str]:
    return [entry.kind for entry in timeline(announcement_id)]


def mails(prefix: str) -> list[tuple[str, str]]:
    rows = db.session.execute(
        select(OutboxRow.recipient, OutboxRow.payload)
        .where(OutboxRow.channel == "mail", OutboxRow.event_id.startswith(prefix))
        .order_by(OutboxRow.created_at, OutboxRow.recipient)
    ).all()
    db.session.rollback()
    return [(row.recipient, row.payload["subject"]) for row in rows]


@pytest.fixture
def owned(cast: Cast) -> Service:
    """A service that the service desk (Carla, Teresa, Tomas) owns."""
    return factories.make_service("Storage", cast.rows.finance, owner_team_id=cast.rows.service_desk.id)


@pytest.fixture
def outage(cast: Cast, published: Publish, owned: Service, app: Flask) -> Announcement:
    """Published by Teresa, and all that follows has happened."""
    record = published(services=(ServiceEffect(owned.id),))
    run_until_idle(app)
    return record


def called(record: Announcement) -> dict[str, tuple[CallRole, bool]]:
    return {one.name: (one.call.role, one.call.answered_at is not None) for one in queries.calls_of(record.id)}


def test_publishing_calls_the_team_of_the_service(cast: Cast, outage: Announcement, app: Flask) -> None:
    assert called(outage) == {"Carla": (CallRole.support, False), "Tomas": (CallRole.technical, False)}
    assert actions.begin_response(outage.id, "published") == 0  # the handler may run again
    assert sorted(mails("outage-call-")) == [
        (cast.carla.email, f"You are called: {outage.title}"),
        (cast.tomas.email, f"You are called: {outage.title}"),
    ]
    assert queries.duties_of(outage.id)[Duty.lead].user_id == cast.teresa.id
    assert kinds(outage.id) == ["created", "published", "called"]


def test_i_have_it_once_and_with_its_duty(cast: Cast, outage: Announcement, clock: FixedClock) -> None:
    clock.advance(minutes=3)
    first = actions.answer_call(cast.carla, outage.id).answered_at
    clock.advance(minutes=3)
    assert actions.answer_call(cast.carla, outage.id).answered_at == first
    assert queries.duties_of(outage.id)[Duty.tickets].user_id == cast.carla.id
    assert kinds(outage.id).count("call_answered") == 1
    response = next(p for p in queries.promises_kept(outage.id) if p.kind is PromiseKind.response)
    assert response.kept_at == first
    for stranger in (cast.adam, cast.ana):
        with pytest.raises(NotFound):
            actions.answer_call(stranger, outage.id)


def test_the_people_of_a_playbook_are_called_instead(
    cast: Cast, draft: Callable[..., Any], owned: Service, app: Flask
) -> None:
    record = announcing.create_draft(cast.teresa, draft(severity=3, services=(ServiceEffect(owned.id),)))
    team = Callee(CallRole.support, "team", cast.rows.service_desk.id, "Answer the telephone.")
    adam = Callee(CallRole.communication, "person", cast.adam.id, "Write to the press.")
    with transaction() as session:
        some = Prepared(playbook_id=1, playbook_name="Down", people=(adam, team, adam), calls_by_mail=False, answer="x")
        prepare(session, record.id, some, record.created_at)
    announcing.publish(cast.teresa, record.id)
    run_until_idle(app)
    assert {name: role for name, (role, _has) in called(record).items()} == {
        "Adam": CallRole.communication,
        "Carla": CallRole.support,
        "Teresa": CallRole.support,
        "Tomas": CallRole.support,
    }
    assert mails("outage-call-") == []
    shown = queries.find_shown_briefing(record.id)
    assert shown is not None
    assert shown.answer == "x"


def test_the_checklist_is_ticked_off(cast: Cast, outage: Announcement) -> None:
    with transaction() as session:
        some = Prepared(playbook_id=1, playbook_name="Down", checklist=("Call", "Write"))
        prepare(session, outage.id, some, outage.created_at)
    for person in (cast.carla, cast.tomas):
        actions.tick(person, outage.id, 1, is_done=True)
    prepared = queries.find_preparation(outage.id)
    assert prepared is not None
    assert {line: one["by"] for line, one in prepared.ticked.items()} == {"1": "Carla"}
    db.session.rollback()
    actions.tick(cast.tomas, outage.id, 1, is_done=False)
    assert kinds(outage.id).count("ticked") == 2
    with pytest.raises(Invalid):
        actions.tick(cast.tomas, outage.id, 2, is_done=True)
    announcing.resolve(cast.teresa, outage.id)
    with pytest.raises(Conflict):
        actions.tick(cast.tomas, outage.id, 0, is_done=True)


def test_a_reopened_outage_calls_again(cast: Cast, outage: Announcement, app: Flask) -> None:
    actions.answer_call(cast.carla, outage.id)
    announcing.resolve(cast.teresa, outage.id, "It works.")
    run_until_idle(app)
    announcing.reopen(cast.teresa, outage.id, "It is back.")
    run_until_idle(app)
    assert called(outage)["Carla"] == (CallRole.support, False)
    assert len(mails("outage-call-")) == 4
    assert [subject.startswith("You are called again: ") for _to, subject in mails("outage-call-")].count(True) == 2


def test_whom_each_level_calls(cast: Cast, published: Publish, owned: Service, app: Flask, clock: FixedClock) -> None:
    """A minor one calls the team of its service, a serious one rather the technicians than nobody, a notice nobody."""
    orphan = factories.make_service("Fax", cast.rows.finance)
    made = [
        published(severity=severity, title=f"{service.name} {severity}", services=(ServiceEffect(service.id),))
        for severity, service in ((3, owned), (4, owned), (3, orphan), (2, orphan))
    ]
    run_until_idle(app)
    team, none = {"Carla", "Tomas"}, set[str]()
    assert [set(called(record)) for record in made] == [team, none, none, {"Tomas"}]
    assert PromiseKind.response not in {p.kind for p in queries.promises_kept(made[2].id)}
    announcing.edit_published(cast.teresa, made[2].id, {"severity": 2})  # it is more serious than it seemed
    announcing.edit_published(cast.teresa, made[0].id, {"severity": 1})
    run_until_idle(app)
    assert [set(called(made[n])) for n in (2, 0)] == [{"Tomas"}, team]
    raised = next(p for p in queries.promises_kept(made[2].id) if p.kind is PromiseKind.response)
    assert (raised.due_at, raised.kept_at) == (clock.now() + timedelta(minutes=20), None)


def test_a_playbook_without_people_calls_the_technicians(
    cast: Cast, draft: Callable[..., Any], app: Flask, clock: FixedClock
) -> None:
    with transaction() as session:
        session.get_one(User, cast.tomas.id).disabled_at = clock.now()
    record = announcing.create_draft(cast.teresa, draft(severity=2))
    with transaction() as session:
        prepare(session, record.id, Prepared(playbook_id=1, playbook_name="Down", answer="x"), record.created_at)
    announcing.publish(cast.teresa, record.id)
    run_until_idle(app)
    assert called(record) == {"Teresa": (CallRole.technical, False)}  # there is nobody else


def test_duties_are_taken_and_handed_over(cast: Cast, outage: Announcement) -> None:
    actions.take_duty(cast.tomas, outage.id, Duty.lead)
    assert queries.duties_of(outage.id)[Duty.lead].name == "Tomas"
    actions.hand_over(cast.tomas, outage.id, Duty.lead, cast.adam.id)
    assert mails("outage-duty-") == [(cast.adam.email, f"OUT-{outage.id}: this is yours now: Leads")]
    assert kinds(outage.id).count("duty_taken") == 2
    with pytest.raises(Forbidden):
        actions.take_duty(cast.carla, outage.id, Duty.writer)
    with pytest.raises(Forbidden):
        actions.hand_over(cast.carla, outage.id, Duty.tickets, cast.tomas.id)  # not hers
    with pytest.raises(Invalid):
        actions.hand_over(cast.teresa, outage.id, Duty.writer, cast.carla.id)
    announcing.resolve(cast.teresa, outage.id)
    with pytest.raises(Conflict):
        actions.take_duty(cast.teresa, outage.id, Duty.lead)


def test_the_front_line_is_briefed_first(cast: Cast, draft: Callable[..., Any], clock: FixedClock, app: Flask) -> None:
    record = announcing.create_draft(cast.teresa, draft())
    row = actions.save_briefing(cast.teresa, record.id, BRIEFING)
    assert queries.briefings_shown(clock.now()) == []
    with pytest.raises(Stale):
        actions.save_briefing(cast.tomas, record.id, BriefingTexts(answer="Mine"), 0)
    actions.save_briefing(cast.teresa, record.id, BRIEFING, row.revision, send=True)
    shown = queries.briefings_shown(clock.now())
    assert [(one.id, briefing.answer) for one, briefing in shown] == [(record.id, "We know.")]
    assert mails("outage-briefing-") == [(cast.carla.email, f"Briefing for agents: {record.title}")]
    announcing.publish(cast.teresa, record.id)
    actions.send_briefing(cast.teresa, record.id)
    run_until_idle(app)
    assert len(mails("outage-briefing-")) == 1
    assert kinds(record.id).count("briefed") == 1
    clock.advance(hours=5)
    assert queries.briefings_shown(clock.now())
    announcing.resolve(cast.teresa, record.id)
    assert queries.briefings_shown(clock.now()) == []


def test_the_owner_then_the_team_then_management_are_told_once(
    cast: Cast, outage: Announcement, clock: FixedClock
) -> None:
    for person in (cast.carla, cast.tomas):
        actions.answer_call(person, outage.id)
    start = clock.now()  # the next update is promised in thirty minutes
    told: list[tuple[int, int, list[str]]] = []
    for minute in (24, 25, 26, 30, 40, 50, 51):
        clock.set(start + timedelta(minutes=minute))
        before = len(mails("outage-promise-"))
        count = actions.pursue_promises(clock.now()) + actions.pursue_promises(clock.now())
        told.append((minute, count, [to for to, _subject in mails("outage-promise-")[before:]]))
    assert [one for one in told if one[1]] == [
        (25, 1, [cast.teresa.email]),
        (40, 1, [cast.tomas.email]),
        (50, 1, [cast.adam.email]),
    ]
    assert mails("outage-promise-")[1][1] == f"Next update is 10 min late: {outage.title}"
    assert [k for k in kinds(outage.id) if k in ("reminded", "escalated")] == ["reminded", "escalated", "escalated"]


def test_a_moved_promise_is_another_one(cast: Cast, outage: Announcement, clock: FixedClock) -> None:
    for person in (cast.carla, cast.tomas):
        actions.answer_call(person, outage.id)
    start = clock.now()
    clock.set(start + timedelta(minutes=26))
    assert actions.pursue_promises(clock.now()) == 1
    later = NewUpdate(text="No change.", next_update_at=start + timedelta(minutes=60))
    announcing.post_update(cast.teresa, outage.id, later)
    clock.set(start + timedelta(minutes=50))  # the former one would be twenty minutes late
    assert actions.pursue_promises(clock.now()) == 0
    clock.set(start + timedelta(minutes=56))
    assert actions.pursue_promises(clock.now()) == 1
    assert [to for to, _subject in mails("outage-promise-")] == [cast.teresa.email] * 2


def test_whoever_has_the_duty_is_reminded_and_a_handover_counts_at_once(
    cast: Cast, outage: Announcement, clock: FixedClock
) -> None:
    def concerned() -> dict[str, set[str]]:
        people = {"Teresa": cast.teresa, "Tomas": cast.tomas, "Adam": cast.adam}
        now = clock.now()
        return {n: {one.promise.kind.value for one in queries.told_promises_of(p.id, now)} for n, p in people.items()}

    start = clock.now()
    actions.hand_over(cast.teresa, outage.id, Duty.lead, cast.tomas.id)
    clock.set(start + timedelta(minutes=16))  # "I have it" is due in four
    actions.pursue_promises(clock.now())
    assert [to for to, _subject in mails("outage-promise-")] == [cast.tomas.email]
    assert concerned() == {"Teresa": set(), "Tomas": {"response"}, "Adam": set()}
    actions.answer_call(cast.carla, outage.id)
    clock.set(start + timedelta(minutes=26))  # nobody has the writing yet: the update is its owner's
    actions.pursue_promises(clock.now())
    assert [to for to, _subject in mails("outage-promise-")][1:] == [cast.teresa.email]
    assert concerned() == {"Teresa": {"update"}, "Tomas": set(), "Adam": set()}
    actions.hand_over(cast.teresa, outage.id, Duty.writer, cast.adam.id)
    assert concerned() == {"Teresa": set(), "Tomas": set(), "Adam": {"update"}}
    clock.set(start + timedelta(minutes=41))
    actions.pursue_promises(clock.now())
    assert sorted(to or "" for to, _subject in mails("outage-promise-")[2:]) == sorted(
        [cast.teresa.email or "", cast.tomas.email or ""]
    )


def test_a_draft_of_what_has_begun_promises_its_first_message(
    cast: Cast, draft: Callable[..., Any], clock: FixedClock
) -> None:
    start = clock.now()
    begun = announcing.create_draft(cast.teresa, draft(starts_at=start, title="Mail is down", is_drill=True))
    announcing.create_draft(cast.teresa, draft(starts_at=None))
    clock.advance(minutes=24)
    assert actions.pursue_promises(clock.now()) == 0
    clock.advance(minutes=1)
    assert actions.pursue_promises(clock.now()) == 1
    assert [subject.rpartition(": ")[2] for _to, subject in mails("outage-promise-")] == ["Mail is down"]
    assert "Drill" in mails("outage-promise-")[0][1]
    announcing.publish(cast.teresa, begun.id)
    clock.advance(minutes=20)
    assert "first_message" not in {one.promise.kind for one in queries.live_promises(clock.now())}
    assert actions.pursue_promises(clock.now()) > 0  # what was published promises updates


def test_agents_who_manage_are_not_told_of_drafts(cast: Cast, draft: Callable[..., Any], clock: FixedClock) -> None:
    actions.change_managers(cast.adam, [cast.carla.id])
    announcing.create_draft(cast.teresa, draft(starts_at=clock.now()))
    clock.advance(minutes=51)
    assert actions.pursue_promises(clock.now()) == 3
    told = [to for to, _subject in mails("outage-promise-")]
    assert cast.adam.email in told
    assert cast.carla.email not in told


def test_what_was_missed_while_nothing_ran_is_told_in_one_mail_each(
    cast: Cast, outage: Announcement, clock: FixedClock
) -> None:
    for person in (cast.carla, cast.tomas):
        actions.answer_call(person, outage.id)
    clock.advance(minutes=75)
    assert actions.pursue_promises(clock.now()) == 3
    assert sorted(to for to, _subject in mails("outage-promise-")) == sorted(
        [cast.teresa.email, cast.tomas.email, cast.adam.email]
    )
    assert [k for k in kinds(outage.id) if k in ("reminded", "escalated")] == ["escalated"]


def test_the_pages_of_each(app: Flask, people: People, signed_in: SignIn, clock: FixedClock) -> None:
    storage = factories.make_service("Archive", people.finance, owner_team_id=people.service_desk.id)
    teresa, tomas, carla = (signed_in(p) for p in (people.teresa, people.tomas, people.carla))
    with app.app_context():
        drafted = announcing.create_draft(
            factories.viewer(people.teresa), Draft(title="Archive is down", services=(ServiceEffect(storage.id),))
        ).id
    url = f"/announcements/{drafted}"
    assert factories.post_form(teresa, f"{url}/briefing", {"answer": "", "do": "send"}).status_code == 422
    sent = factories.post_form(teresa, f"{url}/briefing", {"answer": "We know.", "do": "send"})
    assert (sent.status_code, sent.location) == (302, f"{url}/edit")
    stale = factories.post_form(tomas, f"{url}/briefing", {"answer": "My words.", "revision": "0"})
    both = stale.get_data(as_text=True)
    assert (stale.status_code, "We know.</td>" in both, "My words.</td>" in both) == (412, True, True)
    assert "My words.</textarea>" in both
    queue = carla.get("/tickets").get_data(as_text=True)
    assert "We know." in queue
    assert "not public yet" in queue
    for path in ("/tickets", "/outages/attention?side=queue", "/outages/attention", "/announcements"):
        assert carla.get(path).get_data(as_text=True).count("We know.") == 1, path
    assert "We know." not in teresa.get("/outages/attention").get_data(as_text=True)
    assert carla.get(url).status_code == 404
    clock.advance(minutes=31)  # then it is no news any more
    assert "We know." in carla.get("/outages/attention?side=queue").get_data(as_text=True)
    assert "We know." not in carla.get("/outages/attention").get_data(as_text=True)
    assert "We know." not in signed_in(people.ana).get("/").get_data(as_text=True)

    record = publish(people.teresa, department(people.finance), services=(storage,))
    run_until_idle(app)
    url = f"/announcements/{record.id}"
    assert "I have it" in tomas.get("/announcements").get_data(as_text=True)
    assert "I have it" in tomas.get(f"{url}/call").get_data(as_text=True)
    assert factories.post_form(tomas, f"{url}/call").status_code == 303
    assert "I have it" not in tomas.get("/outages/attention").get_data(as_text=True)
    assert factories.post_form(tomas, f"{url}/duties", {"duty": "nothing"}).status_code == 303
    assert factories.post_form(tomas, f"{url}/duties", {"duty": "writer"}).status_code == 303
    clock.advance(minutes=72)
    assert "12 min late" in tomas.get("/outages/attention").get_data(as_text=True)  # he writes
    room = teresa.get(url).get_data(as_text=True)
    assert 'data-late="update"' in room
    assert "Has it (Technical)" in room
    assert "Next update" not in carla.get("/outages/attention").get_data(as_text=True)
    for hours, words in ((2, "2 h 12 min late"), (48, "2 days late")):
        clock.advance(hours=hours)
        assert words in signed_in(people.tomas).get("/outages/attention").get_data(as_text=True)


def test_administrators_change_the_targets(app: Flask, people: People, signed_in: SignIn) -> None:
    adam, finance = signed_in(people.adam), people.finance.id
    names = ("first_message", "response", "update", "resolution", "escalate")
    fields = {f"l{level}_{name}_minutes": "" for level in (1, 2, 3, 4) for name in names}
    fields |= {"l2_update_minutes": "20", "l2_escalate_minutes": "7"}
    assert factories.post_form(adam, "/admin/promises", fields).status_code == 303
    agreed = fields | {"l1_response_minutes": "5", "l2_escalate_minutes": ""}
    assert factories.post_form(adam, f"/admin/promises?department={finance}", agreed).status_code == 303
    chosen = {"user_id": [str(people.tomas.id)]}
    assert factories.post_form(adam, "/admin/promises/management", chosen).status_code == 303
    assert factories.post_form(adam, "/admin/promises/management", {"user_id": [str(people.ana.id)]}).status_code == 303
    with app.app_context():
        assert queries.general_targets()[2] == Targets(update_minutes=20, escalate_minutes=7)
        own = {1: Targets(response_minutes=5), 2: Targets(update_minutes=20)}
        assert queries.department_policies() == {finance: own}  # what is empty is as for all
        assert queries.managers() == [people.tomas.id]
    assert factories.post_form(adam, f"/admin/promises/departments/{finance}/delete").status_code == 303
    assert factories.post_form(adam, "/admin/promises/management").status_code == 303
    assert factories.post_form(adam, "/admin/promises", {"l1_update_minutes": "0"}).status_code == 422
    with app.app_context():
        assert queries.department_policies() == {}
        assert queries.managers() == [people.adam.id]


def test_only_administrators_do(cast: Cast) -> None:
    for change in (lambda: actions.change_managers(cast.teresa, []), lambda: actions.drop_department(cast.teresa, 1)):
        with pytest.raises(Forbidden):
            change()
