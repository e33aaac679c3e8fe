"""Loads plugins by import name, checks them, and calls them one at a time."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

import pluggy
import structlog

from helpdesk.hooks.specs import PROJECT, Specs

log = structlog.get_logger(__name__)


class BadPlugin(Exception):
    """A plugin cannot be loaded. The text names it and says why; the application does not start."""


class Registry:
    """The loaded plugins. `call_all` is strict (start-up); `collect` leaves out who raises (requests)."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Specs)
        self.failures: dict[str, str] = {}
        for name in names:
            self._load(name)

    def _load(self, name: str) -> None:
        try:
            module = importlib.import_module(f"{name}.hooks")
        except ModuleNotFoundError as error:
            raise BadPlugin(f"plugin {name}: {error}; check HELPDESK_PLUGINS") from error
        try:
            self._manager.register(module, name=name)  # refuses arguments that a hook does not have
            self._manager.check_pending()  # and hooks that do not exist
        except pluggy.PluginValidationError as error:
            raise BadPlugin(f"plugin {name}: {error}") from error

    @property
    def names(self) -> list[str]:
        return [name for name, _plugin in self._manager.list_name_plugin()]

    def _implementations(self, hook: str) -> Iterator[tuple[str, Any, set[str]]]:
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():  # in the order of registration
            yield implementation.plugin_name, implementation.function, set(implementation.argnames)

    def call_all(self, hook: str, **arguments: Any) -> list[tuple[str, Any]]:
        """(plugin, result) of every plugin that has the hook. An exception passes through."""
        return [
            (name, function(**{k: v for k, v in arguments.items() if k in wanted}))
            for name, function, wanted in self._implementations(hook)
        ]

    def collect(self, hook: str, **arguments: Any) -> list[Any]:
        """The results of the plugins that have the hook and do not raise. Who raises is logged and remembered."""
        results = []
        for name, function, wanted in self._implementations(hook):
            try:
                results.append(function(**{k: v for k, v in arguments.items() if k in wanted}))
                self.failures.pop(f"{name}.{hook}", None)
            except Exception as error:
                self.failures[f"{name}.{hook}"] = type(error).__name__
                log.exception("plugin failed", plugin=name, hook=hook)
        return results
