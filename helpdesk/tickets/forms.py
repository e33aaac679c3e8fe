"""Forms of the ticket pages. A valid form becomes one of the frozen dataclasses of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, MultipleFileField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from helpdesk.tickets.rules import (
    BODY_LIMIT,
    KEEP,
    SUBJECT_LIMIT,
    Change,
    MessageKind,
    NewMessage,
    NewTicket,
    Priority,
    QueueFilter,
    Sort,
    Status,
    View,
    Waiting,
)
from helpdesk.web.forms import BaseForm

KEEP_WORD = "keep"  # "leave as it is" in forms
PRIORITY_WORDS = {
    Priority.urgent.value: _l("Urgent"),
    Priority.high.value: _l("High"),
    Priority.normal.value: _l("Normal"),
    Priority.low.value: _l("Low"),
}
OUTAGE_WORD = f"pending-{Waiting.outage.value}"
# One list says status and, for pending, what it waits for.
STATUS_WORDS = {
    "new": _l("New"),
    "open": _l("In progress"),
    "pending-requester": _l("Waiting on requester"),
    OUTAGE_WORD: _l("Waiting on outage"),
    "solved": _l("Solved"),
    "closed": _l("Closed"),
}
SORT_WORDS = {
    Sort.due.value: _l("Due first"),
    Sort.newest.value: _l("Newest first"),
    Sort.oldest.value: _l("Oldest first"),
    Sort.updated.value: _l("Last changed"),
    Sort.priority.value: _l("Priority"),
}
VIEW_WORDS = {
    View.open.value: _l("All open"),
    View.unassigned.value: _l("Unassigned"),
    View.mine.value: _l("Mine"),
    View.due_today.value: _l("Due today"),
    View.waiting_on_outage.value: _l("Waiting on outage"),
    View.done.value: _l("Solved and closed"),
    View.all.value: _l("All"),
}


def said(words: Mapping[str, Any]) -> dict[str, str]:
    """The words in the reader's language: lists of choices take plain text only."""
    return {value: str(label) for value, label in words.items()}


def status_word(status: Status, waiting_on: Waiting | None) -> str:
    """The value of STATUS_WORDS' list for a ticket."""
    if status is not Status.pending:
        return status.value
    return f"pending-{(waiting_on or Waiting.requester).value}"


def offered_statuses(kept: str = "") -> dict[str, Any]:
    """STATUS_WORDS without the waiting that only plugins end, where there are none. `kept` stays choosable."""
    return {word: label for word, label in STATUS_WORDS.items() if word != OUTAGE_WORD or may_wait() or word == kept}


def may_wait() -> bool:
    """Whether a plugin is loaded, so that a ticket can wait for something else than a person."""
    return bool(current_app.extensions["helpdesk"].plugins.names)


def parse_status(word: str) -> tuple[Status, Waiting | None]:
    status, _dash, waiting = word.partition("-")
    return Status(status), Waiting(waiting) if waiting else None


def _number(text: str | None) -> int | None:
    """The id in a select's value; other values were refused by the list of choices."""
    return int(text) if text else None


