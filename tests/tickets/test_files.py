"""Files: what may come in, under which name, where it lies, and that nothing is left behind."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from helpdesk.core.clock import FixedClock
from helpdesk.core.database import transaction
from helpdesk.core.errors import Forbidden, Invalid, NotFound
from helpdesk.tickets import actions, queries
from helpdesk.tickets.actions.files import attachments_dir
from helpdesk.tickets.models import Attachment
from helpdesk.tickets.rules import MessageKind, NewMessage, NewTicket
from helpdesk.tickets.rules.files import FILE_BYTES, QUOTA_BYTES, Refused, check_file, image_size, normalise_name
from tests.tickets.conftest import World


def png(width: int, height: int) -> bytes:
    header = struct.pack(">II", width, height) + b"\x08\x02\x00\x00\x00"
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


def jpeg(width: int, height: int) -> bytes:
    app0 = b"\xff\xe0" + struct.pack(">H", 4) + b"JF"
    return b"\xff\xd8" + app0 + b"\xff\xc0" + struct.pack(">HBHH", 11, 8, height, width) + b"\x01\x11\x00"


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00"


def webp(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00" + size


def office(*names: str, size: int = 10) -> bytes:
    """An archive with these entries; a `size` above 10 is only claimed in its list of contents."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, b"0" * 10)
    data = bytearray(out.getvalue())
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 24 : at + 28] = struct.pack("<I", size)
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


DOCX = ("[Content_Types].xml", "word/document.xml")


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\ana\\a.txt", "a.txt"),
        ("a\u200b.txt", "a.txt"),
        ("evil.p\u200bhp", "evil.php"),
        ("\u202etxt.exe", "txt.exe"),
        (".htaccess", "htaccess"),
        ("..txt", "txt"),
        ("a. txt", "a.txt"),
        ("  x \t y .txt ", "x y.txt"),
        ("\x00.txt", "txt"),
        ("", "file"),
        ("e\u0301.txt", "é.txt"),
        ("n" * 300 + ".txt", "n" * 116 + ".txt"),
    ],
)
def test_names_are_made_harmless(name: str, normal: str) -> None:
    assert normalise_name(name) == normal
    assert normalise_name(normal) == normal


@pytest.mark.parametrize(
    ("name", "data", "content_type"),
    [
        ("a.png", png(10, 20), "image/png"),
        ("a.JPG", jpeg(10, 20), "image/jpeg"),
        ("a.gif", gif(10, 20), "image/gif"),
        ("a.webp", webp(10, 20), "image/webp"),
        ("a.pdf", b"%PDF-1.7 x", "application/pdf"),
        ("a.txt", "Grüße\n".encode(), "text/plain"),
        ("a.csv", "Grüße;1\n".encode("latin-1"), "text/plain"),
        ("a.log", "x".encode("utf-16"), "text/plain"),
    ],
)
def test_good_files_are_recognised(name: str, data: bytes, content_type: str) -> None:
    assert check_file(name, data).content_type == content_type
    if content_type.startswith("image/"):
        assert image_size(data) == (content_type, 10, 20)


