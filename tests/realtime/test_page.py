"""live.js in a real browser: what a page hears, also when the server goes away and comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.live import LiveServer
from tests.realtime.conftest import Desk, banner
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

LISTEN = """window.heard = [];
for (const name of ['board', 'banner', 'retire', 'tick', 'connection'])
  window.addEventListener('helpdesk:' + name, (event) => window.heard.push([name, event.detail]));"""


@pytest.fixture
def mode() -> str:
    return "gevent"


def open_page(context: BrowserContext, server: LiveServer, desk: Desk, token: str) -> Page:
    name, value = desk.cookie(token).split("=", 1)
    context.add_cookies([{"name": name, "value": value, "url": server.url}])
    context.add_init_script(LISTEN)
    page = context.new_page()
    page.goto(server.url + "/page")
    return page


def wait_for(page: Page, condition: str) -> Any:
    """Poll from here: the pages' security policy lets no text become script inside them."""
    return wait_until(lambda: page.evaluate(condition), condition)


def test_a_page_hears_follows_and_recovers(
    serve: Callable[[], LiveServer],
    live_desk: Desk,
    new_context: Callable[..., BrowserContext],
) -> None:
    ana = live_desk.person("Ana")
    server, token = serve(), live_desk.session(ana)
    live_desk.show(all=[banner(1)])
    page = open_page(new_context(), server, live_desk, token)
    wait_for(
        page, "window.heard.some(([name, d]) => name === 'board' && d.source === 'socket' && d.banners[0].id === 1)"
    )
    assert page.evaluate("window.helpdesk.live.state.state") == "live"
    live_desk.show(all=[banner(2)])
    wait_for(page, "window.heard.some(([name, d]) => name === 'banner' && d.banner.id === 2)")
    wait_for(page, "window.heard.some(([name, d]) => name === 'retire' && d.id === 1)")
    answer = page.evaluate("window.helpdesk.live.send('receipt', {id: 2, version: 1, what: 'seen'})")
    assert answer == {"ok": True, "by": ana, "what": "seen"}
    refused = page.evaluate("window.helpdesk.live.send('watch', {ticket: 1}).catch((error) => error.code)")
    assert refused == "forbidden"
    server.kill()
    wait_for(page, "window.helpdesk.live.state.state !== 'live'")
    live_desk.show(all=[banner(3)])
    page.evaluate("window.heard = []")
    server.start()
    wait_for(page, "window.heard.some(([name, d]) => name === 'board' && d.banners.some((b) => b.id === 3))")
    wait_for(page, "window.helpdesk.live.state.state === 'live'")
    live_desk.sign_out(ana)
    wait_for(page, "window.heard.some(([name, d]) => name === 'connection' && d.signedOut)")
