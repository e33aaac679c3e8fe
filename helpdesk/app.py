"""Builds the application: the only wiring, in named steps, without side effects."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

from apiflask import APIFlask
from flask import Flask
from prometheus_client import Metric

from helpdesk.config import ROOT, Settings
from helpdesk.core.clock import Clock, FileClock, SystemClock
from helpdesk.core.database import init_database
from helpdesk.core.events import Event
from helpdesk.hooks.registry import Registry
from helpdesk.hooks.specs import Job, MenuLink, SocketVerb
from helpdesk.web.routing import LazyRule

# From the ground up; a later room may rely on an earlier one.
ROOMS = ("audit", "web", "mail", "channels", "scheduling", "accounts", "catalog", "tickets", "replies", "realtime")


@dataclass
class State:
    """What the running application keeps besides its settings: `app.extensions["helpdesk"]`."""

    settings: Settings
    clock: Clock
    plugins: Registry
    handlers: dict[str, list[tuple[str, Callable[[Any, str], None]]]] = field(default_factory=dict)
    deliverers: dict[str, Callable[[Any], None]] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    socket_verbs: dict[str, SocketVerb] = field(default_factory=dict)
    figures: list[Callable[[], Iterable[Metric]]] = field(default_factory=list)  # for /metrics, besides the counters
    admin_links: list[MenuLink] = field(default_factory=list)
    feed_listeners: list[Callable[[], None]] = field(default_factory=list)
    outbox_listeners: list[Callable[[], None]] = field(default_factory=list)
    health: dict[str, Callable[[], str | None]] = field(default_factory=dict)  # what this process needs to serve
    pulse: dict[str, Callable[[], str | None]] = field(default_factory=dict)  # its own loops: restart it when one stops
    degraded: dict[str, Callable[[], str | None]] = field(default_factory=dict)  # what it can do without


def create_app(settings: Settings, clock: Clock | None = None) -> Flask:
    """The application for `settings`. Starts no thread, opens no connection, writes nothing."""
    app = APIFlask(
        "helpdesk",
        root_path=str(ROOT),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(settings.instance_dir.absolute()),
        json_errors=False,
        docs_path=None,
        spec_path=None,
    )
    app.url_rule_class = LazyRule
    if clock is None:
        clock = FileClock(settings.clock_file) if settings.clock_file else SystemClock()
    state = State(settings, clock, Registry(settings.plugin_names, settings.plugin_hashes))
    app.extensions["helpdesk"] = state
    init_database(app, settings.database_url)
    modules = _room_modules()
    for module in modules:  # sign-in, error pages, headers, languages
        if hasattr(module, "init_app"):
            module.init_app(app)
    _register_blueprints(app, modules, state)
    state.admin_links.extend(link for module in modules for link in getattr(module, "ADMIN_LINKS", ()))
    _register_handlers(modules, state)
    _register_jobs(modules, state)
    _register_socket_verbs(modules, state)
    return app


@cache
def _room_modules() -> tuple[ModuleType, ...]:
    """Each room's modules that take part in the wiring, for the words that the room has."""
    words = ("models", "setup", "views", "api", "handlers", "jobs", "sockets")
    names = [f"helpdesk.{room}.{word}" for room in ROOMS for word in words]
    return tuple(importlib.import_module(name) for name in names if importlib.util.find_spec(name))


def _register_blueprints(app: Flask, modules: Sequence[ModuleType], state: State) -> None:
    for module in modules:
        for blueprint in getattr(module, "BLUEPRINTS", ()):
            app.register_blueprint(blueprint)
    for name, blueprints in state.plugins.call_all("blueprints"):
        prefix = name.rpartition(".")[2]
        for blueprint in blueprints:
            if not blueprint.name.startswith(prefix):
                raise ValueError(f"plugin {name}: blueprint {blueprint.name!r} must start with {prefix!r}")
            app.register_blueprint(blueprint)


def _register_handlers(modules: Sequence[ModuleType], state: State) -> None:
    tables = [getattr(module, "HANDLERS", {}) for module in modules]
    tables += [table for _name, table in state.plugins.call_all("event_handlers")]
    for table in tables:
        event: type[Event]
        for event, handlers in table.items():
            named = [(f"{h.__module__}.{h.__qualname__}", h) for h in handlers]
            state.handlers.setdefault(event.__name__, []).extend(named)
    for module in modules:
        state.deliverers.update(getattr(module, "DELIVERERS", {}))


def _register_jobs(modules: Sequence[ModuleType], state: State) -> None:
    for module in modules:
        state.jobs.extend(getattr(module, "JOBS", ()))
    for _name, jobs in state.plugins.call_all("jobs"):
        state.jobs.extend(jobs)


def _register_socket_verbs(modules: Sequence[ModuleType], state: State) -> None:
    verbs = [verb for module in modules for verb in getattr(module, "VERBS", ())]
    verbs += [verb for _name, more in state.plugins.call_all("socket_verbs") for verb in more]
    state.socket_verbs.update({verb.name: verb for verb in verbs})
