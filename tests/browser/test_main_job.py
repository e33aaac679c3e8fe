"""The main job, end to end: real browsers, the real program, nothing in between."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests import factories
from tests.browser.conftest import Desk, Screen
from tests.databases import START
from tests.waiting import wait_until

pytestmark = pytest.mark.by_turns

TITLE = "VPN is down for everyone at home"


def automated_reply(desk: Desk, number: int) -> str:
    """The newest automated reply of Ana's ticket."""

    def replies() -> list[Any]:
        ticket = desk.call(desk.people.ana, "GET", f"/tickets/{number}?include=messages")
        return [m for m in ticket["messages"] if m["kind"] == "automated_reply"]

    wait_until(lambda: bool(replies()), "an automated reply", 30)
    text: str = replies()[-1]["body_text"]
    return text


def open_ticket(desk: Desk, service_id: int) -> int:
    body = {"subject": "No connection", "body": "Please help.", "service_id": service_id}
    number: int = desk.call(desk.people.ana, "POST", "/tickets", body)["number"]
    return number


def test_from_publication_to_the_all_clear(desk: Desk) -> None:
    """Ana sees it without reloading, Bruno gets no frame; tabs follow; replies mention it; resolving clears all."""
    vpn = factories.make_service("VPN", desk.people.town_hall)
    ana, bruno = desk.open(desk.people.ana), desk.open(desk.people.bruno)
    second_tab = desk.tab(ana.page.context)
    for screen in (ana, bruno, second_tab):
        screen.wait_for_socket()

    published = desk.publish(services=[{"id": vpn.id, "effect": "major_outage"}])
    expect(ana.card(TITLE)).to_be_visible()
    expect(second_tab.card(TITLE)).to_be_visible()
    assert TITLE in automated_reply(desk, open_ticket(desk, vpn.id))

    ana.card(TITLE).get_by_role("button", name=f"Hide: {TITLE}").click()
    ana.page.mouse.move(5, 5)  # nothing moves in the stack while the pointer is in it
    expect(second_tab.card(TITLE)).to_have_count(0)
    revision = desk.call(desk.people.teresa, "GET", f"/announcements/{published}")["revision"]
    assert revision >= 1

    update = {"text": "A typo.", "public": True, "weight": "silent"}
    desk.call(desk.people.teresa, "POST", f"/announcements/{published}/update", update)
    eta = {"text": "Later than we thought.", "eta": "2026-03-12T17:00:00Z", "public": True, "weight": "update"}
    desk.call(desk.people.teresa, "POST", f"/announcements/{published}/update", eta)
    expect(ana.card(TITLE)).to_have_count(0)
    assert "17:00" in automated_reply(desk, open_ticket(desk, vpn.id))

    loud = {"text": "It is worse.", "public": True, "weight": "alert_again"}
    desk.call(desk.people.teresa, "POST", f"/announcements/{published}/update", loud)
    expect(ana.card(TITLE)).to_be_visible()
    expect(second_tab.card(TITLE)).to_be_visible()

    desk.call(desk.people.teresa, "POST", f"/announcements/{published}/resolve", {"text": "It works again."})
    expect(ana.stack.locator(".notice--ok")).to_be_visible()
    expect(ana.stack.locator(".notice--l2")).to_have_count(0)
    assert TITLE not in automated_reply(desk, open_ticket(desk, vpn.id))

    assert TITLE not in "".join(bruno.frames)
    assert TITLE not in bruno.page.content()
    assert desk.call(desk.people.bruno, "GET", "/me/board")["banners"] == []
    assert not any('"banner"' in frame or '"retire"' in frame for frame in bruno.frames)


def test_it_is_there_at_login_for_those_who_come_later(desk: Desk) -> None:
    """And what only an automated reply tells is seen when that is read, though it is over by then."""
    vpn = factories.make_service("VPN", desk.people.town_hall)
    quiet = desk.publish(severity=4, title="VPN is slow", services=[{"id": vpn.id, "effect": "degraded_performance"}])
    number = open_ticket(desk, vpn.id)
    assert "VPN is slow" in automated_reply(desk, number)
    desk.publish()
    ana = desk.enter(desk.people.ana)
    expect(ana.card(TITLE)).to_be_visible()

    def reached() -> tuple[int, int]:
        reach = desk.call(desk.people.teresa, "GET", f"/announcements/{quiet}/reach")
        return reach["delivered"], reach["seen"]

    assert reached() == (0, 0)
    desk.call(desk.people.teresa, "POST", f"/announcements/{quiet}/resolve", {"text": "It is fast again."})
    ana.page.goto(f"{desk.server.url}/tickets/{number}")
    wait_until(lambda: reached() == (1, 1), "a receipt of the reply", 15)
    keep_what_was_typed(desk, ana, number)


def keep_what_was_typed(desk: Desk, ana: Screen, number: int) -> None:
    """Her session ends while she writes: she signs in again and finds her words."""
    box = ana.page.locator("#reply textarea")
    box.fill("It fails since nine.")
    ana.page.context.clear_cookies()
    ana.page.locator("#reply").get_by_role("button", name="Send").click()
    ana.page.locator("input[name=email]").fill(desk.people.ana.email or "")
    ana.page.locator("input[name=password]").fill(factories.PASSWORD)
    ana.page.locator("input[name=password]").press("Enter")
    ana.page.wait_for_url(f"**/tickets/{number}")
    expect(box).to_have_value("It fails since nine.")
    ana.page.locator("#reply").get_by_role("button", name="Send").click()
    expect(ana.page.get_by_text("It fails since nine.", exact=True)).to_be_visible()
    expect(box).to_have_value("")


