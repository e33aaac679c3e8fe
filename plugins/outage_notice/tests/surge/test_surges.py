"""From the eighth ticket to the outage: the hint, its evidence, declaring it, silencing it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from helpdesk.audit.models import AuditEntry
from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.errors import Conflict, Forbidden, Invalid, NotFound
from helpdesk.tickets.rules import Status, Waiting
from plugins.outage_notice.announcements import actions as announcements
from plugins.outage_notice.announcements.models import Announcement, TimelineEntry
from plugins.outage_notice.announcements.queries.records import draft_of
from plugins.outage_notice.announcements.rules import Kind
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.outages.actions import surges as actions
from plugins.outage_notice.outages.actions.surge_limits import change_limits
from plugins.outage_notice.outages.actions.surges import notice_ticket
from plugins.outage_notice.outages.models import SurgeHour, SurgeReport
from plugins.outage_notice.outages.queries.surges import present_surge
from plugins.outage_notice.outages.rules import By, How
from plugins.outage_notice.outages.rules.surges import Limits, SurgeState
from plugins.outage_notice.tests.announcing import EVERYONE, department, publish
from plugins.outage_notice.tests.outages.conftest import Settle, act, call, link_of, messages, open_ticket, reload
from plugins.outage_notice.tests.surge.conftest import Crowd, surges
from tests import factories
from tests.fixtures import People

pytestmark = pytest.mark.by_turns

SignedIn = Callable[[object], FlaskClient]


def test_the_eighth_ticket_makes_it_a_surge(app: Flask, vpn: Service, crowd: Crowd, clock: FixedClock) -> None:
    crowd(7, vpn)
    assert surges(app) == []
    first = clock.now()
    crowd(1, vpn)  # one of the seven again
    [surge] = surges(app)
    assert (surge.service_id, surge.people, surge.needed, surge.state) == (vpn.id, 7, 8, SurgeState.open)
    assert surge.detected_at == clock.now()
    assert surge.first_at < first


def test_two_people_with_many_tickets_are_one_and_so_many_may_be_asked_for(
    app: Flask, people: People, vpn: Service, crowd: Crowd, settle: Settle
) -> None:
    for _n in range(4):
        crowd(2, vpn)
    assert [s.people for s in surges(app)] == [2]
    mail = factories.make_service("E-mail", people.town_hall)
    act(change_limits, people.teresa, Limits(people=8))
    for _n in range(4):
        crowd(7, mail)
    assert len(surges(app)) == 1
    with pytest.raises(Invalid):
        act(change_limits, people.teresa, Limits(people=9))


def test_one_person_with_many_tickets_is_none(app: Flask, people: People, vpn: Service, settle: Settle) -> None:
    for _n in range(12):
        open_ticket(people.ana, vpn)
    settle()
    assert surges(app) == []


def test_tickets_far_apart_are_none(app: Flask, vpn: Service, crowd: Crowd, clock: FixedClock) -> None:
    crowd(5, vpn)
    clock.advance(minutes=11)
    crowd(7, vpn)
    assert surges(app) == []


def test_an_hour_that_is_always_busy_is_none(app: Flask, vpn: Service, crowd: Crowd, clock: FixedClock) -> None:
    with app.app_context():
        hour = clock.now().replace(minute=0)
        for weeks in range(1, 9):
            for key in ("all", f"service:{vpn.id}"):
                db.session.add(SurgeHour(key=key, hour=hour - timedelta(weeks=weeks), tickets=30, peak=9))
        db.session.commit()
    crowd(12, vpn)
    assert surges(app) == []
    crowd(30, vpn)
    assert len(surges(app)) == 1


def test_tickets_without_a_service_are_found_by_their_words(app: Flask, people: People, crowd: Crowd) -> None:
    crowd(8, None, "Citrix window stays black")
    [surge] = surges(app)  # one, though its tickets share several words
    assert surge.service_id is None
    assert surge.word in ("citrix", "window", "stays", "black")


def test_words_that_name_a_service_count_for_it(app: Flask, people: People, crowd: Crowd) -> None:
    erp = factories.make_service("ERP", people.town_hall, keywords="invoices")
    crowd(8, None, "Cannot open invoices")
    assert [s.service_id for s in surges(app)] == [erp.id]


def test_what_they_share_is_neither_a_filler_word_nor_a_common_one(
    app: Flask, people: People, crowd: Crowd, clock: FixedClock, settle: Settle, signed_in: SignedIn
) -> None:
    with app.app_context():  # people ask about printing every day
        hour = clock.now().replace(minute=0)
        db.session.add_all(
            SurgeHour(key="word:print", hour=hour - timedelta(days=days, hours=3), tickets=2, peak=1)
            for days in range(1, 6)
        )
        db.session.commit()
    tickets = crowd(8, None, "Impossible to print")
    [surge] = surges(app)
    assert surge.word == "print"
    seen = signed_in(people.carla).get(f"/outages/surges/{surge.id}/tickets").get_data(as_text=True)
    assert all(f"#{ticket.number}" in seen for ticket in tickets)
    draft = act(actions.declare, people.teresa, surge.id)
    with app.app_context():
        wanted = draft_of(db.session.get_one(Announcement, draft.id))
    assert wanted.keywords == "Impossible to print"
    assert wanted.title == "Something is wrong with “Impossible to print”"
    act(announcements.publish, people.teresa, draft.id)
    settle()
    assert all(link_of(ticket) is not None for ticket in tickets)
    others = [open_ticket(people.ana, None, words) for words in ("Impossible to reach payroll", "How do I print?")]
    settle()
    assert [link_of(ticket) for ticket in others] == [None, None]


def test_publishing_answers_the_tickets_of_the_surge_unless_it_shall_not(
    app: Flask, people: People, vpn: Service, crowd: Crowd, settle: Settle, signed_in: SignedIn,
    fields: Callable[..., dict[str, str]],
) -> None:  # fmt: skip
    tickets, mail = crowd(8, vpn), factories.make_service("E-mail", people.town_hall)
    again = crowd(1, vpn)
    page = f"/announcements/{act(actions.declare, people.teresa, surges(app)[0].id).id}"
    client = signed_in(people.teresa)
    text = client.get(f"{page}/edit").get_data(as_text=True)
    assert "When you publish, 9 tickets are linked" in text
    assert 'name="answer_surge" value="y" form="composer" checked' in text
    act(announcements.publish, people.teresa, int(page.rpartition("/")[2]))
    settle()
    settle()
    answered = [messages(app, ticket, "VPN is down for Finance, since") for ticket in tickets]
    assert [len(found) for found in answered] == [1] * 8
    assert messages(app, again[0], "VPN is down for Finance, since") == []  # the same person was told
    assert reload(tickets[0]).waiting_on is Waiting.outage
    late = crowd(8, mail, "No letter arrives")
    draft = act(actions.declare, people.teresa, surges(app)[1].id)
    form = fields(do="save", revision=draft.revision, surge_tickets="1", title="Mail stands still")
    form |= {"services": [str(mail.id)]}
    assert factories.post_form(client, f"/announcements/{draft.id}/edit", form).status_code == 302
    assert 'form="composer" checked' not in client.get(f"/announcements/{draft.id}/edit").get_data(as_text=True)
    assert "They are not answered." in client.get(f"/announcements/{draft.id}").get_data(as_text=True)
    headers = factories.api_headers(people.teresa)
    for answers, words, written in ((True, "Mail stands still", late), (False, "Wi-Fi is down", [])):
        if not written:
            written = crowd(8, factories.make_service("Wi-Fi", people.town_hall), "Cable wanted")
            draft = act(actions.declare, people.teresa, surges(app)[2].id)
        publish_url = f"/api/v1/announcements/{draft.id}/publish"
        assert client.post(publish_url, json={"answer_tickets": answers}, headers=headers).status_code == 200
        settle()
        settle()
        link = link_of(written[0])
        assert link is not None
        assert link.announcement_id == draft.id
        assert len(messages(app, written[0], words)) == answers


def test_a_ticket_counts_once(app: Flask, people: People, vpn: Service) -> None:
    ticket = open_ticket(people.ana, vpn)
    for _n in range(3):
        call(notice_ticket, ticket.id)
    with app.app_context():
        assert {(h.key, h.tickets) for h in db.session.query(SurgeHour)} == {("all", 1), (f"service:{vpn.id}", 1)}
        assert db.session.query(SurgeReport).count() == 2


def test_a_running_outage_covers_its_service_and_what_is_part_of_it(
    app: Flask, people: People, vpn: Service, crowd: Crowd, settle: Settle
) -> None:
    publish(people.teresa, EVERYONE, services=(vpn,))
    crowd(9, factories.make_service("Token", people.town_hall, parent_id=vpn.id))
    [*_rest, last] = crowd(9, vpn)
    assert surges(app) == []
    assert link_of(last) is not None  # they join by rule instead


def test_an_outage_of_others_covers_nothing(
    app: Flask, people: People, vpn: Service, crowd: Crowd, clock: FixedClock
) -> None:
    publish(people.teresa, department(people.sales), services=(vpn,))
    crowd(14, vpn, department=people.sales)
    assert surges(app) == []  # theirs join by rule
    crowd(7, vpn, department=people.finance)
    assert surges(app) == []
    crowd(1, vpn, department=people.finance)
    assert len(surges(app)) == 1
    assert call(present_surge, clock.now()) is not None


def test_a_maintenance_that_starts_later_covers_nothing(
    app: Flask, people: People, vpn: Service, crowd: Crowd, clock: FixedClock
) -> None:
    later = clock.now() + timedelta(days=1)
    publish(
        people.teresa,
        EVERYONE,
        services=(vpn,),
        kind=Kind.maintenance,
        severity=3,
        starts_at=later,
        planned_end_at=later + timedelta(hours=2),
    )
    crowd(8, vpn)
    assert len(surges(app)) == 1


def test_the_hint_says_what_speaks_for_it(people: People, vpn: Service, crowd: Crowd, signed_in: SignedIn) -> None:
    crowd(7, vpn, "VPN: gateway not reachable", people.sales)
    crowd(3, vpn, "Gateway not reachable from home", people.finance)
    page = signed_in(people.carla).get("/tickets").get_data(as_text=True)
    assert "10 tickets about VPN in 10 minutes. Declare an outage?" in page
    assert "Normal for this hour: 0." in page
    assert "From Sales and Finance." in page
    assert "“gateway not reachable” in 10 of 10." in page
    assert "Looks like the VPN surge" in page
    assert "/declare" not in page  # agents do not publish
    page = signed_in(people.teresa).get("/tickets").get_data(as_text=True)
    assert "/declare" in page
    piece = signed_in(people.teresa).get("/outages/surge").get_data(as_text=True)
    assert "data-surge-id" in piece
    assert "<html" not in piece


def test_requesters_learn_nothing_of_it(people: People, vpn: Service, crowd: Crowd, signed_in: SignedIn) -> None:
    crowd(8, vpn)
    client = signed_in(people.ana)
    assert "surge" not in client.get("/tickets").get_data(as_text=True)
    assert client.get("/outages/surge").status_code == 403


def test_declaring_prefills_links_and_keeps_the_evidence(
    app: Flask, people: People, vpn: Service, crowd: Crowd, clock: FixedClock, settle: Settle
) -> None:
    tickets = [*crowd(6, vpn, department=people.sales), *crowd(3, vpn, department=people.finance)]
    stranger = open_ticket(people.carla, vpn)  # of a department that nobody chose
    [surge] = surges(app)
    draft = act(actions.declare, people.teresa, surge.id)
    assert act(actions.declare, people.teresa, surge.id).id == draft.id  # pressed twice
    with app.app_context():
        wanted = draft_of(db.session.get_one(Announcement, draft.id))
    assert wanted.title == "VPN is down for Sales and Finance"
    assert [s.service_id for s in wanted.services] == [vpn.id]
    assert set(wanted.audience) == {Target(TargetKind.department, str(d.id)) for d in (people.sales, people.finance)}
    assert wanted.starts_at == tickets[0].created_at
    assert wanted.keywords == "Gateway not reachable"
    assert link_of(tickets[0]) is None  # a draft changes nothing

    act(announcements.publish, people.teresa, draft.id)
    settle()
    for ticket in tickets:
        link = link_of(ticket)
        assert link is not None
        assert (link.announcement_id, link.how, link.by) == (draft.id, How.rule, By.surge)
        assert reload(ticket).status is Status.pending
    assert link_of(stranger) is None
    assert surges(app)[0].state is SurgeState.declared
    with app.app_context():
        [entry] = db.session.query(TimelineEntry).filter_by(announcement_id=draft.id, kind="surge_noticed")
        assert not entry.is_public
        assert entry.data["detected_at"] == surge.detected_at.isoformat()
        assert (entry.data["people"], entry.data["about"], entry.data["needed"]) == (9, "VPN", 8)
        assert call(present_surge, clock.now()) is None


def test_what_is_scheduled_links_the_tickets_when_it_is_shown(
    app: Flask, people: People, vpn: Service, crowd: Crowd, clock: FixedClock, settle: Settle
) -> None:
    tickets = crowd(8, vpn, department=people.finance)
    [surge] = surges(app)
    draft = act(actions.declare, people.teresa, surge.id)
    shown_at = clock.now() + timedelta(days=3)  # the counts of the surge are forgotten by then
    act(
        announcements.change_draft,
        people.teresa,
        draft.id,
        {"show_from": shown_at, "next_update_at": None, "severity": 3},
    )
    act(announcements.publish, people.teresa, draft.id)
    settle()
    clock.advance(minutes=5)
    [later, *_rest] = crowd(9, vpn, department=people.finance)
    assert [s.state for s in surges(app)] == [SurgeState.declared]  # no second hint about what is known
    assert [link_of(t) for t in tickets] == [None] * len(tickets)

    for _day in range(3):
        call(actions.fade_and_forget, clock.now())
        clock.advance(hours=24)
    call(actions.fade_and_forget, clock.now())
    call(announcements.fire_due_steps, clock.now())
    settle()
    links = [link_of(t) for t in tickets]
    assert [link and (link.announcement_id, link.by) for link in links] == [(draft.id, By.surge)] * len(tickets)
    assert reload(tickets[0]).status is Status.pending
    assert link_of(later) is not None  # who wrote between publishing and showing waits for it too


def test_a_surge_of_words_links_by_hand_of_its_outage(app: Flask, people: People, crowd: Crowd, settle: Settle) -> None:
    tickets = crowd(8, None, "Citrix window stays black", people.sales)
    draft = act(actions.declare, people.teresa, surges(app)[0].id)
    assert "citrix" in draft.keywords.casefold()
    act(announcements.publish, people.teresa, draft.id)
    settle()
    assert all(link_of(t) is not None for t in tickets)


def test_a_deleted_draft_gives_the_hint_back(app: Flask, people: People, vpn: Service, crowd: Crowd) -> None:
    crowd(8, vpn)
    [surge] = surges(app)
    draft = act(actions.declare, people.teresa, surge.id)
    act(announcements.delete_draft, people.teresa, draft.id)
    assert surges(app)[0].announcement_id is None
    again = act(actions.declare, people.teresa, surge.id)
    assert surges(app)[0].announcement_id == again.id


def test_not_an_outage_is_quiet_for_an_hour(
    app: Flask, people: People, vpn: Service, crowd: Crowd, clock: FixedClock
) -> None:
    crowd(8, vpn)
    [surge] = surges(app)
    act(actions.silence, people.carla, surge.id)
    act(actions.silence, people.carla, surge.id)
    [surge] = surges(app)
    assert (surge.state, surge.settled_by_id) == (SurgeState.silenced, people.carla.id)
    assert surge.evidence["people"] == 8
    with app.app_context():
        [entry] = db.session.query(AuditEntry).filter_by(action="surge.silenced")
        assert entry.actor_id == people.carla.id
    clock.advance(minutes=50)
    crowd(9, vpn)
    assert len(surges(app)) == 1
    clock.advance(minutes=12)
    crowd(9, vpn)
    assert [s.state for s in surges(app)] == [SurgeState.silenced, SurgeState.open]


def test_silence_covers_the_other_words_of_the_same_tickets(app: Flask, people: People, crowd: Crowd) -> None:
    crowd(8, None, "Citrix window stays black")
    act(actions.silence, people.carla, surges(app)[0].id)
    crowd(9, None, "Citrix window stays black")
    assert len(surges(app)) == 1


def test_a_surge_fades(app: Flask, people: People, vpn: Service, crowd: Crowd, clock: FixedClock) -> None:
    crowd(8, vpn)
    clock.advance(minutes=31)
    assert call(present_surge, clock.now()) is None
    assert call(actions.fade_and_forget, clock.now()) == 1
    assert surges(app)[0].state is SurgeState.faded
    with pytest.raises(Conflict):
        act(actions.declare, people.teresa, surges(app)[0].id)
    clock.advance(weeks=10)
    call(actions.fade_and_forget, clock.now())
    with app.app_context():
        assert db.session.query(SurgeReport).count() == db.session.query(SurgeHour).count() == 0


def test_who_may_do_what(app: Flask, people: People, vpn: Service, crowd: Crowd, signed_in: SignedIn) -> None:
    crowd(8, vpn)
    [surge] = surges(app)
    with pytest.raises(NotFound):
        act(actions.silence, people.ana, surge.id)
    with pytest.raises(NotFound):
        act(actions.declare, people.ana, surge.id)
    with pytest.raises(Forbidden):
        act(actions.declare, people.carla, surge.id)
    with pytest.raises(NotFound):
        act(actions.silence, people.carla, 2**40)
    client = signed_in(people.teresa)
    answer = factories.post_form(client, f"/outages/surges/{surge.id}/declare")
    assert answer.status_code == 303
    assert answer.location.endswith("/edit")
    assert "VPN is down for Finance" in client.get(answer.location).get_data(as_text=True)
    assert "Continue the draft" in client.get("/tickets").get_data(as_text=True)
    assert factories.post_form(client, f"/outages/surges/{surge.id}/silence").status_code == 303
    assert "surge__t" not in client.get("/tickets").get_data(as_text=True)


def test_the_limits_are_settings(app: Flask, people: People, vpn: Service, crowd: Crowd, signed_in: SignedIn) -> None:
    client = signed_in(people.teresa)
    form = {"tickets": "4", "people": "2", "factor": "3", "minutes": "15", "silence_minutes": "30"}
    for name, value in (("tickets", "1"), ("tickets", "x"), ("factor", "nan"), ("factor", "1e9"), ("minutes", "")):
        answer = factories.post_form(client, "/announcements/surges", form | {name: value})
        assert answer.status_code == 422, (name, value)
        assert f'id="{name}-err"' in answer.get_data(as_text=True), (name, value)
    assert factories.post_form(client, "/announcements/surges", form).status_code == 303
    assert 'value="15"' in client.get("/announcements/surges").get_data(as_text=True)
    crowd(4, vpn)
    assert surges(app)[0].window_minutes == 15
    with pytest.raises(Invalid) as refused:
        act(change_limits, people.teresa, Limits(tickets=0, minutes=1000))
    assert set(refused.value.fields) == {"tickets", "minutes"}
    with pytest.raises(Forbidden):
        act(change_limits, people.carla, Limits())


def test_the_check_of_a_ticket_costs_the_same_with_history(
    app: Flask, people: People, vpn: Service, clock: FixedClock
) -> None:
    def statements() -> int:
        ticket = open_ticket(people.ana, vpn)
        with app.app_context():
            seen: list[str] = []
            event.listen(db.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
            notice_ticket(ticket.id)
        return len(seen)

    first = statements()
    with app.app_context():
        hour = ticket_hour = open_ticket(people.bruno, vpn).created_at.replace(minute=0, second=0, microsecond=0)
        for back in range(1, 1500):
            db.session.add(SurgeHour(key=f"service:{vpn.id}", hour=hour - timedelta(hours=back), tickets=1, peak=1))
        db.session.commit()
        assert ticket_hour == hour
    clock.advance(hours=2)
    assert statements() <= first