def _person(text: str | None) -> int | None:
    """The id that the picker of people put into its field; what cannot be one names nobody."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


class NewTicketForm(BaseForm):
    subject = StringField(
        _l("In one sentence"), [InputRequired(_l("Say in one sentence what it is about.")), Length(max=SUBJECT_LIMIT)]
    )
    body = TextAreaField(_l("What happens?"), [Length(max=BODY_LIMIT)])
    service_id = SelectField(_l("Service"), [Optional()], choices={})
    priority = SelectField(_l("Priority"), [Optional()], choices={})
    requester_id = HiddenField(_l("For"))
    files = MultipleFileField(_l("Screenshot or file"))

    def offer(self, services: dict[str, Any], is_staff: bool) -> NewTicketForm:
        """Fill the lists: services as {id: name}; priority and person are for staff."""
        self.service_id.choices = said({"": _l("I don’t know")} | services)
        self.priority.choices = said(PRIORITY_WORDS)
        if not is_staff:
            del self.priority
            del self.requester_id
        return self

    def as_new(self, uploads: tuple[tuple[str, bytes], ...]) -> NewTicket:
        requester = self.requester_id.data if "requester_id" in self else None
        return NewTicket(
            subject=self.subject.data or "",
            body=self.body.data or "",
            service_id=_number(self.service_id.data),
            requester_id=_person(requester),
            priority=Priority(self.priority.data) if "priority" in self and self.priority.data else None,
            uploads=uploads,
        )


class MessageForm(BaseForm):
    """A reply or a note. `then` is what the send button says besides: "" or a word of STATUS_WORDS."""

    body = TextAreaField(_l("Message"), [Length(max=BODY_LIMIT)])
    kind = HiddenField(default=MessageKind.public_reply.value)
    then = HiddenField(default="")
    files = MultipleFileField(_l("Files"))

    def as_new(self, uploads: tuple[tuple[str, bytes], ...]) -> NewMessage:
        is_note = self.kind.data == MessageKind.internal_note.value
        kind = MessageKind.internal_note if is_note else MessageKind.public_reply
        status, waiting = parse_status(self.then.data) if self.then.data in STATUS_WORDS else (None, None)
        return NewMessage(self.body.data or "", kind, status, waiting, uploads)


class ChangeForm(BaseForm):
    """Properties of one ticket, or (every list starting with "leave as it is") of many."""

    status = SelectField(_l("Status"), choices=lambda: said(STATUS_WORDS))
    priority = SelectField(_l("Priority"), choices=lambda: said(PRIORITY_WORDS))
    assignee_id = SelectField(_l("Assigned to"), choices={})
    team_id = SelectField(_l("Team"), choices={})
    service_id = SelectField(_l("Service"), choices={})
    revision = HiddenField()

    def offer(
        self, agents: dict[str, Any], teams: dict[str, Any], services: dict[str, Any], many: bool, status: str = ""
    ) -> ChangeForm:
        """Fill the lists; `status` is the present one, which stays choosable."""
        keep = {KEEP_WORD: _l("Leave as it is")} if many else {}
        self.status.choices = said(keep | offered_statuses(status))
        self.priority.choices = said(keep | PRIORITY_WORDS)
        self.assignee_id.choices = said(keep | {"": _l("Nobody")} | agents)
        self.team_id.choices = said(keep | {"": _l("None")} | teams)
        self.service_id.choices = said(keep | {"": _l("None")} | services)
        for name in ("status", "priority", "assignee_id", "team_id", "service_id"):
            if self[name].raw_data == []:  # the page did not show this list: it changes nothing
                del self[name]
        return self

    def as_change(self) -> Change:
        """Only what was sent: a list that the page did not show changes nothing."""
        values: dict[str, Any] = {}
        if self._was_chosen("status"):
            status, waiting = parse_status(self.status.data)
            values["status"] = status
            if status is Status.pending:
                values["waiting_on"] = waiting
        if self._was_chosen("priority"):
            values["priority"] = Priority(self.priority.data)
        for name in ("assignee_id", "team_id", "service_id"):
            values[name] = _number(self[name].data) if self._was_chosen(name) else KEEP
        return Change(**values)

    def _was_chosen(self, name: str) -> bool:
        return name in self and self[name].data != KEEP_WORD

    @property
    def expected_revision(self) -> int | None:
        text = self.revision.data or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


class BulkForm(ChangeForm):
    number = SelectMultipleField(_l("Tickets"), choices={}, validate_choice=False)

    @property
    def numbers(self) -> list[int]:
        return [int(n) for n in self.number.data or () if n.isascii() and n.isdigit() and len(n) < 10]


class FilterForm(BaseForm):
    """The filters above the queue; a GET form. What is not in a list counts as not chosen."""

    class Meta:
        csrf = False

    view = SelectField(_l("View"), choices=lambda: said(VIEW_WORDS))
    sort = SelectField(_l("Sort"), choices=lambda: said(SORT_WORDS))
    q = StringField(_l("Words or #number"), [Length(max=200)])
    status = SelectField(_l("Status"), choices={})
    priority = SelectField(_l("Priority"), choices={})
    service_id = SelectField(_l("Service"), choices={})
    team_id = SelectField(_l("Team"), choices={})
    assignee_id = SelectField(_l("Assigned to"), choices={})
    requester_id = HiddenField()

    def offer(self, agents: dict[str, Any], teams: dict[str, Any], services: dict[str, Any]) -> FilterForm:
        any_one = {"": _l("Any")}
        statuses = {s.value: STATUS_WORDS.get(s.value, _l("Waiting")) for s in Status}
        self.status.choices = said(any_one | statuses)
        self.priority.choices = said(any_one | PRIORITY_WORDS)
        self.service_id.choices = said(any_one | services)
        self.team_id.choices = said(any_one | teams)
        self.assignee_id.choices = said(any_one | agents)
        return self

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether what was sent is in the lists; what was not sent is no mistake."""
        super().validate(extra_validators)
        for field in self:
            if not field.raw_data:
                field.errors = ()
        return not self.errors

    def as_filter(self) -> QueueFilter:
        q = "" if self.q.errors else self.q.data or ""
        person = self.requester_id.data or ""
        return QueueFilter(
            view=View(self._good("view") or (View.all if q else View.open)),
            sort=Sort(self._good("sort") or Sort.due),
            q=q,
            status=Status(word) if (word := self._good("status")) else None,
            priority=Priority(word) if (word := self._good("priority")) else None,
            service_id=_number(self._good("service_id")),
            team_id=_number(self._good("team_id")),
            assignee_id=_number(self._good("assignee_id")),
            requester_id=int(person) if person.isascii() and person.isdigit() and len(person) < 10 else None,
        )

    def _good(self, name: str) -> str:
        field = self[name]
        return field.data if field.data and not field.errors else ""

    @property
    def count(self) -> int:
        """How many filters besides view, sort and words are on."""
        names = ("status", "priority", "service_id", "team_id", "assignee_id", "requester_id")
        return sum(1 for name in names if self[name].data and not self[name].errors)