def test_by_schedule_with_the_clock_moved(desk: Desk) -> None:
    ana = desk.open(desk.people.ana)
    ana.wait_for_socket()
    window = {
        "kind": "maintenance",
        "title": "VPN is unavailable tonight",
        "show_from": (START + timedelta(hours=1)).isoformat(),
        "starts_at": (START + timedelta(hours=2)).isoformat(),
        "planned_end_at": (START + timedelta(hours=3)).isoformat(),
        "ends_by_itself": True,
        "next_update_at": None,
    }
    desk.publish(**window)
    expect(ana.card("VPN is unavailable tonight")).to_have_count(0)
    desk.server.set_time(START + timedelta(hours=1, seconds=1))
    expect(ana.card("VPN is unavailable tonight")).to_be_visible()
    desk.server.set_time(START + timedelta(hours=2, seconds=1))
    expect(ana.card("Maintenance running")).to_be_visible()
    desk.server.set_time(START + timedelta(hours=3, seconds=1))
    expect(ana.stack.locator(".notice--mt")).to_have_count(0)


def test_with_websockets_blocked(desk: Desk) -> None:
    """The page falls back to asking by HTTP, and what it could not tell by that either it tells a minute later."""
    ana = desk.open(desk.people.ana)
    context = ana.page.context
    context.route_web_socket("**/*", lambda socket: socket.close())
    context.clock.install()
    blocked = desk.tab(context)
    refused: list[str] = []
    receipts = "**/api/v1/me/receipts"

    def refuse(route: Route) -> None:
        refused.append(route.request.post_data or "")
        route.abort()

    blocked.page.route(receipts, refuse)
    published = desk.publish()
    expect(blocked.card(TITLE)).to_be_visible(timeout=30_000)
    for _attempt in range(300):
        blocked.page.wait_for_timeout(50)  # the page's own calls are answered meanwhile
        if len(refused) >= 2:
            break
    assert len(refused) >= 2, "delivered and seen"
    blocked.page.unroute(receipts)
    with blocked.page.expect_response(lambda answer: '"delivered"' in (answer.request.post_data or "")) as answer:
        blocked.page.clock.fast_forward(60_000)
    assert answer.value.ok
    desk.call(desk.people.teresa, "POST", f"/announcements/{published}/resolve", {"text": "It works again."})
    expect(blocked.stack.locator(".notice--l2")).to_have_count(0, timeout=30_000)
    blocked.problems.clear()  # the browser reports each refused socket


def test_the_server_was_killed_and_restarted_in_between(desk: Desk) -> None:
    ana = desk.open(desk.people.ana)
    ana.wait_for_socket()
    published = desk.publish()
    expect(ana.card(TITLE)).to_be_visible()
    desk.server.kill()
    desk.server.start()
    desk.call(desk.people.teresa, "POST", f"/announcements/{published}/resolve", {"text": "It works again."})
    second = desk.publish(title="E-mail is slow for everybody")
    expect(ana.card("E-mail is slow for everybody")).to_be_visible(timeout=30_000)
    expect(ana.stack.locator(".notice--l2", has_text=TITLE)).to_have_count(0)
    assert second != published
    ana.problems.clear()  # the browser reports the lost connection


def test_nothing_takes_the_focus_from_somebody_who_types(desk: Desk) -> None:
    ana = desk.open(desk.people.ana, "/tickets/new")
    ana.wait_for_socket()
    subject = ana.page.locator("input[name=subject]")
    subject.click()
    ana.page.keyboard.type("My pri")
    published = desk.publish(severity=1)
    expect(ana.card(TITLE)).to_be_visible()
    ana.page.keyboard.type("nter ")
    update = {"text": "Still down.", "public": True, "weight": "alert_again"}
    desk.call(desk.people.teresa, "POST", f"/announcements/{published}/update", update)
    expect(ana.stack).to_contain_text("Still down.")
    ana.page.keyboard.type("fails")
    expect(subject).to_have_value("My printer fails")
    expect(subject).to_be_focused()


def test_read_becomes_a_bar_that_stays_until_it_is_over(desk: Desk) -> None:
    published = desk.publish(severity=1)
    ana = desk.open(desk.people.ana)
    ana.card(TITLE).get_by_role("button", name="I’ve read this").click()
    bar = ana.page.locator("#notice-bars .nbar")
    expect(bar).to_contain_text(TITLE)
    ana.page.reload()
    expect(bar).to_contain_text(TITLE)
    ana.wait_for_socket()
    desk.call(desk.people.teresa, "POST", f"/announcements/{published}/resolve", {"text": "It works again."})
    expect(bar).to_have_count(0)


def test_moving_and_disabling_take_effect_within_two_seconds(desk: Desk) -> None:
    desk.publish()
    ana = desk.open(desk.people.ana)
    ana.wait_for_socket()
    expect(ana.card(TITLE)).to_be_visible()
    adam = desk.people.adam
    moved = {"department_id": desk.people.sales.id}
    desk.call(adam, "PATCH", f"/users/{desk.people.ana.id}", moved)
    expect(ana.stack.locator(".notice--l2")).to_have_count(0)
    desk.call(adam, "PATCH", f"/users/{desk.people.ana.id}", {"is_disabled": True})
    wait_until(lambda: ana.page.evaluate("window.helpdesk.live.state.state") != "live", "a closed socket", 15)
    ana.problems.clear()
