"""Every hook, one contract each. Arguments and results are ids, frozen dataclasses and `now`, never rows.

A hook exists only because a plugin uses it. Unless its contract says otherwise, a plugin that raises in a hook is
named in the log, its contribution is left out, and the request goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import pluggy
from flask import Blueprint

from helpdesk.core.events import Event

PROJECT = "helpdesk"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

SLOTS = (
    "head",
    "top",
    "floating",
    "home",
    "ticket_form",
    "ticket_header",
    "ticket_reply",
    "queue_side",
    "queue_bulk",
    "footer",
    "login",
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person a page or a board is made for. `department_path` holds the ids from the root to the person's own."""

    id: int
    name: str
    email: str | None
    role: str
    department_id: int | None
    department_path: tuple[int, ...]
    locale: str
    time_zone: str
    theme: str = "auto"

    @property
    def is_staff(self) -> bool:
        return self.role in ("agent", "technician", "administrator")

    @property
    def may_announce(self) -> bool:
        return self.role in ("technician", "administrator")

    @property
    def is_administrator(self) -> bool:
        return self.role == "administrator"

    @property
    def initials(self) -> str:
        words = self.name.split()
        return "".join(w[0] for w in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@dataclass(frozen=True, slots=True)
class MenuLink:
    """An entry of the staff side menu. `icon` names a symbol of macros/icons.html; `count` is shown when not None."""

    key: str
    label: str
    url: str
    icon: str
    count: int | None = None
    section: str = "main"


@dataclass(frozen=True, slots=True)
class Assets:
    """Addresses of a plugin's own scripts (ES modules) and style sheets, for pages of one viewer."""

    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """Something the ticker asks about once every `every_seconds`: `run(now)` does what is due and returns how much."""

    name: str
    run: Callable[[datetime], int]
    every_seconds: int = 1


@dataclass(frozen=True, slots=True)
class SocketVerb:
    """A client → server event of the live namespace. `handle(viewer, data)` returns the acknowledgement's fields.

    It may raise the errors of `core.errors`; anything else becomes a neutral error and a log line.
    """

    name: str
    handle: Callable[[Viewer, dict[str, Any]], Mapping[str, Any] | None]
    staff_only: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """What one person should see now: ready-made JSON objects of the banners, in order, and a tag of the whole.

    Each banner is a mapping with at least `id` (int) and `version` (int). Boards of equal content have equal tags.
    """

    tag: str
    banners: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Retirement:
    """Why a banner left a board: `reason` is resolved, ended, cancelled, withdrawn or not_for_you."""

    id: int
    version: int
    reason: str


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What a plugin may know of a ticket. `declined`: keys of form notices that, its writer said, are not about
    it; known while the ticket is answered for the first time.
    """

    id: int
    number: int
    subject: str
    text: str
    service_id: int | None
    requester_id: int
    status: str
    created_at: datetime
    declined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailReference:
    """What a mail is about, for whoever wants to know that the mail server accepted it: `topic` says who asks, `key`
    (at most 80 characters) which mail it was.
    """

    topic: str
    key: str


@dataclass(frozen=True, slots=True)
class ReplyText:
    """A text that takes the place of the normal automated reply. `reason` is kept with the message (JSON object), and
    `mail_reference` goes with its mail.
    """

    subject: str | None
    body: str
    reason: Mapping[str, Any] = field(default_factory=dict)
    mail_reference: MailReference | None = None


@dataclass(frozen=True, slots=True)
class FormNotice:
    """One notice under the new-ticket form, ready-made HTML, most important first.

    A field `declined` with the key, sent with the form, says that the ticket is about something else; it arrives in
    the event `TicketOpened`.
    """

    key: str
    html: str


@dataclass(frozen=True, slots=True)
class CannedText:
    """A text that an agent may insert into a reply. `{name}` in it becomes the requester's first name."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Badge:
    """A short mark beside a ticket in lists: `style` is a chip class suffix (l1…l4, mt, ok)."""

    label: str
    style: str
    icon: str
    url: str | None = None


class Specs:
    """Start-up hooks: if one raises, the application does not start."""

    @hookspec
    def blueprints(self) -> Sequence[Blueprint]:
        """Pages and API of the plugin. Blueprint names must start with the plugin's name."""
        raise NotImplementedError

    @hookspec
    def event_handlers(self) -> Mapping[type[Event], Sequence[Callable[[Any, str], None]]]:
        """Functions `(event, event_id)` called after an event was committed, at least once each."""
        raise NotImplementedError

    @hookspec
    def jobs(self) -> Sequence[Job]:
        """Questions for the ticker."""
        raise NotImplementedError

    @hookspec
    def commands(self) -> Sequence[click.Command]:
        """Commands of `helpdesk`, which run inside an application context."""
        raise NotImplementedError

    @hookspec
    def socket_verbs(self) -> Sequence[SocketVerb]:
        """Client → server events of the live namespace."""
        raise NotImplementedError

    @hookspec
    def migrations_path(self) -> Path:
        """The folder with the plugin's own Alembic versions; the migration command stops if this raises."""
        raise NotImplementedError

    @hookspec
    def demo_data(self, now: datetime) -> None:
        """Write the plugin's part of the demonstration organisation; called once, after the host's part."""
        raise NotImplementedError

    @hookspec
    def menu_links(self, viewer: Viewer) -> Sequence[MenuLink]:
        """Entries of the menu for this person."""
        raise NotImplementedError

    @hookspec
    def page_slot(self, slot: str, viewer: Viewer | None, context: Mapping[str, Any], now: datetime) -> str:
        """Escaped HTML for one of `SLOTS`, or "". `context` holds what the page is about (such as `ticket_id`)."""
        raise NotImplementedError

    @hookspec
    def page_assets(self, viewer: Viewer | None) -> Assets:
        """Scripts and style sheets for pages of this person."""
        raise NotImplementedError

    @hookspec
    def automated_reply(self, ticket: TicketFacts, event: str, locale: str, now: datetime) -> ReplyText | None:
        """A text instead of the normal automated reply, or None. `event`: received, reply_received, solved, closed.

        Asked when the reply is rendered. If it raises, the normal reply goes out.
        """
        raise NotImplementedError

    @hookspec
    def mail_is_wanted(self, reference: MailReference, now: datetime) -> bool | datetime | None:
        """Whether a mail that was queued with this reference is still true, asked each time before it is handed over.

        False drops it; a moment lets it wait until then, to be asked again; None says nothing about it. If it raises,
        the mail goes out.
        """
        raise NotImplementedError

    @hookspec
    def ticket_form_notices(
        self, viewer: Viewer, service_id: int | None, text: str, now: datetime
    ) -> Sequence[FormNotice]:
        """What a person should know before writing this ticket."""
        raise NotImplementedError

    @hookspec
    def ticket_badges(self, ticket_ids: Sequence[int], viewer: Viewer, now: datetime) -> Mapping[int, Sequence[Badge]]:
        """Marks of the tickets of one list, by ticket id, in one call."""
        raise NotImplementedError

    @hookspec
    def canned_replies(self, ticket_id: int, viewer: Viewer, now: datetime) -> Sequence[CannedText]:
        """What an agent may say in this ticket, offered before the canned replies of the desk."""
        raise NotImplementedError

    @hookspec
    def service_states(self, service_ids: Sequence[int], viewer: Viewer, now: datetime) -> Mapping[int, Badge]:
        """How these services are for this person, by service id. A service that is left out works."""
        raise NotImplementedError

    @hookspec
    def boards(self, user_ids: Sequence[int], now: datetime) -> Mapping[int, Board]:
        """The board of each person. Called on connect, on every feed tick and for every page: it must come from a
        cache keyed by the feed. If it raises, the last good board is kept and health turns red.
        """
        raise NotImplementedError

    @hookspec
    def concerned_people(self, since: int) -> Collection[int] | None:
        """The people whose board may differ by what changed after this feed number; None: it may be anybody's.

        What the feed says of one person (topics `user` and `receipt`) may be left out. A plugin that has `boards` and
        not this, or raises, is asked for the boards of everybody who is connected.
        """
        raise NotImplementedError

    @hookspec
    def next_board_change(self, now: datetime) -> datetime | None:
        """The next moment after `now` at which somebody's board changes by the time alone, without a feed entry.

        None when there is none in sight. The live channel asks for all boards again when that moment has come.
        """
        raise NotImplementedError

    @hookspec
    def staff_messages(
        self, changes: Sequence[tuple[str, str]], now: datetime
    ) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Socket messages (event, payload) for the connected staff because of these feed changes (topic, ref).

        Asked at most once a second in each web process, and only while staff are connected to it.
        """
        raise NotImplementedError

    @hookspec
    def is_page(self, kind: str, number: int, viewer: Viewer) -> bool:
        """Whether this staff member may have this page open: who else has it open is told to them. If it raises: no."""
        raise NotImplementedError

    @hookspec
    def retirements(self, user_id: int, banner_ids: Sequence[int], now: datetime) -> Sequence[Retirement]:
        """Why these banners are no longer on this person's board."""
        raise NotImplementedError
