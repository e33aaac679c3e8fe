"""A part of the process stops without a word: health says so within seconds, and what is asked for is right."""

from __future__ import annotations

from typing import Any

import requests

from tests.faults.processes import START_SECONDS, Browser, Desk, arm, by_turns, full_form
from tests.live import LiveServer
from tests.waiting import wait_until

pytestmark = by_turns

RED_SECONDS = 5.0 + 3.0  # since the last sign of life, and until the next is asked for
FOR_EVER = "sleep=9999"


def health(server: LiveServer) -> tuple[int, dict[str, Any], int, dict[str, Any]]:
    alive, ready = (requests.get(server.url + path, timeout=10) for path in ("/healthz", "/readyz"))
    return alive.status_code, alive.json(), ready.status_code, ready.json()


def is_red(server: LiveServer, name: str) -> bool:
    alive, stopped, ready, failing = health(server)
    return alive == ready == 503 and name in stopped["stopped"] and name in failing["failing"]


def test_a_loop_that_stops_turns_health_red_and_pages_stay_right(desk: Desk) -> None:
    """The ticker, the follower of the feed, and the push itself. Another process on the database stays green."""
    server, other = desk.servers(2)
    ana = Browser(server, desk.people.ana)
    for point, name in (("follower", "feed"), ("push", "feed"), ("tick", "ticker")):
        wait_until(lambda: health(server)[2] == 200, "it is ready", START_SECONDS)
        ana.join(server)
        arm(server, f"{point}:{FOR_EVER}")
        announcement_id = desk.publish(server)
        wait_until(lambda n=name: is_red(server, n), f"{point} is missed", RED_SECONDS)  # type: ignore[misc]
        assert announcement_id in [banner["id"] for banner in ana.board(server)["banners"]]
        assert "VPN is down" in page(ana, server)
        assert health(other)[0] == 200
        arm(server, "")
        server.kill()
        server.start(timeout=START_SECONDS)
    wait_until(lambda: health(server)[3] == {"status": "ready", "failing": []}, "it is ready again", START_SECONDS)


def page(browser: Browser, server: LiveServer) -> str:
    answer = browser.http.get(f"{server.url}/profile", timeout=20)
    answer.raise_for_status()
    return answer.text


@full_form
def test_the_others_miss_a_worker_that_hangs(desk: Desk) -> None:
    """Its sign of life gets old, and those who need it say so. It ends itself for its supervisor."""
    web, worker = desk.make("serve", "--no-worker").launch(), desk.worker()
    web.wait_for("/healthz", START_SECONDS)
    wait_until(lambda: health(web)[2] == 200, "it is ready", START_SECONDS)
    arm(worker, f"tick:{FOR_EVER}")
    wait_until(lambda: health(web)[3]["failing"] == ["ticker"], "the worker is missed", RED_SECONDS)
    assert health(web)[0] == 200  # to restart the web process would not help
    assert requests.get(web.url + "/readyz?exclude=ticker", timeout=10).status_code == 200  # nor to do without it
    assert worker.process is not None
    assert worker.process.wait(60) == 1
    assert "the worker is stuck and ends" in worker.log
