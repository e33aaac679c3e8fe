"""Markdown, addresses to return to, forms and local times: tables of what attackers and ordinary people write."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import psycopg
import pytest
from flask import Flask, g
from sqlalchemy.exc import OperationalError
from werkzeug.datastructures import MultiDict
from wtforms import PasswordField, StringField, TextAreaField

from helpdesk.core.errors import Invalid
from helpdesk.web.forms import BaseForm, LocalDateTimeField
from helpdesk.web.locale import filesize, localdate, localdatetime, localtime
from helpdesk.web.logs import hide_secrets, shorten_absence
from helpdesk.web.markdown import LONGEST, to_html, to_text
from helpdesk.web.redirects import safe_next
from tests.web.conftest import ANA


class Page:
    """What a browser would find in the HTML: elements and attributes."""

    def __init__(self, html: str) -> None:
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        parser = HTMLParser()
        parser.handle_starttag = lambda tag, attrs: (self.tags.append(tag), self.attributes.extend(attrs))  # type: ignore
        parser.feed(html)


ALLOWED = {"p", "a", "em", "strong", "code", "pre", "br", "h3", "blockquote", "ul", "li", "table", "thead", "tbody"}
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<b onmouseover=alert(1)>x</b>",
    "<iframe src=//evil.example></iframe>",
    "<style>*{display:none}</style>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](java&#10;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](/\\evil.example)",
    "<javascript:alert(1)>",
    "![x](https://evil.example/pixel.png)",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example"onmouseover="alert(1))',
    "[x][y]\n\n[y]: javascript:alert(1)",
    "`</code><script>alert(1)</script>`",
    "```\n</pre><script>alert(1)</script>\n```",
    '```x" onclick="alert(1)\n\n```',
    "<a href='javascript:alert(1)'>x</a>",
    "<!--><script>alert(1)</script-->",
    '<math><mi//xlink:href="data:x,<script>alert(1)</script>">',
    "|a|\n|-|\n|<script>|",
]


@pytest.mark.parametrize("text", ATTACKS)
def test_markdown_is_safe(text: str) -> None:
    page = Page(str(to_html(text)))
    assert set(page.tags) <= ALLOWED | {"tr", "th", "td"}
    assert {name for name, _value in page.attributes} <= {"href", "title", "rel", "target"}
    for name, value in page.attributes:
        if name == "href":
            assert value is not None
            assert value.startswith(("https://", "http://", "mailto:"))


def test_markdown_does_what_people_expect() -> None:
    assert to_html("**VPN** is down\nfor _all_") == "<p><strong>VPN</strong> is down<br>\nfor <em>all</em></p>\n"
    assert to_html("# Title") == "<h3>Title</h3>\n"
    link = to_html("[status](https://status.example)")
    assert 'href="https://status.example"' in link
    assert "noopener" in link
    assert "<td>1</td>" in to_html("|a|\n|-|\n|1|")
    assert to_html("1 < 2 & 3") == "<p>1 &lt; 2 &amp; 3</p>\n"


def test_markdown_stays_quick_and_bounded() -> None:
    for text in ("[" * 60_000, ">" * 60_000, "*a_" * 30_000, "`" * 60_000, "a\n" * 60_000):
        assert len(to_html(text)) < 20 * LONGEST


def test_markdown_as_text() -> None:
    text = "# Now\n\nUse **webmail** & [this](https://w.example).\n\n- one\n- two\n\n<mail@example.org>"
    assert to_text(text) == "Now\nUse webmail & this (https://w.example).\n- one\n- two\nmail@example.org"


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ("/tickets/12?tab=notes#m3", "/tickets/12?tab=notes#m3"),
        ("/", "/"),
        (None, "/"),
        ("", "/"),
        ("tickets", "/"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        (" //evil.example", "/"),
        ("/ /evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/%5Cevil.example", "/%5Cevil.example"),
        ("http:/evil.example", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("/" + "a" * 3000, "/"),
        ("//[", "/"),
    ],
)
def test_next_stays_on_this_site(value: str | None, where: str) -> None:
    assert safe_next(value) == where


class Form(BaseForm):
    title = StringField("Title")
    text = TextAreaField("Text")
    password = PasswordField("Password")
    at = LocalDateTimeField("At", zone="Europe/Berlin")
    mine = LocalDateTimeField("Mine")


def fill(app: Flask, **values: str) -> Any:
    with app.test_request_context():
        g.viewer = ANA
        form = Form(MultiDict(values), meta={"csrf": False})
        form.validate()
        str(form.at), str(form.mine)
        return form


def test_forms_strip_and_refuse_control_characters(app: Flask) -> None:
    form = fill(app, title="  VPN ", text=" a\r\nb \r\n", password=" secret ")
    assert (form.title.data, form.text.data, form.password.data) == ("VPN", "a\nb", " secret ")
    assert not form.errors
    for bad in ("a\x00b", "a\x1bb", "a\x85b", "a\nb"):
        assert list(fill(app, title=bad).errors) == ["title"]
    assert list(fill(app, text="a\x00b").errors) == ["text"]


def test_form_shows_the_errors_of_an_action(app: Flask) -> None:
    form = fill(app, title="VPN")
    form.pin(Invalid({"title": "Too long.", "unknown": "Odd.", "": "All wrong."}))
    assert form.errors == {"title": ["Too long."], "": ["Odd.", "All wrong."]}


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("2026-03-12T09:30", datetime(2026, 3, 12, 8, 30, tzinfo=UTC)),
        ("2026-07-12T09:30:15", datetime(2026, 7, 12, 7, 30, 15, tzinfo=UTC)),
        ("2026-03-29T02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),  # the clocks skip it: moved forward
        ("2026-10-25T02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # they show it twice: the first
        ("", None),
    ],
)
def test_local_times_become_utc(app: Flask, typed: str, moment: datetime | None) -> None:
    form = fill(app, at=typed)
    assert form.at.data == moment
    assert not form.errors


@pytest.mark.parametrize("typed", ["tomorrow", "2026-02-30T10:00", "12/03/2026", "2026-03-12", "0001-01-01T00:00"])
def test_what_is_no_time_is_an_error(app: Flask, typed: str) -> None:
    form = fill(app, at=typed)
    assert form.at.data is None
    assert list(form.errors) == ["at"]


def test_local_times_are_shown_in_the_persons_zone(app: Flask) -> None:
    with app.test_request_context():
        g.viewer = ANA
        form = Form(data={"mine": datetime(2026, 3, 12, 9, 0, tzinfo=UTC)}, meta={"csrf": False})
        assert 'value="2026-03-12T10:00"' in str(form.mine)
        moment = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
        assert "10:00" in localtime(moment)
        assert "12" in localdatetime(moment)
        assert "2026" not in localdatetime(moment)
        assert "2025" in localdatetime(datetime(2025, 3, 12, 9, 0, tzinfo=UTC))
        assert localdate(datetime(2026, 3, 12, 23, 30, tzinfo=UTC)) == "Mar 13, 2026"
        assert (localtime(None), localdate(None), localdatetime(None)) == ("", "", "")
        assert [filesize(n) for n in (0, 1023, 1536, 12_000_000)] == [
            "0\u00a0B",
            "1,023\u00a0B",
            "1.5\u00a0kB",
            "11\u00a0MB",
        ]


@pytest.mark.parametrize("production", [True, False])
def test_logs_of_a_process(production: bool) -> None:
    program = f"""
