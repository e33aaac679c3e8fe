"""Address rules that cost nothing until an address is made from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


class LazyRule(Rule):
    """A rule whose two address builders are compiled at their first use.

    Werkzeug writes and compiles a function for each of them when the rule is added; with some 160 rules, few of which
    are ever built in one process, that was the largest part of making an application.
    `tests/web/test_routing.py` fails when the library no longer asks for them here.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_now = super()._compile_builder
        built: Callable[..., tuple[str, str]] | None = None

        def build(*rule: Any, **values: Any) -> tuple[str, str]:
            nonlocal built
            built = built or compile_now(append_unknown)
            return built(*rule, **values)

        return build
