"""What is computed once for many people is shared by those alone who see the same in every letter."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask

from helpdesk.accounts.models import User
from helpdesk.catalog import actions as catalog
from helpdesk.catalog import queries as catalog_queries
from helpdesk.scheduling.relay import run_until_idle
from plugins.outage_notice.announcements import actions
from plugins.outage_notice.announcements.rules import Texts, Weight
from plugins.outage_notice.tests.announcing import EVERYONE, publish, service_users
from tests import factories
from tests.fixtures import People
from tests.listening import Listener, look_at_feed


def listen(app: Flask, *users: User) -> list[Listener]:
    found = [Listener(app, user) for user in users]
    for one in found:
        assert one.connect()
        one.frames()
    return found


def test_a_silent_edit_brings_nothing_back_to_those_who_hid_it(app: Flask, people: People) -> None:
    """Ana and Bruno see the same version of it, but Ana has hidden it."""
    published = publish(people.teresa, EVERYONE)
    ana, bruno = listen(app, people.ana, people.bruno)
    version = ana.board()["banners"][0]["version"]
    assert ana.send("receipt", {"id": published.id, "version": version, "what": "hidden"})["ok"]
    look_at_feed(app)
    ana.frames()
    with app.app_context():
        teresa = factories.viewer(people.teresa)
        actions.edit_published(teresa, published.id, {"title": "VPN is down"}, weight=Weight.silent)
    look_at_feed(app)
    for person, is_hidden in ((ana, True), (bruno, False)):
        ((name, data),) = person.frames()
        assert (name, data["banner"]["receipt"]["hidden"]) == ("banner", is_hidden)
    assert ana.board()["tag"] != bruno.board()["tag"]


def test_everybody_gets_their_own_language(app: Flask, people: People) -> None:
    eva = factories.make_user("Eva", department=people.sales, locale="es")
    ana, spanish = listen(app, people.ana, eva)
    publish(people.teresa, EVERYONE, translations={"es": Texts("La VPN no funciona", "", "")})
    look_at_feed(app)
    titles = {person.user.name: person.frames()[0][1]["banner"]["title"] for person in (ana, spanish)}
    assert titles == {"Ana": "VPN is down for everyone at home", "Eva": "La VPN no funciona"}


def test_a_service_that_comes_back_to_a_department_brings_its_notice_back(app: Flask, people: People) -> None:
    """Its version is newer than the ending that the page was told, or the page would drop it."""
    vpn = factories.make_service("VPN", people.finance)
    publish(people.teresa, service_users(vpn), services=(vpn,))
    (ana,) = listen(app, people.ana)
    versions: dict[str, int] = {}
    for department_ids in ((people.sales.id,), (people.finance.id,)):
        with app.app_context():
            service = catalog_queries.get_service(vpn.id)
            change = replace(catalog_queries.change_of(service), department_ids=department_ids)
            catalog.change_service(None, vpn.id, change)
        look_at_feed(app)  # as of the catalogue, before the announcement followed it
        run_until_idle(app)
        look_at_feed(app)
        for name, data in ana.frames():
            versions[name] = data["version"] if name == "retire" else data["banner"]["version"]
    assert versions["banner"] > versions["retire"]


def test_open_pages_get_the_new_name_of_a_service(app: Flask, people: People) -> None:
    vpn = factories.make_service("VPN", people.finance)
    publish(people.teresa, EVERYONE, services=(vpn,))
    (ana,) = listen(app, people.ana)
    before = ana.board()["banners"][0]["version"]
    with app.app_context():
        change = catalog_queries.change_of(catalog_queries.get_service(vpn.id))
        catalog.change_service(None, vpn.id, replace(change, name="Remote access"))
    run_until_idle(app)
    look_at_feed(app)
    banner = ana.frames()[-1][1]["banner"]
    assert (banner["services"][0]["name"], banner["version"] > before) == ("Remote access", True)
