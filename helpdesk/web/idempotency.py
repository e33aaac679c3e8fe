"""Idempotency-Key: the same request twice has one effect and one answer."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar

import structlog
from flask import current_app, g, request
from flask.wrappers import Response
from flask_babel import gettext as _
from sqlalchemy import delete, event, select, update
from sqlalchemy.orm import Session

from helpdesk.core import clock
from helpdesk.core.database import db, insert_into, transaction
from helpdesk.core.errors import Conflict, Invalid
from helpdesk.web.access import find_viewer
from helpdesk.web.models import IdempotentRequest

KEPT = timedelta(hours=24)
log = structlog.get_logger(__name__)

# After this long without an answer the process that began is taken for dead.
UNANSWERED = timedelta(seconds=60)
KEPT_HEADERS = ("Content-Type", "ETag", "Location", "Link")
LONGEST_KEY = 255
F = TypeVar("F", bound=Callable[..., Any])


def idempotent(view: F) -> F:
    """Carry out a write with an `Idempotency-Key` once per person and key; repeat its answer for a day.

    A repetition gets the first answer and `Idempotency-Replayed: true`. Raises Invalid when the key was used for
    another request, Conflict while the first one runs. A request that failed may be sent again under its key.
    Below `@allow`, above `@api.input`.
    """

    @wraps(view)
    def once(*args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return view(*args, **kwargs)
        if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise Invalid({"Idempotency-Key": _("Use 1 to 255 printable characters.")})
        row_id, answer = _begin(key)
        return answer if answer is not None else _carry_out(row_id, lambda: view(*args, **kwargs))

    once.is_idempotent = True  # type: ignore[attr-defined]
    return once  # type: ignore[return-value]


def _request_hash() -> str:
    """Says whether two requests ask for the same. Of a form with files the parts count: its boundary is random."""
    digest = hashlib.sha256("\n".join((request.method, request.full_path, request.mimetype)).encode() + b"\n")
    if request.mimetype != "multipart/form-data":
        digest.update(request.get_data(cache=True))
        return digest.hexdigest()
    digest.update(repr(list(request.form.items(multi=True))).encode())
    for name, file in request.files.items(multi=True):
        digest.update(f"\n{name!r} {file.filename!r} {file.mimetype!r} ".encode())
        digest.update(hashlib.file_digest(file.stream, "sha256").digest())  # type: ignore[arg-type]
        file.stream.seek(0)
    return digest.hexdigest()


def _begin(key: str) -> tuple[str, Response | None]:
    """(row, None) when it is ours to carry out, or (row, the stored answer)."""
    viewer = find_viewer()
    viewer_id, now, wanted = (viewer.id if viewer else 0), clock.now(), _request_hash()
    with transaction() as session:
        row_id = _claim(session, viewer_id, key, wanted, now)
        if row_id is not None:
            return row_id, None
        row = session.scalars(
            select(IdempotentRequest).where(IdempotentRequest.viewer_id == viewer_id, IdempotentRequest.key == key)
        ).one()
        if row.request_hash != wanted:
            raise Invalid({"Idempotency-Key": _("This key was used for another request.")})
        if row.status is not None:
            return row.id, _stored_answer(row)
        if row.committed_at is not None:
            raise Conflict(_("This was carried out, but its answer was lost. Look at the result."))
        raise Conflict(_("The same request is still being carried out. Try again in a moment."))


def _claim(session: Session, viewer_id: int, key: str, wanted: str, now: datetime) -> str | None:
    """A new row, or one that is too old or was left by a process that died; None when somebody else's counts."""
    table = IdempotentRequest
    values = {"id": uuid.uuid4().hex, "request_hash": wanted, "started_at": now}
    row_id: str | None = session.scalar(
        insert_into(table)
        .values(viewer_id=viewer_id, key=key, **values)
        .on_conflict_do_nothing(index_elements=["viewer_id", "key"])
        .returning(table.id)
    )
    if row_id is None:
        expired = table.started_at < now - KEPT
        left = (
            (table.started_at < now - UNANSWERED)
            & table.status.is_(None)
            & table.committed_at.is_(None)
            & (table.request_hash == wanted)
        )
        row_id = session.scalar(
            update(table)
            .where(table.viewer_id == viewer_id, table.key == key, expired | left)
            .values(**values, committed_at=None, status=None, headers=None, body=None)
            .returning(table.id)
            .execution_options(synchronize_session=False)
        )
    return row_id


def _carry_out(row_id: str, call: Callable[[], Any]) -> Response:
    g.idempotent_row = row_id
    try:
        response: Response = current_app.make_response(call())
    except BaseException:
        # Nothing of a failed action was kept; one that committed and then failed to answer stays marked.
        g.idempotent_row = None
        _keep_books(lambda: _forget_unless_committed(row_id))
        raise
    g.idempotent_row = None
    _keep_books(lambda: _store(row_id, response))
    return response


def _keep_books(write: Callable[[], None]) -> None:
    """The answer goes out even if it cannot be kept: a repetition then is told that the work was done."""
    try:
        write()
    except Exception:
        log.exception("the answer to a request with a key could not be kept")


def _forget_unless_committed(row_id: str) -> None:
    with transaction() as session:
        session.execute(
            delete(IdempotentRequest).where(IdempotentRequest.id == row_id, IdempotentRequest.committed_at.is_(None))
        )


def _store(row_id: str, response: Response) -> None:
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    with transaction() as session:
        session.execute(
            update(IdempotentRequest)
            .where(IdempotentRequest.id == row_id)
            .values(status=response.status_code, headers=headers, body=response.get_data(as_text=True))
            .execution_options(synchronize_session=False)
        )


def _stored_answer(row: IdempotentRequest) -> Response:
    response: Response = current_app.response_class(row.body or "", status=row.status)
    response.headers.update(row.headers or {})
    response.headers["Idempotency-Replayed"] = "true"
    return response


@event.listens_for(db.session, "before_commit")
def _mark_as_committed(session: Session) -> None:
    """The mark that the work was done commits with the work.

    Raises Conflict when there is no row to mark: this request took so long that a repetition took it over.
    """
    row_id = g.get("idempotent_row") if g else None
    if row_id is not None and g.get("_in_transaction"):
        marked = session.execute(
            update(IdempotentRequest)
            .where(IdempotentRequest.id == row_id)
            .values(committed_at=clock.now())
            .execution_options(synchronize_session=False)
        )
        if getattr(marked, "rowcount", 0) != 1:
            raise Conflict(_("The same request is still being carried out. Try again in a moment."))


def prune(now: datetime) -> int:
    """Forget what is older than a day. Needs a transaction. How many rows."""
    result = db.session.execute(delete(IdempotentRequest).where(IdempotentRequest.started_at < now - KEPT))
    return int(getattr(result, "rowcount", 0))
