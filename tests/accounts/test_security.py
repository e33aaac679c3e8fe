"""What attackers of accounts try. The names of the tests begin with the line of the security checklist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk.accounts import actions, passwords, queries
from helpdesk.accounts.models import ApiToken, OneTimeToken, User, UserSession
from helpdesk.accounts.rules import NewUser, Purpose
from helpdesk.core import feed
from helpdesk.core.clock import FixedClock
from helpdesk.core.database import db
from helpdesk.core.errors import Conflict, Invalid, NotFound
from helpdesk.core.outbox import OutboxRow
from tests.factories import PASSWORD, api_headers, csrf_token, post_form, sign_in, viewer
from tests.fixtures import People

WRONG = "The e-mail address or the password is not right."


@pytest.fixture
def inside(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        yield app


def attempt(client: FlaskClient, email: str, password: str, **options: object) -> int:
    form = {"csrf_token": csrf_token(client), "email": email, "password": password}
    return client.post("/sign-in", data=form, **options).status_code


def mails(app: Flask) -> list[tuple[str, str]]:
    """(recipient, text) of what is queued."""
    with app.app_context():
        rows = db.session.scalars(select(OutboxRow).where(OutboxRow.channel == "mail").order_by(OutboxRow.created_at))
        return [(row.recipient, row.payload["text"]) for row in rows]


def link_in(text: str) -> str:
    found = re.search(r"/reset/[A-Za-z0-9_-]{43}", text)
    assert found
    return found.group()


# --- authentication ----------------------------------------------------------------------------------------------


def test_a1_there_is_no_default_account(inside: Flask) -> None:
    assert db.session.scalar(select(func.count()).select_from(User)) == 0


def test_a1_the_first_administrator_comes_by_a_link_of_fifteen_minutes(inside: Flask, clock: FixedClock) -> None:
    token = actions.make_first_administrator("Adam", "adam@helpdesk.example").rpartition("/")[2]
    clock.advance(minutes=15)
    with pytest.raises(NotFound):
        actions.follow_link(token, PASSWORD)
    token = actions.make_first_administrator("Adam", "adam@helpdesk.example").rpartition("/")[2]
    user_id = actions.follow_link(token, PASSWORD)
    assert queries.get_user(user_id).role == "administrator"
    with pytest.raises(Conflict):
        actions.make_first_administrator("Mallory", "mallory@helpdesk.example")


@pytest.mark.parametrize(
    "password",
    ["short words", "password1234", "PASSWORD1234", "qwertyuiop123", "aaaaaaaaaaaa", "x" * 257, "Ana Maria Lopez",
     "ana.lopez2026!"],
)  # fmt: skip
def test_a2_weak_passwords_are_refused(inside: Flask, password: str) -> None:
    with pytest.raises(Invalid) as refused:
        actions.create_user(None, NewUser("Ana Maria Lopez", "ana.lopez@helpdesk.example", password=password))
    assert list(refused.value.fields) == ["password"]


@pytest.mark.parametrize(
    "password", ["aaaaabbbbbccccc ddd", "contraseña larga y única", "7" * 20 + "wxyz", "n" * 100 + "opq"]
)
def test_a2_length_alone_makes_a_password(inside: Flask, password: str) -> None:
    user = actions.create_user(None, NewUser("Ana", "ana@helpdesk.example", password=password))
    assert user.password_hash is not None
    assert user.password_hash.startswith("$argon2id$")


def test_a2_a_weaker_hash_is_replaced_at_sign_in(app: Flask, client: FlaskClient, people: People) -> None:
    app.config["TESTING"] = False  # the parameters of production
    try:
        assert attempt(client, "ana@helpdesk.example", PASSWORD) == 302
        with app.app_context():
            stored = queries.get_user(people.ana.id).password_hash or ""
            assert "m=19456" in stored
            assert passwords.is_password(stored, PASSWORD)
    finally:
        app.config["TESTING"] = True


def test_a3_failures_delay_one_account_in_one_network(client: FlaskClient, people: People, clock: FixedClock) -> None:
    for _try in range(5):
        assert attempt(client, "ana@helpdesk.example", "a wrong password") == 422
    assert attempt(client, "ana@helpdesk.example", PASSWORD) == 429
    assert attempt(client, "bruno@helpdesk.example", "a wrong password") == 422
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    assert attempt(client, "ana@helpdesk.example", PASSWORD, environ_base=elsewhere) == 302


def test_a3_the_delay_grows_and_ends(client: FlaskClient, people: People, clock: FixedClock) -> None:
    waits = []
    for _try in range(20):
        form = {"csrf_token": csrf_token(client), "email": "ana@helpdesk.example", "password": "a wrong password"}
        answer = client.post("/sign-in", data=form)
        if answer.status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))
            clock.advance(seconds=waits[-1])
    assert waits[:4] == [1, 2, 4, 8]
    assert max(waits) <= 900
    clock.advance(minutes=15)
    assert attempt(client, "ana@helpdesk.example", PASSWORD) == 302  # never locked out
    clock.advance(hours=-2)
    assert attempt(client, "ana@helpdesk.example", PASSWORD) == 302  # nor by a clock that is set back
    assert attempt(client, "bruno@helpdesk.example", PASSWORD) == 302


def test_a3_success_clears_the_failures(client: FlaskClient, people: People) -> None:
    for _round in range(3):
        for _try in range(4):
            assert attempt(client, "ana@helpdesk.example", "a wrong password") == 422
        sign_in(client, people.ana)
        post_form(client, "/sign-out")


def test_a3_a_whole_network_is_slowed_down_much_later(
    client: FlaskClient, people: People, clock: FixedClock, app: Flask
) -> None:
    with app.app_context():
        for number in range(100):
            with pytest.raises(Invalid):
                actions.sign_in(f"nobody{number}@helpdesk.example", "x", "127.0.0.1", None)
    assert attempt(client, "ana@helpdesk.example", PASSWORD) == 429
    clock.advance(seconds=60)
    assert attempt(client, "ana@helpdesk.example", PASSWORD) == 302


def test_a8_a_new_address_needs_the_password_and_is_told_to_the_old_one(
    app: Flask, client: FlaskClient, people: People
) -> None:
    sign_in(client, people.ana)
    form = {"email-email": "new@helpdesk.example", "email-present": "a wrong password"}
    assert post_form(client, "/profile/email", form).status_code == 422
    assert mails(app) == []
    assert post_form(client, "/profile/email", form | {"email-present": PASSWORD}).status_code == 302
    assert [recipient for recipient, _text in mails(app)] == ["ana@helpdesk.example"]
    with app.app_context():
        assert queries.get_user(people.ana.id).email == "new@helpdesk.example"


def test_a8_a_new_password_needs_the_old_one_and_is_told(app: Flask, client: FlaskClient, people: People) -> None:
    sign_in(client, people.ana)
    form = {"password-password": "five other plain words", "password-present": "a wrong password"}
    assert post_form(client, "/profile/password", form).status_code == 422
    assert post_form(client, "/profile/password", form | {"password-present": PASSWORD}).status_code == 302
    assert [recipient for recipient, _text in mails(app)] == ["ana@helpdesk.example"]
    post_form(client, "/sign-out")
    assert attempt(client, "ana@helpdesk.example", PASSWORD) == 422
    assert attempt(client, "ana@helpdesk.example", "five other plain words") == 302


def test_a8_an_administrator_changes_no_address_in_secret(app: Flask, client: FlaskClient, people: People) -> None:
    body = {"email": "taken.over@helpdesk.example"}
    client.patch(f"/api/v1/users/{people.ana.id}", json=body, headers=api_headers(people.adam))
    assert [recipient for recipient, _text in mails(app)] == ["ana@helpdesk.example"]


# --- sessions ----------------------------------------------------------------------------------------------------


def token_of(client: FlaskClient) -> str:
    with client.session_transaction() as session:
        return str(session.get("_user_id"))


def test_s1_sessions_live_on_the_server_and_rotate(app: Flask, client: FlaskClient, people: People) -> None:
    sign_in(client, people.ana)
    first = token_of(client)
    assert len(first) >= 43  # 256 bit
    with app.app_context():
        stored = db.session.scalars(select(UserSession)).one()
        assert stored.token_hash == queries.token_hash(first)
        assert first not in json.dumps([stored.token_hash, stored.agent, stored.address])
    form = {"password-password": "five other plain words", "password-present": PASSWORD}
    post_form(client, "/profile/password", form)
    assert token_of(client) != first
    assert client.get("/profile").status_code == 200
    with app.app_context():
        assert queries.find_session(first, app.extensions["helpdesk"].clock.now()) is None


def test_s1_a_new_role_ends_the_sessions(app: Flask, client: FlaskClient, people: People) -> None:
    sign_in(client, people.ana)
    api = api_headers(people.adam)
    app.test_client().patch(f"/api/v1/users/{people.ana.id}", json={"role": "agent"}, headers=api)
    assert client.get("/profile").status_code == 302


def test_s1_signing_in_leaves_nothing_of_the_former_session(client: FlaskClient, people: People) -> None:
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    before = csrf_token(client, "/sign-in")
    after = sign_in(client, people.ana)
    with client.session_transaction() as session:
        assert "planted" not in session
    assert client.post("/sign-out", data={"csrf_token": before}).status_code == 403
    assert client.post("/sign-out", data={"csrf_token": after}).status_code == 302


def test_s2_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: FlaskClient, people: People) -> None:
    form = {"csrf_token": csrf_token(client), "email": people.ana.email, "password": PASSWORD}
    cookie = client.post("/sign-in", data=form).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_s3_a_session_ends_after_twelve_idle_hours(client: FlaskClient, people: People, clock: FixedClock) -> None:
    sign_in(client, people.ana)
    clock.advance(hours=11, minutes=50)
    assert client.get("/profile").status_code == 200
    clock.advance(hours=12)
    assert client.get("/profile").status_code == 302


def test_s3_an_open_page_that_nobody_uses_does_not_keep_the_session(
    client: FlaskClient, people: People, clock: FixedClock
) -> None:
    sign_in(client, people.ana)
    for _half in range(2):
        clock.advance(hours=5, minutes=59)
        assert client.get("/api/v1/me/board").status_code == 200
    clock.advance(minutes=2)
    assert client.get("/profile").status_code == 302


def test_s3_a_session_ends_after_seven_days_of_use(client: FlaskClient, people: People, clock: FixedClock) -> None:
    sign_in(client, people.ana)
    for _tenth in range(16):
        clock.advance(hours=10)
        assert client.get("/profile").status_code == 200
    clock.advance(hours=8)
    assert client.get("/profile").status_code == 302


def test_s4_signing_out_ends_the_session_itself(app: Flask, client: FlaskClient, people: People) -> None:
    sign_in(client, people.ana)
    thief = app.test_client()
    with client.session_transaction() as session, thief.session_transaction() as stolen:
        stolen.update(session)
    assert thief.get("/profile").status_code == 200
    post_form(client, "/sign-out")
    assert thief.get("/profile").status_code == 302


def test_s4_disabling_ends_sessions_and_tokens_at_once(app: Flask, client: FlaskClient, people: People) -> None:
    sign_in(client, people.ana)
    headers = api_headers(people.ana)
    with app.app_context():
        before = feed.head().seq
        user = actions.disable_user(viewer(people.adam), people.ana.id)
        assert user.authz_version > before
        assert ("user", str(user.id)) in {(c.topic, c.ref) for c in feed.changes_since(before) or ()}
    assert client.get("/profile").status_code == 302
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401
    assert attempt(app.test_client(), "ana@helpdesk.example", PASSWORD) == 422
    with app.app_context():
        assert db.session.scalars(select(ApiToken)).one().revoked_at is not None


def test_s5_people_see_and_end_their_sessions(app: Flask, client: FlaskClient, people: People) -> None:
    other = app.test_client()
    sign_in(client, people.ana)
    sign_in(other, people.ana)
    page = client.get("/profile").get_data(as_text=True)
    (path,) = re.findall(r'action="(/profile/sessions/\d+/end)"', page)
    assert post_form(client, path).status_code == 302
    assert other.get("/profile").status_code == 302
    assert client.get("/profile").status_code == 200


def test_s5_nobody_ends_a_foreign_session_but_an_administrator(app: Flask, client: FlaskClient, people: People) -> None:
    sign_in(client, people.ana)
    others = app.test_client()
    sign_in(others, people.bruno)
    assert post_form(others, "/profile/sessions/1/end").status_code == 404
    assert client.get("/profile").status_code == 200
    boss = app.test_client()
    sign_in(boss, people.adam)
    assert post_form(boss, f"/admin/people/{people.ana.id}/sessions/end").status_code == 302
    assert client.get("/profile").status_code == 302


def test_s6_personal_pages_are_not_kept(client: FlaskClient, people: People) -> None:
    sign_in(client, people.ana)
    for path in ("/profile", "/services"):
        answer = client.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Cookie" in answer.headers["Vary"]


# --- one-time links, and who exists ------------------------------------------------------------------------------


def test_t1_a_link_works_once_and_for_its_time(
    app: Flask, client: FlaskClient, people: People, clock: FixedClock
) -> None:
    with app.app_context():
        actions.send_link(viewer(people.adam), people.ana.id, Purpose.reset)
    ((recipient, text),) = mails(app)
    path = link_in(text)
    assert recipient == "ana@helpdesk.example"
    with app.app_context():
        assert path.rpartition("/")[2] not in db.session.scalars(select(OneTimeToken.token_hash)).one()
    form = {"csrf_token": csrf_token(client, path), "password": "five other plain words"}
    assert client.post(path, data=form | {"password": "short"}).status_code == 422
    assert client.post(path, data=form).status_code == 302
    assert client.post(path, data=form).status_code == 404
    assert client.get(path).status_code == 404
    assert attempt(client, "ana@helpdesk.example", "five other plain words") == 302


def test_t1_an_expired_or_replaced_link_is_dead(app: Flask, people: People, clock: FixedClock) -> None:
    with app.app_context():
        old, new = (actions.make_link(None, people.ana.id, Purpose.reset).rpartition("/")[2] for _link in range(2))
        with pytest.raises(NotFound):
            actions.follow_link(old, "five other plain words")
        clock.advance(hours=2)
        with pytest.raises(NotFound):
            actions.follow_link(new, "five other plain words")


def test_t1_a_link_is_bound_to_its_purpose(app: Flask, people: People, clock: FixedClock) -> None:
    with app.app_context():
        token = actions.make_link(None, people.ana.id, Purpose.reset).rpartition("/")[2]
        assert queries.find_one_time_token(token, (Purpose.invitation,), clock.now()) is None
        assert queries.find_one_time_token(token, (Purpose.reset,), clock.now()) is not None


def test_t2_nobody_learns_who_exists(
    app: Flask, client: FlaskClient, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same body, same status, and the same work: one hash is computed whoever is asked for."""
    checked: list[bool] = []
    is_password = passwords.is_password

    def counted(stored: str | None, password: str) -> bool:
        checked.append(stored is not None)
        return is_password(stored, password)

    monkeypatch.setattr(passwords, "is_password", counted)
    bodies = []
    token = csrf_token(client, "/sign-in")
    for email in ("ana@helpdesk.example", "nobody@helpdesk.example"):
        form = {"csrf_token": token, "email": email, "password": "a wrong password"}
        answer = client.post("/sign-in", data=form)
        assert answer.status_code == 422
        page = re.sub(r'content="[^"]*"|value="[^"]*"|data-now="[^"]*"', "", answer.get_data(as_text=True))
        bodies.append(page)
    assert bodies[0] == bodies[1]
    assert WRONG in bodies[0]
    assert checked == [True, False]


