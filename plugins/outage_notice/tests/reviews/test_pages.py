"""The pages of reviews and reports: what comes back to the form, what is refused, what goes out as a file."""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.catalog.models import Service
from helpdesk.core.clock import FixedClock
from helpdesk.scheduling.relay import run_until_idle
from helpdesk.tickets.actions import open_ticket
from helpdesk.tickets.rules import NewTicket
from plugins.outage_notice.announcements import actions as announcing
from plugins.outage_notice.announcements.models import Announcement
from plugins.outage_notice.announcements.rules import Checked, Texts
from plugins.outage_notice.reviews import actions
from plugins.outage_notice.reviews.rules import Cause, Readers
from plugins.outage_notice.reviews.rules.months import read_range
from plugins.outage_notice.reviews.views.reporting import cell
from plugins.outage_notice.tests.announcing import department, publish
from plugins.outage_notice.tests.outages.conftest import open_ticket as open_vpn_ticket
from plugins.outage_notice.tests.reviews.conftest import outage_of
from plugins.outage_notice.tests.reviews.test_reviewing import act, action_rows, published, reviewed
from tests import factories
from tests.fixtures import People

Browser = Callable[[Any], FlaskClient]
EVIL = "<script>alert(1)</script>![x](file:///etc/passwd)<img src=http://127.0.0.1:9/x>"


