"""Address rules are compiled when an address is made, and make the same addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from helpdesk.web.routing import LazyRule

RULES = ("/tickets/<int:number>", "/tickets/<int:number>/files/<path:name>", "/")


def addresses(rule_class: type[Rule]) -> list[str]:
    urls = Map([rule_class(rule, endpoint=rule) for rule in RULES]).bind("helpdesk.example")
    values = {"number": 7, "name": "a b/ü.txt", "more": "x y"}
    return [urls.build(rule, values, append_unknown=unknown) for rule in RULES for unknown in (False, True)]


def test_the_addresses_are_those_of_the_library() -> None:
    assert addresses(LazyRule) == addresses(Rule)


def matches(rule_class: type[Rule]) -> list[tuple[str, Mapping[str, Any]]]:
    urls = Map([rule_class(rule, endpoint=rule) for rule in RULES]).bind("helpdesk.example")
    return [urls.match(path) for path in ("/tickets/7", "/tickets/7/files/a/b.txt", "/")]


def test_rules_match_like_those_of_the_library_also_when_their_parts_are_kept() -> None:
    """`tests/applications.py` keeps the parts of each rule for all applications of the tests."""
    assert matches(LazyRule) == matches(LazyRule) == matches(Rule)
    with pytest.raises(NotFound):
        Map([LazyRule("/tickets/<int:number>")]).bind("helpdesk.example").match("/tickets/x")


def test_a_rule_is_compiled_once_and_only_when_an_address_is_made() -> None:
    with patch.object(Rule, "_compile_builder", autospec=True, side_effect=Rule._compile_builder) as compiled:
        urls = Map([LazyRule(rule, endpoint=rule) for rule in RULES]).bind("helpdesk.example")
        assert urls.match("/tickets/7") == (RULES[0], {"number": 7})
        assert not compiled.called
        assert [urls.build(RULES[0], {"number": number}) for number in (7, 8)] == ["/tickets/7", "/tickets/8"]
    assert compiled.call_count == 1
