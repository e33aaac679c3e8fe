"""Makes, damages and restores backups of a test's database."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

from flask import Flask

from helpdesk.cli.backups import archive, restoring
from helpdesk.core.database import db, transaction
from helpdesk.tickets.models import Attachment, Message, MessageKind, Ticket
from tests.databases import START

NAME = "ab" + "0" * 46
DATA = (archive.DATABASE, "tables/")  # SQLite's file, or PostgreSQL's tables


def silent(_text: str) -> None:
    """What is said while it works is of no interest here."""


def restore(path: Path, folder: Path, *, end_sessions: bool = False) -> list[str]:
    folder.mkdir()
    manifest = restoring.verify(path, folder, silent)
    db.session.remove()
    return restoring.put_back(manifest, folder, silent, end_sessions=end_sessions)


def attach(app: Flask, requester_id: int, data: bytes) -> Path:
    """A ticket whose message has one file; where it lies."""
    path = Path(app.instance_path) / "attachments" / NAME[:2] / NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    with transaction() as session:
        ticket = Ticket(number=1001, subject="Printer", requester_id=requester_id, created_at=START, updated_at=START)
        session.add(ticket)
        session.flush()
        kind = MessageKind.public_reply
        message = Message(
            ticket_id=ticket.id, author_id=requester_id, kind=kind, body_text="See file", created_at=START
        )
        session.add(message)
        session.flush()
        row = {"id": "a" * 32, "file_name": "a.txt", "content_type": "text/plain", "size_bytes": len(data)}
        session.add(Attachment(message_id=message.id, storage_name=NAME, created_at=START, **row))
    return path


def rewrite(source: Path, target: Path, change: Any) -> Path:
    """The archive with each member's bytes changed; None leaves it out."""
    with tarfile.open(source) as old, tarfile.open(target, "w") as new:
        for member in old:
            data = change(member, old.extractfile(member).read())  # type: ignore[union-attr]
            if data is not None:
                member.size = len(data)
                new.addfile(member, io.BytesIO(data))
    return target