def test_office_files_are_looked_into() -> None:
    assert check_file("a.docx", office(*DOCX)).content_type.endswith("wordprocessingml.document")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.exe", b"MZ", "type"),
        ("a.html", b"<p>", "type"),
        ("a.svg", b"<svg/>", "type"),
        ("a.js", b"alert(1)", "type"),
        ("a.zip", office("x"), "type"),
        ("a.docm", office(*DOCX), "type"),
        ("noending", b"x", "type"),
        ("a.png.exe", png(1, 1), "type"),
        ("a.txt", b"", "empty"),
        ("a.txt", b"x" * (FILE_BYTES + 1), "too_large"),
        ("a.txt", b"\x7fELF\x00", "content"),
        ("a.png", b"<html>", "content"),
        ("a.png", jpeg(1, 1), "content"),
        ("a.png", png(0, 1), "content"),
        ("a.png", png(10, 10)[:18], "content"),
        ("a.jpg", b"\xff\xd8\xff", "content"),
        ("a.jpg", b"\xff\xd8\xff\xe0\x00\x00" * 9, "content"),
        ("a.gif", b"GIF89a", "content"),
        ("a.png", png(60_000, 60_000), "too_many_pixels"),
        ("a.pdf", b"MZ%PDF-", "content"),
        ("a.docx", b"PK\x03\x04 broken", "content"),
        ("a.docx", office("x"), "content"),
        ("a.docx", office(*DOCX, "word/vbaProject.bin"), "content"),
        ("a.docx", office(*DOCX, "x", size=100_000_000), "archive"),
        ("a.odt", office("mimetype"), "content"),
    ],
)
def test_bad_files_are_refused(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        check_file(name, data)
    assert caught.value.reason == reason


@pytest.mark.usefixtures("context")
def test_files_lie_under_random_names_and_are_private(world: World, settings: object) -> None:
    ticket = actions.open_ticket(world.ana, NewTicket("x", "y", uploads=(("plan.txt", b"plan"),)))
    ((attachment, _message_id),) = queries.list_files(ticket, world.ana)
    (path,) = stored_files()
    assert path.read_bytes() == b"plan"
    assert "plan" not in path.name
    assert attachment.id not in path.name
    assert path.stat().st_mode & 0o077 == 0
    assert queries.get_visible_attachment(world.carla, attachment.id).file_name == "plan.txt"
    with pytest.raises(NotFound):
        queries.get_visible_attachment(world.bruno, attachment.id)


@pytest.mark.usefixtures("context")
def test_files_of_notes_are_for_staff(world: World) -> None:
    ticket = actions.open_ticket(world.ana, NewTicket("x", "y"))
    note = NewMessage("n", MessageKind.internal_note, uploads=(("n.txt", b"n"),))
    actions.add_message(world.carla, ticket.number, note)
    ((attachment, _message_id),) = queries.list_files(ticket, world.carla)
    with pytest.raises(NotFound):
        queries.get_visible_attachment(world.ana, attachment.id)


@pytest.mark.usefixtures("context")
def test_nothing_is_left_when_it_fails(world: World) -> None:
    good = ("good.txt", b"x")
    ticket = actions.open_ticket(world.ana, NewTicket("x", "y"))
    for new in (
        NewTicket("x", "y", uploads=(good, ("bad.exe", b"MZ"))),
        NewTicket("x", "y", service_id=999, uploads=(good,)),
        NewTicket("x", "y", uploads=(good,) * 6),
    ):
        with pytest.raises(Invalid):
            actions.open_ticket(world.ana, new)
    with pytest.raises(NotFound):
        actions.add_message(world.bruno, ticket.number, NewMessage("x", uploads=(good,)))
    with pytest.raises(Forbidden):
        actions.attach_files(world.ana, ticket.number, (good,), message_id=note_of(world, ticket.number))
    assert stored_files() == []


def note_of(world: World, number: int) -> int:
    """The id of a public reply of Carla: Ana sees it, but it is not hers."""
    return actions.add_message(world.carla, number, NewMessage("x")).id


@pytest.mark.usefixtures("context")
def test_a_repeated_message_leaves_no_second_file(world: World) -> None:
    ticket = actions.open_ticket(world.ana, NewTicket("x", "y"))
    for _again in range(2):
        actions.add_message(world.ana, ticket.number, NewMessage("x", uploads=(("a.txt", b"x"),)), cause_id="mail:1")
    assert len(stored_files()) == 1


@pytest.mark.usefixtures("context")
def test_everybody_has_a_quota(world: World) -> None:
    ticket = actions.open_ticket(world.ana, NewTicket("x", "y", uploads=(("a.txt", b"x"),)))
    with transaction() as session:
        session.execute(update(Attachment).values(size_bytes=QUOTA_BYTES - 1))
    with pytest.raises(Invalid) as caught:
        actions.add_message(world.ana, ticket.number, NewMessage("x", uploads=(("b.txt", b"xx"),)))
    assert list(caught.value.fields) == ["files"]
    actions.add_message(world.ana, ticket.number, NewMessage("x", uploads=(("b.txt", b"x"),)))
    actions.add_message(world.carla, ticket.number, NewMessage("x", uploads=(("b.txt", b"xx"),)))


@pytest.mark.usefixtures("context")
def test_forgotten_files_are_swept_after_a_day(world: World, clock: FixedClock) -> None:
    actions.open_ticket(world.ana, NewTicket("x", "y", uploads=(("a.txt", b"x"),)))
    folder = attachments_dir() / "ab"
    folder.mkdir(exist_ok=True)
    for name, age in (("ab" + "0" * 46, 25), ("ab" + "1" * 46, 1)):
        (folder / name).write_bytes(b"x")
        stamp = (clock.now() - timedelta(hours=age)).timestamp()
        os.utime(folder / name, (stamp, stamp))
    for path in stored_files():
        if not path.name.endswith("1" * 46):
            stamp = (clock.now() - timedelta(hours=25)).timestamp()
            os.utime(path, (stamp, stamp))
    assert actions.sweep_files(clock.now()) == 1
    assert len(stored_files()) == 2


def stored_files() -> list[Path]:
    return [p for p in attachments_dir().glob("*/*") if p.is_file()]


def test_files_lie_outside_of_the_web_root(app: Flask) -> None:
    with app.app_context():
        assert not attachments_dir().is_relative_to(Path(app.static_folder or ""))
