"""The front door: every hook of the plugin, each a few lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask import Blueprint, url_for
from flask_babel import gettext as _

from helpdesk.plugin_api import (
    Assets,
    Badge,
    Board,
    Event,
    FormNotice,
    Job,
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


@hookimpl
def migrations_path() -> Path:
    # The models must be known to the metadata before migrations are compared with it.
    import plugins.outage_notice.announcements.models
    import plugins.outage_notice.banners.models
    import plugins.outage_notice.outages.models  # noqa: F401

    return HERE / "migrations"


@hookimpl
def blueprints() -> Sequence[Blueprint]:
    from plugins.outage_notice.announcements.api import api as announcements_api
    from plugins.outage_notice.announcements.views import bp as announcement_pages
    from plugins.outage_notice.announcements.views.blueprint import offer_room_part
    from plugins.outage_notice.announcements.views.preview import offer_reply
    from plugins.outage_notice.audiences.api import bp as audience_picker
    from plugins.outage_notice.automated_replies.api import api as applies_to
    from plugins.outage_notice.automated_replies.rendering import preview_reply
    from plugins.outage_notice.banners.api import me_receipts, reach_api
    from plugins.outage_notice.banners.views import pages
    from plugins.outage_notice.outages.api import api as tickets_api
    from plugins.outage_notice.outages.views import bp as outage_pages
    from plugins.outage_notice.outages.views import room_part

    offer_reply(preview_reply)
    offer_room_part(room_part)
    announcing = (announcement_pages, announcements_api, audience_picker, outage_pages, tickets_api)
    return (*announcing, pages, me_receipts, reach_api, applies_to)


@hookimpl
def jobs() -> Sequence[Job]:
    from plugins.outage_notice.announcements.jobs import JOBS as STEPS
    from plugins.outage_notice.outages.jobs import JOBS

    return (*STEPS, *JOBS)


@hookimpl
def event_handlers() -> Mapping[type[Event], Sequence[Callable[[Any, str], None]]]:
    from plugins.outage_notice.announcements.handlers import HANDLERS as ANNOUNCEMENTS
    from plugins.outage_notice.outages.handlers import HANDLERS as OUTAGES

    return {event: (*ANNOUNCEMENTS.get(event, ()), *OUTAGES.get(event, ())) for event in ANNOUNCEMENTS | OUTAGES}


@hookimpl
def demo_data(now: datetime) -> None:
    from plugins.outage_notice.announcements.demo import load as announcements
    from plugins.outage_notice.outages.demo import load as outages

    announcements(now)
    outages(now)


@hookimpl
def socket_verbs() -> Sequence[SocketVerb]:
    from plugins.outage_notice.banners.sockets import VERBS

    return VERBS


@hookimpl
def menu_links(viewer: Viewer) -> Sequence[MenuLink]:
    from plugins.outage_notice.banners.views import count_of_board

    links = []
    if viewer.is_staff:
        from plugins.outage_notice.announcements.queries.counts import count_active

        links.append(
            MenuLink("announcements", str(_("Announcements")), "/announcements", "megaphone", count_active(clock_now()))
        )
    return [*links, MenuLink("notices", str(_("Notices")), "/notices", "bell", count_of_board(viewer), "bell")]


@hookimpl
def page_slot(slot: str, viewer: Viewer | None, context: Mapping[str, Any], now: datetime) -> str:
    from plugins.outage_notice.banners.views import page_slot as notices
    from plugins.outage_notice.outages.views import page_slot as outages

    return notices(slot, viewer, now) or outages(slot, viewer, context, now)


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
    from plugins.outage_notice.announcements.commands import outage

    return (outage,)


@hookimpl
def ticket_form_notices(viewer: Viewer, service_id: int | None, text: str, now: datetime) -> Sequence[FormNotice]:
    from plugins.outage_notice.outages.views import form_notices

    return form_notices(viewer, service_id, text, now)


@hookimpl
def ticket_badges(ticket_ids: Sequence[int], viewer: Viewer) -> Mapping[int, Sequence[Badge]]:
    from plugins.outage_notice.outages.views import ticket_badges as badges

    return badges(ticket_ids, viewer)


@hookimpl
def boards(user_ids: Sequence[int], now: datetime) -> Mapping[int, Board]:
    from plugins.outage_notice.banners import queries

    return queries.boards(user_ids, now)


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
def automated_reply(ticket: TicketFacts, event: str, locale: str, now: datetime) -> ReplyText | None:
    from plugins.outage_notice.automated_replies.rendering import find_reply

    return find_reply(ticket, event, locale, now)
