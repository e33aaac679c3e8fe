"""What every template may use: the person, the desk's name, plugin slots, times in the reader's zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Flask, current_app
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from helpdesk.core import clock
from helpdesk.hooks.specs import SLOTS, Assets, Badge, MenuLink
from helpdesk.web import locale
from helpdesk.web.access import find_viewer
from helpdesk.web.markdown import to_html


def page_slot(name: str, **context: Any) -> Markup:
    """What the plugins put into this slot of the page, "" if nothing. `context` says what the page is about."""
    if name not in SLOTS:
        raise ValueError(f"no such slot: {name}")
    plugins = current_app.extensions["helpdesk"].plugins
    parts = plugins.collect("page_slot", slot=name, viewer=find_viewer(), context=context, now=clock.now())
    return Markup("").join(Markup(part) for part in parts if part)  # noqa: S704 - the hook gives escaped HTML


def page_assets() -> Assets:
    """Scripts and style sheets of all plugins for this page."""
    found: list[Assets] = current_app.extensions["helpdesk"].plugins.collect("page_assets", viewer=find_viewer())
    return Assets(
        scripts=tuple(dict.fromkeys(script for assets in found for script in assets.scripts)),
        styles=tuple(dict.fromkeys(style for assets in found for style in assets.styles)),
    )


def menu_links() -> list[MenuLink]:
    """The plugins' menu entries for this person; none for nobody."""
    viewer = find_viewer()
    if viewer is None:
        return []
    plugins = current_app.extensions["helpdesk"].plugins
    return [link for links in plugins.collect("menu_links", viewer=viewer) for link in links]


def service_states(service_ids: Sequence[int]) -> dict[int, Badge]:
    """How these services are for this person, as the plugins know; a service that is left out works."""
    viewer = find_viewer()
    if viewer is None or not service_ids:
        return {}
    plugins = current_app.extensions["helpdesk"].plugins
    found = plugins.collect("service_states", service_ids=service_ids, viewer=viewer, now=clock.now())
    return {service_id: badge for states in reversed(found) for service_id, badge in states.items()}


def _server_now() -> datetime:
    return clock.now()


def _page_facts() -> dict[str, Any]:
    tongue = locale.current_locale()
    return {"viewer": find_viewer(), "lang": locale.language_tag(), "text_dir": tongue.text_direction}


def init_pages(app: Flask) -> None:
    """Template globals and filters. Imported macros see the globals, but not `viewer`: they are handed it."""
    settings = app.extensions["helpdesk"].settings
    app.context_processor(_page_facts)
    app.jinja_env.globals.update(
        csrf_token=generate_csrf,
        current_locale=locale.language_tag,
        desk_name=settings.name,
        menu_links=menu_links,
        page_assets=page_assets,
        page_slot=page_slot,
        server_now=_server_now,
        service_states=service_states,
        time_zone=settings.time_zone,
    )
    app.jinja_env.filters.update(
        filesize=locale.filesize,
        localdate=locale.localdate,
        localdatetime=locale.localdatetime,
        localtime=locale.localtime,
        markdown=to_html,
    )
