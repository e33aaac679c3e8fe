"""Failures, headers, forgery, limits and odd input, on pages and in the API."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask, request, url_for
from flask.testing import FlaskClient

from helpdesk.config import Settings
from helpdesk.core.clock import FixedClock
from helpdesk.web.headers import CONTENT_SECURITY_POLICY
from tests.web.conftest import SECRET

pytestmark = pytest.mark.database("sqlite")  # what becomes of requests before and after a view asks no database

STATUS = {
    "not-found": 404,
    "forbidden": 403,
    "conflict": 409,
    "stale": 412,
    "invalid": 422,
    "too-many": 429,
    "busy": 503,
}
JSON = {"Content-Type": "application/json"}


# --- rights on routes --------------------------------------------------------------------------------------------


def test_every_route_has_an_access_mark(app: Flask) -> None:
    unmarked = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.rpartition(".")[2] != "static" and not hasattr(app.view_functions[rule.endpoint], "access")
    ]
    assert unmarked == []


def test_api_routes_have_a_token_scope_unless_public(app: Flask) -> None:
    without = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        and app.view_functions[rule.endpoint].access.role != "public"
        and app.view_functions[rule.endpoint].access.scope is None
    ]
    assert without == []


# --- failures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", STATUS)
def test_api_failures_are_problem_documents(client: FlaskClient, kind: str) -> None:
    response = client.get(f"/api/v1/things/fail/{kind}")
    assert response.status_code == STATUS[kind]
    assert response.mimetype == "application/problem+json"
    problem = json.loads(response.text)
    assert problem["status"] == STATUS[kind]
    assert {"type", "title", "detail", "code"} <= set(problem)


def test_problem_documents_carry_the_details_of_their_kind(client: FlaskClient) -> None:
    invalid = json.loads(client.get("/api/v1/things/fail/invalid").text)
    assert invalid["errors"] == {"title": ["Too long."], "": ["All wrong."]}
    stale = json.loads(client.get("/api/v1/things/fail/stale").text)
    assert stale["current"] == {"revision": 7}
    assert client.get("/api/v1/things/fail/too-many").headers["Retry-After"] == "17"
    assert client.get("/api/v1/things/fail/busy").headers["Retry-After"] == "2"


@pytest.mark.parametrize("kind", STATUS)
def test_page_failures_are_pages_with_the_message(client: FlaskClient, kind: str) -> None:
    response = client.get(f"/fail/{kind}")
    assert response.status_code == STATUS[kind]
    assert response.mimetype == "text/html"
    assert "<h1" in response.text
    if kind == "not-found":
        assert "No such ticket." in response.text


def test_scripts_of_pages_get_problem_documents(client: FlaskClient) -> None:
    response = client.get("/fail/not-found", headers={"Accept": "application/json"})
    assert response.mimetype == "application/problem+json"


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere"])
def test_unknown_addresses(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert ("problem" in response.mimetype) == path.startswith("/api")


def test_wrong_method_says_which_are_allowed(client: FlaskClient) -> None:
    response = client.delete("/healthz")
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize("path", ["/fail/unknown", "/api/v1/things/fail/unknown"])
def test_unknown_exceptions_leak_nothing(app: Flask, client: FlaskClient, path: str) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    response = client.get(path)
    assert response.status_code == 500
    assert SECRET not in response.text
    assert "RuntimeError" not in response.text
    assert response.headers["X-Request-Id"] in response.text  # what to quote when asking for help
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY


def test_error_page_survives_its_own_failure(app: Flask, client: FlaskClient) -> None:
    def broken() -> dict[str, object]:
        raise RuntimeError(SECRET)

    app.context_processor(broken)
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert response.mimetype == "text/plain"
    assert SECRET not in response.text


def test_nobody_is_led_to_sign_in_and_back(client: FlaskClient) -> None:
    response = client.get("/things?tab=2")
    assert response.status_code in (302, 303)
    assert response.headers["Location"] == "/sign-in?next=%2Fthings%3Ftab%3D2"
    answer = client.get("/api/v1/things")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert client.get("/things", headers={"Accept": "application/json"}).status_code == 401


# --- headers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/things/open", "/nowhere", "/fail/busy", "/api/v1/nowhere", "/healthz", "/robots.txt"]
)
def test_every_answer_has_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert "Cookie" in headers["Vary"]
    assert len(headers["X-Request-Id"]) == 32
    assert "Strict-Transport-Security" not in headers


def test_all_pages_that_open_without_arguments_have_the_headers(app: Flask, client: FlaskClient) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False  # these people have no rows, so some pages fail; the headers count
    paths = [r.rule for r in app.url_map.iter_rules() if "GET" in (r.methods or ()) and not r.arguments]
    for path in paths:
        for person in ("", "ana", "carla"):
            response = client.get(path, headers={"X-Test-Person": person} if person else {})
            assert response.headers["X-Content-Type-Options"] == "nosniff", path
            assert "Content-Security-Policy" in response.headers, path
            response.close()


def test_static_files_are_kept_by_version(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        address = url_for("static", filename="css/app.css")
        script = url_for("static", filename="js/ui.js")
    assert "?v=" in address
    assert script == "/static/js/ui.js"

    def cache_control(path: str) -> str:
        with client.get(path) as response:
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "Vary" not in response.headers  # one copy serves everybody
            assert "Set-Cookie" not in response.headers
            return response.headers["Cache-Control"]

    assert cache_control(address) == "public, max-age=31536000, immutable"
    assert cache_control("/static/css/app.css") == "public, no-cache"
    assert cache_control("/static/css/app.css?v=old") == "public, no-cache"
    assert cache_control(script) == "public, no-cache"


def test_production_is_https_only_and_knows_its_name(
    settings: Settings, clock: FixedClock, make_app: Callable[..., Flask]
) -> None:
    changes = {"env": "production", "public_url": "https://help.example.org", "secret_key": "f3a9c1d07be2458690" * 2}
    app = make_app(settings.model_copy(update=changes), clock)
    response = app.test_client().get("/nowhere", base_url="https://help.example.org")
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-helpdesk=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    foreign = app.test_client().get("/", base_url="https://evil.example")
    assert foreign.status_code == 400
    assert "evil.example" not in foreign.text
    assert foreign.headers["X-Content-Type-Options"] == "nosniff"
    at_home, home = app.test_client(), "https://help.example.org"
    for name in ("HELP.EXAMPLE.ORG", "help.example.org.", "help.example.org.:443"):
        assert at_home.get("/sign-in", base_url=home, headers={"Host": name}).status_code == 200
    for name in ("help.example.org..", "help.example.org.evil.example", ".", "xhelp.example.org"):
        assert at_home.get("/sign-in", base_url=home, headers={"Host": name}).status_code == 400


def test_request_id_is_taken_from_trusted_proxies_only(
    client: FlaskClient, settings: Settings, clock: FixedClock, make_app: Callable[..., Flask]
) -> None:
    given = {"X-Request-Id": "from-the-proxy-1"}
    assert client.get("/healthz", headers=given).headers["X-Request-Id"] != "from-the-proxy-1"
    behind = make_app(settings.model_copy(update={"trusted_proxies": 1}), clock).test_client()
    assert behind.get("/healthz", headers=given).headers["X-Request-Id"] == "from-the-proxy-1"
    assert "<" not in behind.get("/healthz", headers={"X-Request-Id": "<script>1234"}).headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("claimed", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9:5555", "203.0.113.9"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unknown", "10.0.0.2"),
        ("9" * 300, "10.0.0.2"),
    ],
)
def test_addresses_of_proxies_are_plain_or_their_own(
    settings: Settings, clock: FixedClock, make_app: Callable[..., Flask], claimed: str, address: str
) -> None:
    behind = make_app(settings.model_copy(update={"trusted_proxies": 1}), clock)
    seen: list[str | None] = []
    behind.before_request_funcs.setdefault(None, []).append(lambda: seen.append(request.remote_addr))
    headers = {"X-Forwarded-For": claimed}
    assert behind.test_client().get("/healthz", headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.2"}).status_code
    assert seen == [address]


# --- forgery -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "http://localhost."}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"X-CSRF-Token": "wrong"}, 403),
        ({"X-CSRF-Token": ""}, 403),
    ],
)
def test_unsafe_requests_need_token_and_origin(
    client: FlaskClient, ana: dict[str, str], headers: dict[str, str], status: int
) -> None:
    assert client.post("/things", headers=ana | headers).status_code == status


def test_token_in_the_form_counts_too(client: FlaskClient, csrf: str) -> None:
    person = {"X-Test-Person": "ana"}
    assert client.post("/things", data={"csrf_token": csrf}, headers=person).text == "saved by Ana Ruiz"
    assert client.post("/things", data={"csrf_token": csrf + "x"}, headers=person).status_code == 403
    assert client.post("/things", headers=person).status_code == 403
    assert client.post("/things/open").status_code == 403  # signing in as somebody else is forgery as well


def test_token_of_another_session_does_not_count(app: Flask, client: FlaskClient, ana: dict[str, str]) -> None:
    other = app.test_client()
    other.get("/things/open")
    assert other.post("/things", headers=ana).status_code == 403


def test_json_sent_as_text_is_refused(client: FlaskClient, ana: dict[str, str], csrf: str) -> None:
    forged = {"X-Test-Person": "ana", "Content-Type": "text/plain"}
    assert client.post("/api/v1/things", data='{"title": "x"}', headers=forged).status_code == 403
    with_token = ana | {"Content-Type": "text/plain"}
    assert client.post("/api/v1/things", data='{"title": "x"}', headers=with_token).status_code == 415


def test_expired_session_is_told_from_forgery(client: FlaskClient) -> None:
    assert client.post("/api/v1/things", json={"title": "x"}).status_code == 401
    response = client.post("/things", headers={"Referer": "http://localhost/things/open?x=1"})
    assert response.headers["Location"] == "/sign-in?next=%2Fthings%2Fopen"


def test_bearer_tokens_need_no_csrf_token_and_count_alone(client: FlaskClient, ana: dict[str, str]) -> None:
    good = {"Authorization": "Bearer good"}
    assert client.post("/api/v1/things", json={"title": "x"}, headers=good).status_code == 201
    assert client.get("/api/v1/things", headers=good).status_code == 403  # without the scope
    assert client.get("/things", headers=good).status_code == 403  # pages are not for tokens
    # With any bearer header, the session is not looked at: its requests were not checked for forgery.
    session_too = {"Authorization": "Bearer made-up", "X-Test-Person": "ana"}
    assert client.post("/api/v1/things", json={"title": "x"}, headers=session_too).status_code == 401


# --- odd input ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status", "errors"),
    [
        ('{"title": "x"}', 201, None),
        ('{"title": "  x  "}', 201, None),
        ("{", 400, None),
        ("", 400, None),
        ('{"title": NaN}', 400, None),
        ("[" * 40 + "]" * 40, 400, None),
        ('{"title": "' + "[" * 40 + '"}', 201, None),
        ("\xff\xfe", 400, None),
        ('"text"', 422, {"": ["This must be an object."]}),
        ("{}", 422, {"title": ["This is required."]}),
        ('{"title": 5}', 422, {"title": ["This must be text."]}),
        ('{"title": "x", "count": "many"}', 422, {"count": ["This must be a whole number."]}),
        ('{"title": "x", "role": "administrator"}', 422, {"role": ["There is no such field."]}),
        ('{"title": "a\\u0000b"}', 422, {"title": ["Please remove the invisible control characters."]}),
        ('{"title": "a\\ud800b"}', 422, None),
        ('{"title": "x", "tags": ["\\u001b[2J"]}', 422, {"tags": ["Please remove the invisible control characters."]}),
        (
            '{"title": "x", "at": "2026-03-12T09:30"}',
            422,
            {"at": ["Give the time with its zone, such as 2026-03-12T09:30:00Z."]},
        ),
        (
            '{"title": "x", "at": "1893456000"}',
            422,
            {"at": ["Give a date and time, such as 2026-03-12T09:30:00Z."]},
        ),
        (
            '{"title": "x", "at": "1893456000.5"}',
            422,
            {"at": ["Give a date and time, such as 2026-03-12T09:30:00Z."]},
        ),
    ],
)
def test_bodies(
    client: FlaskClient, ana: dict[str, str], body: str, status: int, errors: dict[str, list[str]] | None
) -> None:
    response = client.post("/api/v1/things", data=body.encode("latin-1"), headers=ana | JSON)
    assert response.status_code == status, response.text
    if status >= 400:
        assert response.mimetype == "application/problem+json"
    if errors is not None:
        assert json.loads(response.text)["errors"] == errors


def test_too_large_bodies_are_refused(client: FlaskClient, ana: dict[str, str]) -> None:
    big = json.dumps({"title": "x" * 1_100_000})
    assert client.post("/api/v1/things", data=big, headers=ana | JSON).status_code == 413
    assert client.post("/things", data={"a": "x" * 1_100_000, "csrf_token": "x"}).status_code == 413


def test_control_characters_in_the_address(client: FlaskClient) -> None:
    assert client.get("/things/open?q=a%00b").status_code == 422
    assert client.get("/things/%00").status_code == 404
    assert client.get("/things/open?q=a%0Ab").status_code == 200


def test_messages_are_in_the_language_that_the_browser_asks_for(client: FlaskClient) -> None:
    def language(header: str) -> str:
        return client.get("/things/open", headers={"Accept-Language": header}).text.split('lang="', 1)[1].split('"')[0]

    assert language("pt-BR,pt;q=0.9,en;q=0.8") == "pt-BR"
    assert language("fr,es;q=0.5") == "es"
    assert language("fr") == "en"
    assert language("../../etc") == "en"
    page = client.get("/things", headers={"X-Test-Person": "carla", "Accept-Language": "pt"}).text
    assert 'lang="es"' in page


# --- rate limits -------------------------------------------------------------------------------------------------


def test_rate_limits_say_when_to_come_back(app: Flask, client: FlaskClient) -> None:
    app.config["TESTING"] = False  # under test nothing is counted
    ana, carla = {"X-Test-Person": "ana"}, {"X-Test-Person": "carla"}
    assert [client.get("/things/limited", headers=ana).status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/things/limited", headers=ana)
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert client.get("/things/limited", headers=carla).status_code == 200  # a neighbour at the same address
    # Without a person the address counts; one customer has as many of IPv6 as there are numbers.
    addresses = ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:3::4", "2001:db8:1:3::1"]
    answers = [client.get("/things/limited", environ_base={"REMOTE_ADDR": one}).status_code for one in addresses]
    assert answers[2] == 429
    assert 429 not in (answers[0], answers[1], answers[3])