import logging, structlog
from helpdesk.web.logs import configure_logging
configure_logging(production={production})
log = structlog.get_logger("desk")
structlog.contextvars.bind_contextvars(request_id="r1")
log.warning("hello", password="hunter2", n=1)
logging.getLogger("library").warning("GET /x?token=%s", "hunter2")
logging.getLogger("apscheduler.scheduler").info("chatter")
try:
    local = "hunter2"
    1 / 0
except ZeroDivisionError:
    log.exception("failed")
    logging.getLogger("library").exception("failed too")
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "hunter2" not in run.stderr
    assert "chatter" not in run.stderr
    assert run.stderr.count("ZeroDivisionError") >= 2
    if production:
        lines = [json.loads(line) for line in run.stderr.splitlines()]
        assert [line["event"] for line in lines] == ["hello", "GET /x?token=[hidden]", "failed", "failed too"]
        assert all(line["request_id"] == "r1" and line["timestamp"] and line["level"] for line in lines)


def test_nothing_is_written_past_the_log_in_production() -> None:
    """Warnings, what nobody caught in greenlets, threads and the program itself, and what libraries print."""
    program = """
import sys, threading, traceback, warnings
import gevent, structlog
from helpdesk.web.logs import catch_the_rest, configure_logging
configure_logging(production=True)
catch_the_rest()
structlog.contextvars.bind_contextvars(request_id="r1")
warnings.warn("an old name")
gevent.spawn(lambda: 1 / 0).join()
thread = threading.Thread(target=lambda: [][1])
thread.start()
thread.join()
try:
    raise OSError("as pywsgi prints")
except OSError:
    traceback.print_exc()
print("smtp://user:hunter2@mail", file=sys.stderr)
raise LookupError("the last one")
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 1
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert all(line["event"] and line["timestamp"] and line["level"] for line in lines)
    uncaught = [line["exception"][0]["exc_type"] for line in lines if line["event"] == "uncaught"]
    assert uncaught == ["ZeroDivisionError", "IndexError", "LookupError"]
    assert "an old name" in lines[0]["event"]
    printed = [line["text"] for line in lines if line["event"] == "printed"]
    assert printed[0].startswith("Traceback")
    assert printed[-2:] == ["OSError: as pywsgi prints", "smtp://user:[hidden]@mail"]


LINK = "pW3xk_Tz0Q-9vLr5yB2nC8dF1gH4jK6mN7sA0uE3iO"  # looks like those that set a password


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (f"Exception on /reset/{LINK} [POST]", "Exception on /reset/[hidden] [POST]"),
        ("GET /reset/short HTTP/1.1", "GET /reset/[hidden] HTTP/1.1"),
        (f"GET /unsubscribe/{LINK}?x=1", "GET /unsubscribe/[hidden]?x=1"),
        (f"GET /a/{LINK}/b", "GET /a/[hidden]/b"),
        (f"GET /status?confirm_token={LINK}&x=1", "GET /status?confirm_token=[hidden]&x=1"),
        (f"GET /x?y=2&api_key={LINK}", "GET /x?y=2&api_key=[hidden]"),
        ("GET /attachments/0123456789abcdef0123456789abcdef", "GET /attachments/0123456789abcdef0123456789abcdef"),
        ("GET /tickets/1042?view=mine", "GET /tickets/1042?view=mine"),
    ],
)
def test_logs_hold_no_tokens_of_addresses(line: str, kept: str) -> None:
    assert hide_secrets(None, "", {"event": line})["event"] == kept
    assert hide_secrets(None, "", {"event": "x", "url": [line]})["url"] == [kept]


def test_a_database_that_is_away_takes_one_line_of_the_log() -> None:
    away = OperationalError("SELECT 1", None, psycopg.OperationalError("connection failed\nIs it running?"))
    entry = shorten_absence(None, "", {"event": "database unavailable", "exc_info": away})
    assert entry == {"event": "database unavailable", "error": "OperationalError: connection failed"}
    for error in (ValueError("ours"), OperationalError("SELECT x", None, sqlite3.OperationalError("no such column"))):
        assert "exc_info" in shorten_absence(None, "", {"event": "x", "exc_info": error})


def test_a_failure_at_a_secret_address_is_logged_without_it() -> None:
    program = f"""
from helpdesk.config import Settings
from helpdesk import create_app
from helpdesk.web.logs import configure_logging
configure_logging(production=True)
app = create_app(Settings(secret_key="k" * 40, plugins="", database_url="sqlite:////nowhere/desk.db"))
app.logger.error("in a text: %s", "/reset/{LINK}")
app.view_functions["accounts.reset"] = lambda token: 1 / 0
assert app.test_client().get("/reset/{LINK}").status_code == 500
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert "ZeroDivisionError" in run.stderr
    assert "/reset/[hidden]" in run.stderr
    assert LINK not in run.stderr


def test_logs_hold_no_secrets() -> None:
    entry = hide_secrets(
        None,
        "",
        {
            "event": "GET /reset?token=abcdef&x=1 Authorization: Bearer abc.def smtp://user:hunter2@mail",
            "password": "hunter2",
            "headers": {"Cookie": "helpdesk=abc", "Host": "x"},
            "n": 3,
        },
    )
    assert "hunter2" not in str(entry)
    assert "abc" not in str(entry)
    assert entry["n"] == 3
    assert "Host" in entry["headers"]
    assert "x=1" in entry["event"]
