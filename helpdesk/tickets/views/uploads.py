"""Files in and out over HTTP: size limits before parsing, and answers that no browser takes for a page of ours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request, send_file
from flask.wrappers import Response
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from helpdesk.core.errors import Invalid, NotFound
from helpdesk.tickets.actions.files import path_of
from helpdesk.tickets.models import Attachment
from helpdesk.tickets.rules.files import FILE_BYTES, FILES_PER_MESSAGE, SHOWN_TYPES

LARGEST_UPLOAD = FILES_PER_MESSAGE * FILE_BYTES + 1024 * 1024


def allow_large_uploads(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Before anything reads the body: forms with files may be as large as the files that a message may have."""
    if request.method == "POST" and request.mimetype == "multipart/form-data":
        request.max_content_length = LARGEST_UPLOAD


def read_uploads(files: Iterable[FileStorage]) -> tuple[tuple[str, bytes], ...]:
    """(name, bytes) of each chosen file. Raises Invalid for too many; larger ones are cut just above the limit."""
    chosen = [file for file in files if file.filename]
    if len(chosen) > FILES_PER_MESSAGE:
        raise Invalid({"files": _("Attach at most %(count)s files.", count=FILES_PER_MESSAGE)})
    return tuple((file.filename or "", file.stream.read(FILE_BYTES + 1)) for file in chosen)


def send_attachment(attachment: Attachment) -> Response:
    """A stored file, always as a download, in a sandbox of its own. The right to it was checked before."""
    path = path_of(attachment.storage_name)
    if not path.is_file():
        raise NotFound(_("This file is no longer there."))
    shown = attachment.content_type if attachment.content_type in SHOWN_TYPES else "application/octet-stream"
    response = send_file(
        path,
        mimetype=shown,
        as_attachment=True,
        download_name=attachment.file_name,
        conditional=False,
        etag=False,
        max_age=None,
    )
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response