def test_t3_the_landing_page_tells_nobody_its_address(app: Flask, client: FlaskClient, people: People) -> None:
    with app.app_context():
        path = link_in(actions.make_link(None, people.ana.id, Purpose.invitation))
    token = csrf_token(client, path)
    answers = [
        client.get(path),
        client.get(path + "x"),
        client.post(path, data={"csrf_token": token, "password": "short"}),
        client.post(path, data={"password": "no token of the page"}),
        client.post(path, data={"csrf_token": token, "password": PASSWORD}),
        client.get(path),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 422, 403, 302, 404]
    assert [answer.headers["Referrer-Policy"] for answer in answers] == ["no-referrer"] * 6
    assert path not in answers[4].headers["Location"]
    assert "http" not in re.sub(r"http://www\.w3\.org\S*", "", answers[0].get_data(as_text=True))


def test_demonstration_accounts_are_refused_in_production(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        actions.create_demo_user(NewUser("Ana", "ana@demo.example"))
    assert attempt(client, "ana@demo.example", "demo") == 302
    post_form(client, "/sign-out")
    state = app.extensions["helpdesk"]
    state.settings = state.settings.model_copy(update={"env": "production"})
    with app.app_context():
        with pytest.raises(Invalid):
            actions.sign_in("ana@demo.example", "demo", "127.0.0.1", None)
        with pytest.raises(Conflict):
            actions.create_demo_user(NewUser("Bruno", "bruno@demo.example"))


def test_u1_nobody_is_led_to_another_site(client: FlaskClient, people: People) -> None:
    for target in ("https://evil.example", "//evil.example", "/\\evil.example"):
        form = {"csrf_token": csrf_token(client), "email": people.ana.email, "password": PASSWORD, "next": target}
        assert client.post("/sign-in", data=form).location == "/"
        post_form(client, "/sign-out")
