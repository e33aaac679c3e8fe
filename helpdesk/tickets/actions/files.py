"""Files on disk: written before the transaction that names them, and removed when it does not happen."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask import current_app
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from helpdesk.core.errors import Invalid
from helpdesk.hooks.specs import Viewer
from helpdesk.tickets.models import Attachment
from helpdesk.tickets.queries.tickets import used_bytes
from helpdesk.tickets.rules.files import (
    FILES_PER_MESSAGE,
    QUOTA_BYTES,
    STAFF_QUOTA_BYTES,
    CheckedFile,
    Refused,
    check_file,
    normalise_name,
)

REASONS = {
    "type": _("This kind of file is not accepted. Use a picture, PDF, text or office file."),
    "content": _("The content does not fit the file's ending, or the file is damaged."),
    "archive": _("This file unpacks to too much."),
    "empty": _("The file is empty."),
    "too_large": _("The file is larger than 10 MB."),
    "too_many_pixels": _("The picture has more than 50 million pixels. Make it smaller."),
}


@dataclass(frozen=True, slots=True)
class StoredFile:
    name: str
    content_type: str
    size_bytes: int
    storage_name: str


def attachments_dir() -> Path:
    return Path(current_app.instance_path) / "attachments"


def path_of(storage_name: str) -> Path:
    return attachments_dir() / storage_name[:2] / storage_name


def check_uploads(uploads: Sequence[tuple[str, bytes]]) -> list[CheckedFile]:
    """The files under safe names. Raises Invalid for "files", one message per refused file."""
    if len(uploads) > FILES_PER_MESSAGE:
        raise Invalid({"files": _("Attach at most %(count)s files.", count=FILES_PER_MESSAGE)})
    checked, problems = [], []
    for name, data in uploads:
        try:
            checked.append(check_file(name, data))
        except Refused as error:
            problems.append(_("%(name)s: %(why)s", name=normalise_name(name), why=REASONS[error.reason]))
    if problems:
        raise Invalid({"files": problems})
    return checked


@contextmanager
def stored(uploads: Sequence[tuple[str, bytes]]) -> Iterator[list[StoredFile]]:
    """Checks and writes the files for the duration of an action; whatever goes wrong in it leaves none behind."""
    files: list[StoredFile] = []
    try:
        for checked in check_uploads(uploads):
            name = secrets.token_hex(24)
            files.append(StoredFile(checked.name, checked.content_type, len(checked.data), name))
            _write(path_of(name), checked.data)
        yield files
    except BaseException:
        for file in files:
            path_of(file.storage_name).unlink(missing_ok=True)
        raise


def discard(files: Sequence[StoredFile]) -> None:
    """Remove files that turned out not to be needed (the same act had been done before)."""
    for file in files:
        path_of(file.storage_name).unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def attach(session: Session, actor: Viewer | None, message_id: int, files: Sequence[StoredFile], at: datetime) -> None:
    """Name the stored files in the running transaction. Raises Invalid when the person's quota is full."""
    if not files:
        return
    if actor is not None:
        quota = STAFF_QUOTA_BYTES if actor.is_staff else QUOTA_BYTES
        if used_bytes(actor.id) + sum(f.size_bytes for f in files) > quota:
            raise Invalid({"files": _("Your space for files is used up. Ask the service desk to remove old ones.")})
    session.add_all(
        Attachment(
            id=secrets.token_hex(16),
            message_id=message_id,
            file_name=f.name,
            content_type=f.content_type,
            size_bytes=f.size_bytes,
            storage_name=f.storage_name,
            uploaded_by_id=None if actor is None else actor.id,
            created_at=at,
        )
        for f in files
    )
