"""The front door: every hook of the plugin, each a few lines."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import click
from flask import Blueprint, url_for

from helpdesk.plugin_api import (
    Assets,
    Badge,
    Board,
    CannedText,
    Event,
    FormNotice,
    Job,
    MailReference,
    MenuLink,
    ReplyText,
    Retirement,
    SocketVerb,
    TicketFacts,
    Viewer,
    hookimpl,
)
from helpdesk.plugin_api import now as clock_now

HERE = Path(__file__).resolve().parent


# Every room that has something to offer says so in its `setup`; lower rooms first.
ROOMS = (
    "announcements",
    "banners",
    "automated_replies",
    "outages",
    "response",
    "playbooks",
    "intake",
    "mailings",
    "reviews",
)


@cache
def _words(word: str) -> tuple[ModuleType, ...]:
    """That file of each room that has it."""
    names = [f"plugins.outage_notice.{room}.{word}" for room in ROOMS]
    return tuple(import_module(name) for name in names if find_spec(name))


def _offers(name: str) -> Iterator[Any]:
    """What the rooms offer under this name, room by room."""
    return (getattr(setup, name) for setup in _words("setup") if hasattr(setup, name))


@hookimpl
def migrations_path() -> Path:
    # The models must be known to the metadata before migrations are compared with it.
    _words("models")
    return HERE / "migrations"


@hookimpl
def blueprints() -> Sequence[Blueprint]:
    for wire in _offers("wire"):
        wire()
    return tuple(chain.from_iterable(_offers("BLUEPRINTS")))


@hookimpl
def jobs() -> Sequence[Job]:
    return tuple(chain.from_iterable(_offers("JOBS")))


@hookimpl
def event_handlers() -> Mapping[type[Event], Sequence[Callable[[Any, str], None]]]:
    handlers: dict[type[Event], tuple[Callable[[Any, str], None], ...]] = {}
    for offered in _offers("HANDLERS"):
        for event, wanted in offered.items():
            handlers[event] = (*handlers.get(event, ()), *wanted)
    return handlers


@hookimpl
def demo_data(now: datetime) -> None:
    for name in ("load_demo", "load_demo_past"):  # what was written about the past is there when the second begins
        for load in _offers(name):
            load(now)


@hookimpl
def socket_verbs() -> Sequence[SocketVerb]:
    return tuple(chain.from_iterable(_offers("VERBS")))


@hookimpl
def menu_links(viewer: Viewer) -> Sequence[MenuLink]:
    at = clock_now()
    return tuple(chain.from_iterable(links(viewer, at) for links in _offers("menu_links")))


@hookimpl
def page_slot(slot: str, viewer: Viewer | None, context: Mapping[str, Any], now: datetime) -> str:
    return "".join(draw(slot, viewer, context, now) for draw in _offers("page_slot"))


@hookimpl
def page_assets(viewer: Viewer | None) -> Assets:
    if viewer is None:
        return Assets()
    static = "outage_notice_banners.static"
    return Assets(
        scripts=(url_for(static, filename="js/notices.js"),), styles=(url_for(static, filename="css/outages.css"),)
    )


@hookimpl
def service_states(service_ids: Sequence[int], viewer: Viewer, now: datetime) -> Mapping[int, Badge]:
    from plugins.outage_notice.banners.views.services import service_states as find

    return find(service_ids, viewer, now)


@hookimpl
def commands() -> Sequence[click.Command]:
    # Not by `setup`: a command must not wait for all pages to be imported.
    return tuple(chain.from_iterable(module.COMMANDS for module in _words("commands")))


@hookimpl
def ticket_form_notices(viewer: Viewer, service_id: int | None, text: str, now: datetime) -> Sequence[FormNotice]:
    from plugins.outage_notice.outages.views import form_notices

    return form_notices(viewer, service_id, text, now)


@hookimpl
def ticket_badges(ticket_ids: Sequence[int], viewer: Viewer) -> Mapping[int, Sequence[Badge]]:
    from plugins.outage_notice.outages.views import ticket_badges as badges

    return badges(ticket_ids, viewer)


@hookimpl
def canned_replies(ticket_id: int, viewer: Viewer, now: datetime) -> Sequence[CannedText]:
    from plugins.outage_notice.outages.views.canned import canned_replies as find

    return find(ticket_id, viewer, now)


@hookimpl
def boards(user_ids: Sequence[int], now: datetime) -> Mapping[int, Board]:
    from plugins.outage_notice.banners import queries

    return queries.boards(user_ids, now)


@hookimpl
def concerned_people(since: int) -> Collection[int] | None:
    from plugins.outage_notice.banners import queries

    return queries.concerned_people(since)


@hookimpl
def next_board_change(now: datetime) -> datetime | None:
    from plugins.outage_notice.banners import queries

    return queries.next_board_change(now)


@hookimpl
def retirements(user_id: int, banner_ids: Sequence[int], now: datetime) -> Sequence[Retirement]:
    from plugins.outage_notice.banners import queries

    return queries.retirements(user_id, banner_ids, now)


@hookimpl
def staff_messages(changes: Sequence[tuple[str, str]]) -> Sequence[tuple[str, Mapping[str, Any]]]:
    from plugins.outage_notice.banners import sockets

    return sockets.staff_messages(changes)


@hookimpl
def is_page(kind: str, number: int, viewer: Viewer) -> bool:
    from plugins.outage_notice.announcements.queries.records import is_announcement

    return kind == "announcement" and is_announcement(viewer, number)


@hookimpl
def automated_reply(ticket: TicketFacts, event: str, locale: str, now: datetime) -> ReplyText | None:
    from plugins.outage_notice.automated_replies.rendering import find_reply

    return find_reply(ticket, event, locale, now)


@hookimpl
def mail_is_wanted(reference: MailReference, now: datetime) -> bool | datetime | None:
    from plugins.outage_notice.mailings import actions

    return actions.mail_is_wanted(reference, now)