def text_of(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.get_data(as_text=True)


def test_two_writers_lose_nothing(signed_in: Browser, people: People, outage: Announcement) -> None:
    teresa, tomas = signed_in(people.teresa), signed_in(people.tomas)
    edit = f"/announcements/{outage.id}/review/edit"
    first = factories.post_form(teresa, edit, {"revision": "0", "summary": "A certificate expired."})
    assert first.location == f"/announcements/{outage.id}/review"
    stale = factories.post_form(tomas, edit, {"revision": "0", "summary": "The gateway was down.", "luck": "Sunday"})
    page = stale.get_data(as_text=True)
    assert stale.status_code == 412
    assert "A certificate expired." in page
    assert "The gateway was down." in page
    again = factories.post_form(tomas, edit, {"revision": "1", "summary": "Both.", "luck": "Sunday"})
    assert again.status_code == 302
    assert reviewed(outage, people).summary == "Both."


def test_everybody_reads_the_public_summary_and_nothing_else(
    app: Flask, signed_in: Browser, people: People, vpn: Service, clock: FixedClock
) -> None:
    outage = outage_of(people, clock, vpn, is_public=True, translations={"es": Texts("La VPN no funciona")})
    address, stranger = f"/status/reviews/{outage.id}", app.test_client()
    texts = {"summary": "Secret summary", "root_cause": "Secret cause", "public_summary": "It **broke**." + EVIL}
    act(actions.save_review, people.teresa, outage.id, texts)
    teresa, review = signed_in(people.teresa), f"/announcements/{outage.id}/review"
    for readers in (None, Readers.staff, Readers.affected):
        if readers is not None:
            act(actions.publish_review, people.teresa, outage.id, readers)
        assert stranger.get(address).status_code == 404
        assert address not in text_of(teresa, review)
    act(actions.publish_review, people.teresa, outage.id, Readers.public)
    assert address in text_of(teresa, review)

    answer = stranger.get(address, headers={"Accept-Language": "es"})
    page = answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["Vary"] == "Accept-Language"
    assert "Set-Cookie" not in answer.headers
    assert (
        stranger.get(address, headers={"Accept-Language": "es", "If-None-Match": answer.headers["ETag"]}).status_code
        == 304
    )
    assert '<html lang="es"' in page
    assert "La VPN no funciona" in page
    assert "<strong>broke</strong>" in page
    assert not any(
        word in page for word in ("Secret", "Teresa", "<script>alert", "Finance", "csrf-token", "data-viewer")
    )

    mine = signed_in(people.ana).get(address)  # her own page is kept by nobody
    assert (mine.status_code, mine.headers["Cache-Control"]) == (200, "no-store")
    act(announcing.reopen, people.teresa, outage.id, "It is back.")
    assert stranger.get(address).status_code == 404


def test_an_action_gets_a_ticket_once(signed_in: Browser, people: People, outage: Announcement) -> None:
    teresa = signed_in(people.teresa)
    base = f"/announcements/{outage.id}/review/actions"
    new = {"what": "Watch certificates", "owner_id": str(people.carla.id), "due_on": "2026-04-01"}
    assert factories.post_form(teresa, base, new).status_code == 302
    [row] = action_rows(outage)
    for _press in range(2):
        assert factories.post_form(teresa, f"{base}/{row.id}/ticket", {"do": "open"}).status_code == 302
    [row] = action_rows(outage)
    assert row.ticket_id is not None
    assert "Watch certificates" in text_of(teresa, "/tickets?q=certificates")
    ticket = act(open_ticket, people.teresa, NewTicket("Other", "Other"))
    factories.post_form(teresa, f"{base}/{row.id}/ticket", {"do": "link", "number": str(ticket.number)})
    assert action_rows(outage)[0].ticket_id == ticket.id
    factories.post_form(teresa, f"{base}/{row.id}/ticket", {"do": "link", "number": ""})
    assert action_rows(outage)[0].ticket_id is None


def test_the_owner_sees_what_is_due_until_it_is_done(
    signed_in: Browser, people: People, outage: Announcement, clock: FixedClock
) -> None:
    new = {"what": "Watch certificates", "owner_id": str(people.carla.id), "due_on": str(clock.now().date())}
    factories.post_form(signed_in(people.teresa), f"/announcements/{outage.id}/review/actions", new)
    carla = signed_in(people.carla)
    assert "1 action from a review is due." in text_of(carla, "/tickets")
    assert "Watch certificates" in text_of(carla, "/reviews")
    [row] = action_rows(outage)
    factories.post_form(carla, f"/announcements/{outage.id}/review/actions/{row.id}/done", {"is_done": "1"})
    assert "action from a review" not in text_of(carla, "/tickets")


def test_those_affected_answer_once_and_read_what_was_published(
    signed_in: Browser, people: People, outage: Announcement
) -> None:
    ana, carla = signed_in(people.ana), signed_in(people.carla)
    notice = f"/notices/{outage.id}"
    assert "Did our messages help you?" in text_of(ana, notice)
    for answer in ("no", "partly"):
        assert factories.post_form(ana, f"{notice}/feedback", {"answer": answer, "comment": "Late."}).status_code == 302
    page = text_of(carla, f"/announcements/{outage.id}/review")
    assert "1 answer)" in page
    assert "Late." in page
    text_of(ana, f"{notice}/review", 404)
    published(people, outage, Readers.affected)
    assert "VPN was down." in text_of(ana, f"{notice}/review")
    assert "A certificate expired." not in text_of(ana, f"{notice}/review")
    text_of(signed_in(people.bruno), f"{notice}/review", 404)


def test_the_list_counts_tickets_and_leads_to_the_review(
    app: Flask, signed_in: Browser, people: People, vpn: Service, outage: Announcement
) -> None:
    running = publish(people.teresa, department(people.finance), services=(vpn,))
    for _ticket in range(2):
        open_vpn_ticket(people.ana, vpn)
    run_until_idle(app)
    published(people, outage, Readers.staff)
    for address in ("/announcements", "/announcements?tab=past"):
        page = text_of(signed_in(people.carla), address)
        assert f'<a href="/announcements/{outage.id}/review">Read review<' in page
        assert page.count("Read review") == 1
        tickets = f'<a href="/announcements/{running.id}/tickets">2 tickets<'
        assert (tickets in page) is (address == "/announcements")


def test_a_review_says_who_checked_what_or_that_nobody_did(
    signed_in: Browser, people: People, vpn: Service, clock: FixedClock, outage: Announcement
) -> None:
    checked = outage_of(people, clock, vpn, checked=[Checked("Tried it", people.carla.id)])
    carla = signed_in(people.carla)
    for record, said in ((checked, "Checked by Carla: Tried it"), (outage, "Not validated: nobody wrote down")):
        base = f"/announcements/{record.id}/review"
        for address in (base, f"{base}.html"):
            assert text_of(carla, address).count(said) == 2, address  # in a section of its own and in the timeline
        assert "Who sees it: Finance" in text_of(carla, f"{base}.html")


def test_the_review_of_a_drill_says_so_everywhere(
    signed_in: Browser, people: People, vpn: Service, clock: FixedClock
) -> None:
    drill = outage_of(people, clock, vpn, is_drill=True)
    published(people, drill, Readers.affected)
    teresa, base = signed_in(people.teresa), f"/announcements/{drill.id}/review"
    for address in (base, f"{base}/edit"):
        assert "This was a drill: nothing was broken." in text_of(teresa, address), address
    for address in (f"{base}.html", "/reviews"):
        assert "· Drill" in text_of(teresa, address), address
    assert ">Drill</span>" in text_of(signed_in(people.ana), f"/notices/{drill.id}/review")


BAD_FORMS: dict[str, list[dict[str, str]]] = {
    "review/edit": [
        {"summary": "x" * 8001},
        {"summary": "a\0b"},
        {"cause": "somebody"},
        {"revision": "-1"},
        {"revision": "99999999999999999999"},
        {"noticed_at": "soon"},
        {"found_at": "2030-01-01T00:00"},
        {"found_at": "1999-01-01T00:00"},
    ],
    "review/publish": [{"readers": "everybody"}, {"readers": ""}, {"readers": "public"}],
    "review/actions": [
        {},
        {"what": "x", "owner_id": "1", "due_on": "2026-13-01"},
        {"what": "x" * 201, "owner_id": "1", "due_on": "2026-04-01"},
        {"what": "x\ty\0", "owner_id": "1", "due_on": "2026-04-01"},
        {"what": "x", "owner_id": "99999999999999999999", "due_on": "2026-04-01"},
        {"what": "x", "owner_id": "ana", "due_on": "2026-04-01"},
        {"what": "x", "owner_id": "{carla}", "due_on": "9999-12-31"},
        {"what": "x", "owner_id": "{carla}", "due_on": "0001-01-01"},
    ],
    "review/actions/{action}": [{"what": ""}, {"what": "x", "owner_id": "{ana}", "due_on": "2026-04-01"}],
    "review/actions/{action}/ticket": [{"number": "x"}, {"number": "-3"}, {"number": "9" * 30}, {"number": "987654"}],
    "review/feedback": [{}, {"answer": "maybe"}, {"answer": "yes", "comment": "x" * 1001}],
    "timeline/{entry}/correct": [{}, {"text": " "}, {"text": "x" * 8001}, {"text": "\x1b[2J"}],
}


def test_bad_input_comes_back_to_its_form(signed_in: Browser, people: People, outage: Announcement) -> None:
    teresa = signed_in(people.teresa)
    act(actions.save_review, people.teresa, outage.id, {"summary": "It broke.", "public_summary": "It broke."})
    new = {"what": "Watch", "owner_id": str(people.carla.id), "due_on": "2026-04-01"}
    factories.post_form(teresa, f"/announcements/{outage.id}/review/actions", new)
    page = text_of(teresa, f"/announcements/{outage.id}/review")
    entry = re.search(r"/timeline/(\d+)/correct", page)
    assert entry is not None
    names = {"action": action_rows(outage)[0].id, "entry": entry[1], "carla": people.carla.id, "ana": people.ana.id}
    for address, forms in BAD_FORMS.items():
        for form in forms:
            sent = {name: value.format(**names) for name, value in form.items()}
            answer = factories.post_form(teresa, f"/announcements/{outage.id}/{address.format(**names)}", sent)
            assert answer.status_code in (412, 422), (address, form, answer.status_code)
    for form in ({}, {"answer": "maybe"}, {"answer": "yes", "comment": "x" * 1001}):
        answer = factories.post_form(signed_in(people.ana), f"/notices/{outage.id}/feedback", form)
        assert answer.status_code == 422
    huge = f"/announcements/{outage.id}/review/actions/{2**70}"
    for address in (huge, f"{huge}/done", f"{huge}/ticket", f"/announcements/{outage.id}/timeline/{2**70}/correct"):
        assert factories.post_form(teresa, address, {"is_done": "1"}).status_code == 404, address
    for address in ("/announcements/2147483648/review", f"/announcements/{2**70}/review", "/announcements/0/review"):
        assert teresa.get(address).status_code == 404


def test_the_api_reads_and_writes_a_review(signed_in: Browser, people: People, outage: Announcement) -> None:
    teresa = signed_in(people.teresa)
    token = {"Authorization": f"Bearer {factories.make_token(people.teresa)}"}
    address = f"/api/v1/announcements/{outage.id}/review"
    first = teresa.get(address, headers=token)
    assert (first.json["revision"], first.headers["ETag"]) == (0, '"0"')
    body = {"summary": "It broke.", "cause": "change", "published_to": "staff"}
    saved = teresa.patch(address, json=body, headers=token | {"If-Match": '"0"'})
    assert (saved.status_code, saved.json["published_to"]) == (200, "staff")
    stale = teresa.patch(address, json={"summary": "Mine."}, headers=token | {"If-Match": '"0"'})
    assert stale.status_code == 412
    for bad in (
        {"cause": "somebody"},
        {"summary": "x" * 8001},
        {"summary": None},
        {"owner": 1},
        {"noticed_at": "2026-03-12T09:00:00"},
        {"noticed_at": "9999-12-31T23:59:59Z"},
        {"published_to": "public"},
        {"published_to": ["staff"]},
        [],
    ):
        answer = teresa.patch(address, json=bad, headers=token)
        assert answer.status_code in (400, 422), bad
    back = teresa.patch(address, json={"published_to": None}, headers=token)
    assert back.json["published_to"] is None


def test_files_hold_the_review_and_run_nothing(
    signed_in: Browser, people: People, clock: FixedClock, outage: Announcement
) -> None:
    texts = {"summary": f"Señal perdida, ação concluída {EVIL}", "went_well": f"{EVIL}\nЖ 🙂", "root_cause": EVIL}
    act(actions.save_review, people.teresa, outage.id, texts)
    carla = signed_in(people.carla)
    html = carla.get(f"/announcements/{outage.id}/review.html")
    page = html.get_data(as_text=True)
    assert html.headers["Content-Disposition"].startswith("attachment")
    assert "Señal perdida" in page
    assert not re.search(r"<(script|img|link|iframe|object)\b", page)
    assert "href" not in page
    pdf = carla.get(f"/announcements/{outage.id}/review.pdf")
    data = pdf.get_data()
    assert data.startswith(b"%PDF-")
    assert b"/Lang (en)" in data
    assert b"/FontFile2" in data  # embedded
    assert b"/ToUnicode" in data  # can be selected and searched
    assert not re.search(rb"/(URI|JavaScript|Launch|EmbeddedFile|Subtype /Image)\b", data + b"".join(unpacked(data)))


def unpacked(data: bytes) -> Iterator[bytes]:
    for stream in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL):
        try:
            yield zlib.decompress(stream[1])
        except zlib.error:
            continue


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_cells_never_begin_a_formula(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_cells_keep_numbers_and_other_texts() -> None:
    assert [cell(v) for v in (-1.5, 3, "a=b", None, "\0=1", "")] == ["-1.5", "3", "a=b", "", "'=1", ""]


def test_reports_count_what_happened_without_drills(
    signed_in: Browser, people: People, clock: FixedClock, outage: Announcement, vpn: Any
) -> None:
    outage_of(people, clock, vpn, is_drill=True)
    outage_of(people, clock, vpn, title="=HYPERLINK(1)")
    carla = signed_in(people.carla)
    page = text_of(carla, "/reports?from=2026-03&to=2026-03")
    assert "2 outages began in these months." in page
    rows = list(csv.reader(io.StringIO(text_of(carla, "/reports/outages.csv").removeprefix("\ufeff"))))
    assert [row[1] for row in rows[1:]] == ["'=HYPERLINK(1)", "VPN is down for everyone at home"]
    assert [row[9] for row in rows[1:]] == ["65.0", "65.0"]
    table = list(csv.reader(io.StringIO(text_of(carla, "/reports/availability.csv").removeprefix("\ufeff"))))
    assert table[1][0] == "VPN"
    assert table[1][2] == "130.0"
    act(actions.save_review, people.teresa, outage.id, {"cause": Cause.certificate})
    assert (rows[0][12:], rows[1][12:]) == (["Month", "Departments"], ["2026-03", "Administration"])
    figures = list(csv.DictReader(io.StringIO(text_of(carla, "/reports/figures.csv").removeprefix("\ufeff"))))
    told = {
        "To notice, median (minutes)": "10.0",
        "To resolution, median (minutes)": "65.0",
        "Certificate or licence": "1",
    }
    for name, count in (("All", "2"), ("Administration", "2"), ("Commerce", "0")):
        [line] = [f for f in figures if (f["Month"], f["Department"]) == ("2026-03", name)]
        assert line["Outages"] == count, name
        assert count == "0" or told.items() <= line.items(), name
    assert {f["Month"] for f in figures} == set(map(str, read_range("", "", clock.now(), ZoneInfo("UTC")).months))
    lines = re.findall(r'<th scope="row">(Mar 2026|Administration|Commerce)</th><td class="num"[^>]*>(.*?)</tr>', page)
    cells = {name: re.sub(r"<[^>]+>", "|", line) for name, line in lines}
    assert "2||10 min||10 min||1 h 5 min||" in cells["Administration"]
    assert cells["Commerce"].startswith("0||–||–||–||–||–")
    finance = f"/reports?department={people.finance.id}&service={vpn.id}"
    assert "2 outages began" in text_of(carla, finance)
    assert "0 outages began" in text_of(carla, f"/reports?department={people.sales.id}")
    assert "0 outages began" in text_of(carla, "/reports?from=2025-01&to=2025-03")


@pytest.mark.parametrize(
    "query", ["from=x&to=y", "from=2026-99", "from=0000-01", "from=2026-12&to=2026-01", "from=2000-01&to=2099-12",
              "department=-1", "department=99999999999", "service=1e5", "service=%20", "from=2026-03x"],
)  # fmt: skip
def test_reports_take_any_question(signed_in: Browser, people: People, query: str) -> None:
    carla = signed_in(people.carla)
    for address in ("/reports", "/reports/outages.csv", "/reports/availability.csv", "/reports/figures.csv"):
        assert carla.get(f"{address}?{query}").status_code == 200, address
