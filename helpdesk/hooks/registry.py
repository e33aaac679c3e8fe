"""Loads plugins by import name, checks them, and calls them one at a time."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pluggy
import structlog

from helpdesk.hooks.packages import Manifest, about, digest_of, find_package
from helpdesk.hooks.specs import PROJECT, Specs

log = structlog.get_logger(__name__)
SLOW_SECONDS = 0.5  # a page waits for each hook
WARN_SECONDS = 60.0


class BadPlugin(Exception):
    """A plugin cannot be loaded. The text names it and says why; the application does not start."""


class Registry:
    """The loaded plugins. `call_all` is strict (start-up); `collect` leaves out who raises (requests).

    `failures` says which hooks raised the last time, `slow` the longest that each took which was too slow, in seconds.
    """

    def __init__(self, names: tuple[str, ...], hashes: Mapping[str, str] | None = None) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Specs)
        self.failures: dict[str, str] = {}
        self.slow: dict[str, float] = {}
        self._warned_at: dict[str, float] = {}
        for name in names:
            _check_hash(name, (hashes or {}).get(name))
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

    def count(self, hook: str) -> int:
        """How many plugins have it."""
        return len(getattr(self._manager.hook, hook).get_hookimpls())

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
            began = time.perf_counter()
            try:
                results.append(function(**{k: v for k, v in arguments.items() if k in wanted}))
                self.failures.pop(f"{name}.{hook}", None)
            except Exception as error:
                self.failures[f"{name}.{hook}"] = type(error).__name__
                log.exception("plugin failed", plugin=name, hook=hook)
            finally:
                self._note_time(name, hook, time.perf_counter() - began)
        return results

    def _note_time(self, plugin: str, hook: str, seconds: float) -> None:
        """A hook cannot be stopped from outside; that it holds everybody up is said, at most once a minute."""
        if seconds < SLOW_SECONDS:
            return
        key, now = f"{plugin}.{hook}", time.monotonic()
        self.slow[key] = max(seconds, self.slow.get(key, 0.0))
        if now - self._warned_at.get(key, -WARN_SECONDS) >= WARN_SECONDS:
            self._warned_at[key] = now
            log.warning("plugin is slow", plugin=plugin, hook=hook, seconds=round(seconds, 2))

    def manifests(self) -> list[Manifest]:
        """What is loaded, as the files are now."""
        found = []
        for name, module in self._manager.list_name_plugin():
            folder = Path(str(getattr(module, "__file__", ""))).parent
            hooks = sorted(caller.name for caller in self._manager.get_hookcallers(module) or ())
            found.append(Manifest(name, about(folder), folder, digest_of(folder), tuple(hooks)))
        return found


def _check_hash(name: str, wanted: str | None) -> None:
    """Raises BadPlugin when the package is not what the settings name; nothing of it has run by then."""
    if wanted is None:
        return
    folder = find_package(name)
    if folder is not None and digest_of(folder) != wanted:
        raise BadPlugin(
            f"plugin {name}: its files are not those of {wanted} in HELPDESK_PLUGINS but of {digest_of(folder)}. "
            "Find out who changed them before you write down the new hash"
        )
