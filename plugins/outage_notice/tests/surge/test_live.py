"""The hint in a real browser: it comes by itself, and leads to the outage; and the pages about it without barriers."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

from helpdesk.tickets.actions import open_ticket
from helpdesk.tickets.rules import NewTicket
from plugins.outage_notice.intake.actions import RuleInput, save_rule
from plugins.outage_notice.outages.rules.surges import Limits
from tests import factories
from tests.browser.axe import violations
from tests.browser.conftest import Desk, Screen, desk
from tests.waiting import wait_until

pytestmark = pytest.mark.by_turns

__all__ = ["desk"]  # the fixture of the browser tests, used here too

PAGES = (
    "/tickets",
    "/announcements/surges",
    "/announcements/alerts",
    "/announcements/alerts/rules",
    "/announcements/alerts/rules/new",
)
ALERT = {"source": "zabbix", "id": "42", "title": "gw-3 is silent", "labels": {"alertname": "VPNDown"}}
PROMISE = 60.0  # seconds


@factories.in_app
def write(user_id: int, service_id: int) -> None:
    new = NewTicket("VPN: gateway not reachable", "I cannot connect from home.", service_id)
    open_ticket(factories.viewer(factories.queries.get_user(user_id)), new)


@factories.in_app
def map_alerts(user_id: int, service_id: int) -> None:
    viewer = factories.viewer(factories.queries.get_user(user_id))
    save_rule(viewer, None, RuleInput("VPN", "alertname=VPN*", service_id))


def without_barriers(desk: Desk, screen: Screen, path: str) -> None:
    """Wide and light, narrow and dark: nothing that axe finds, nothing that is cut off."""
    for width, height, scheme in ((1440, 900, "light"), (390, 844, "dark")):
        screen.page.set_viewport_size({"width": width, "height": height})
        screen.page.emulate_media(color_scheme=scheme)
        screen.page.goto(desk.server.url + path)
        assert violations(screen.page) == [], (path, width, scheme)
        assert screen.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (path, width)
    screen.page.set_viewport_size({"width": 1440, "height": 900})


@pytest.mark.browser
def test_the_hint_comes_by_itself_and_leads_to_the_outage(desk: Desk) -> None:
    vpn = factories.make_service("VPN", desk.people.town_hall)
    names = [f"Person {n}" for n in range(Limits().tickets)]
    crowd = [factories.make_user(name, "requester", desk.people.sales, password=None) for name in names]
    carla, teresa = desk.open(desk.people.carla, "/tickets"), desk.open(desk.people.teresa, "/tickets")
    for screen in (carla, teresa):
        screen.wait_for_socket()
    for person in crowd:
        write(person.id, vpn.id)
    began = time.monotonic()
    expect(carla.page.locator(".surge")).to_be_visible(timeout=PROMISE * 1000)
    print(f"the hint was there {time.monotonic() - began:.1f} s after the eighth ticket")
    expect(carla.page.locator(".surge__t")).to_contain_text("8 tickets about VPN in 10 minutes")
    assert carla.page.get_by_role("button", name="Declare an outage").count() == 0

    desk.call(desk.people.teresa, "POST", "/intake/generic", ALERT | {"status": "firing"})  # nothing maps it yet
    map_alerts(desk.people.teresa.id, vpn.id)
    for path in PAGES:
        without_barriers(desk, teresa, path)
    teresa.page.goto(desk.server.url + "/tickets")

    teresa.page.get_by_role("button", name="Declare an outage").click()
    expect(teresa.page.locator("#title")).to_have_value("VPN is down for Sales")
    teresa.page.locator("[data-publish]").click()
    if teresa.page.locator("[data-error-summary]").count():  # warnings are asked about once
        teresa.page.locator("[data-publish]").click()
    expect(teresa.page.locator("h1")).to_contain_text("VPN is down for Sales")
    expect(teresa.page.get_by_text("Surge: 8 tickets about VPN")).to_be_visible()
    expect(carla.page.locator(".surge")).to_have_count(0)
    announcement = teresa.page.url.rsplit("/", 1)[1]
    wait_until(
        lambda: len(desk.call(desk.people.carla, "GET", f"/announcements/{announcement}/tickets")["items"]) == 8,
        "all tickets are linked",
        30,
    )

    again = ALERT | {"id": "43"}
    desk.call(desk.people.teresa, "POST", "/intake/generic", again | {"status": "firing"})
    desk.call(desk.people.teresa, "POST", "/intake/generic", again | {"status": "resolved"})
    without_barriers(desk, teresa, f"/announcements/{announcement}")
    expect(teresa.page.get_by_text("Monitoring says that it works again.")).to_be_visible()
    assert carla.problems == teresa.problems == []
