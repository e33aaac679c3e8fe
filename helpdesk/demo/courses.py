"""The course of one ticket: from its story and the status it is to reach, the rows of its thread and history."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from helpdesk.config import Settings
from helpdesk.demo.organisation import Person
from helpdesk.demo.texts.story import Story, Turn
from helpdesk.replies import shipped
from helpdesk.replies.models import ReplyEvent
from helpdesk.replies.rules import fill
from helpdesk.tickets.rules import Channel, MessageKind, Priority, Status, Waiting
from helpdesk.tickets.rules.states import (
    first_promise,
    promise_after_priority,
    promise_after_status,
    status_after_requester_message,
    status_after_staff_reply,
)
from helpdesk.web.letters import language_for, page_address

ANSWERED_AFTER = timedelta(seconds=4)  # automated replies follow that soon


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in a ticket, and the texts' blanks."""

    requester: Person
    handler: Person
    team: tuple[int, str]
    service: tuple[int, str] | None
    channel: Channel
    settings: Settings
    blanks: dict[str, str]


@dataclass
class Course:
    """A ticket on its way. Call `open` first, then the rest in the order of time."""

    cast: Cast
    story: Story
    number: int
    ticket: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)

    def open(self, subject: str, at: datetime) -> None:
        cast = self.cast
        for_other = cast.channel is Channel.staff
        self.promise = first_promise(Priority.normal, at)
        self.ticket = {
            "number": self.number,
            "subject": self._fill(subject),
            "service_id": cast.service[0] if cast.service else None,
            "priority": Priority.normal,
            "status": Status.new,
            "waiting_on": None,
            "requester_id": cast.requester.id,
            "assignee_id": None,
            "team_id": None,
            "channel": cast.channel,
            "created_at": at,
            "updated_at": at,
            "solved_at": None,
            "closed_at": None,
            "last_requester_message_at": None if for_other else at,
            "last_reply_at": None,
            "revision": 1,
            "created_by_id": cast.handler.id if for_other else cast.requester.id,
        }
        opener = cast.handler if for_other else cast.requester
        self._message(MessageKind.public_reply, opener, self._fill(self.story.body), at)
        self._history("opened", None, cast.requester.name, opener, at)
        self._automated(ReplyEvent.received, at)

    def route(self, at: datetime) -> None:
        """Give it to the team of its service."""
        self.ticket["team_id"] = self.cast.team[0]
        self._change("team_id", None, self.cast.team[1], self.cast.handler, at)

    def take(self, at: datetime) -> None:
        """The handler takes it up and weighs it."""
        cast, wanted = self.cast, Priority(self.story.priority)
        self.ticket["assignee_id"] = cast.handler.id
        self._change("assignee_id", None, cast.handler.name, cast.handler, at)
        if wanted is not Priority.normal:
            self.promise = promise_after_priority(self.promise, Priority.normal, wanted)
            self.ticket["priority"] = wanted
            self._change("priority", Priority.normal.value, wanted.value, cast.handler, at)

    def play(self, turn: Turn, text: str, at: datetime, *, solves: bool = False) -> None:
        """One turn of the story."""
        cast = self.cast
        by_requester = turn is Turn.requester
        kind = MessageKind.internal_note if turn is Turn.note else MessageKind.public_reply
        self._message(kind, cast.requester if by_requester else cast.handler, self._fill(text), at)
        if turn is Turn.note:
            return
        self.ticket["updated_at"] = at
        self.ticket["last_requester_message_at" if by_requester else "last_reply_at"] = at
        status: Status = self.ticket["status"]
        after = status_after_requester_message(status) if by_requester else status_after_staff_reply(status)
        if turn is Turn.ask:
            after = Status.pending
        self.move(Status.solved if solves else after, cast.requester if by_requester else cast.handler, at)

    def move(self, after: Status, actor: Person | None, at: datetime) -> None:
        """Set the status, with everything that follows from it."""
        before: Status = self.ticket["status"]
        if before is after:
            return
        waited: Waiting | None = self.ticket["waiting_on"]
        waits = Waiting.requester if after is Status.pending else None
        self.promise = promise_after_status(self.promise, before, after, self.ticket["priority"], at)
        self.ticket.update(status=after, waiting_on=waits)
        self._change("status", before.value, after.value, actor, at)
        if waited is not waits:
            self._history("waiting_on", waited.value if waited else None, waits.value if waits else None, actor, at)
        if after is Status.solved:
            self.ticket["solved_at"] = at
            self._automated(ReplyEvent.solved, at)
        elif after is Status.closed:
            self.ticket["closed_at"] = at
            self._automated(ReplyEvent.closed, at)

    def row(self) -> dict[str, Any]:
        """The ticket's own row as it is now."""
        promise = self.promise
        return self.ticket | {"due_at": promise.due_at, "paused_seconds_left": promise.paused_seconds_left}

    def words(self) -> tuple[str, str]:
        """What the text index holds: for everybody in the ticket, and for staff besides."""
        public = [m["body_text"] for m in self.messages if m["kind"] is MessageKind.public_reply]
        notes = [m["body_text"] for m in self.messages if m["kind"] is MessageKind.internal_note]
        return " ".join([self.ticket["subject"], *public]), " ".join([self.cast.requester.name, *notes])

    def _fill(self, text: str) -> str:
        return text.format_map(self.cast.blanks)

    def _automated(self, event: ReplyEvent, at: datetime) -> None:
        """What the program answers by itself, in the requester's language."""
        requester, settings = self.cast.requester, self.cast.settings
        language = language_for(requester.locale)
        blanks = {
            "requester_name": requester.name,
            "ticket_number": str(self.number),
            "ticket_subject": self.ticket["subject"],
            "ticket_url": page_address(f"/tickets/{self.number}"),
            "service_name": self.cast.service[1] if self.cast.service else shipped.NO_SERVICE[language],
            "status": shipped.STATUSES[language][self.ticket["status"].value],
            "desk_name": settings.name,
        }
        text = fill(shipped.TEXTS[language][event], blanks)
        at += ANSWERED_AFTER
        self._message(MessageKind.automated_reply, None, text.body, at)
        cause = f"demo-{self.number}-{event.value}"
        self.messages[-1].update(subject=text.subject, cause_id=cause, reason={"event": event.value})
        self.ticket["last_reply_at"] = self.ticket["updated_at"] = at

    def _message(self, kind: MessageKind, author: Person | None, text: str, at: datetime) -> None:
        self.messages.append(
            {
                "kind": kind,
                "author_id": author.id if author else None,
                "subject": None,
                "body_text": text,
                "created_at": at,
                "cause_id": None,
                "reason": None,
            }
        )

    def _change(self, name: str, before: str | None, after: str | None, actor: Person | None, at: datetime) -> None:
        self.ticket["revision"] += 1
        self.ticket["updated_at"] = at
        self._history(name, before, after, actor, at)

    def _history(self, name: str, before: str | None, after: str | None, actor: Person | None, at: datetime) -> None:
        row = {"at": at, "actor_id": actor.id if actor else None, "field": name, "before": before, "after": after}
        self.changes.append(row)
