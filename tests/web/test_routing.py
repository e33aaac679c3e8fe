"""Address rules are compiled when an address is made, and make the same addresses."""

from __future__ import annotations

from unittest.mock import patch

from werkzeug.routing import Map, Rule

from helpdesk.web.routing import LazyRule

RULES = ("/tickets/<int:number>", "/tickets/<int:number>/files/<path:name>", "/")


def addresses(rule_class: type[Rule]) -> list[str]:
    urls = Map([rule_class(rule, endpoint=rule) for rule in RULES]).bind("helpdesk.example")
    values = {"number": 7, "name": "a b/ü.txt", "more": "x y"}
    return [urls.build(rule, values, append_unknown=unknown) for rule in RULES for unknown in (False, True)]


def test_the_addresses_are_those_of_the_library() -> None:
    assert addresses(LazyRule) == addresses(Rule)


def test_a_rule_is_compiled_once_and_only_when_an_address_is_made() -> None:
    with patch.object(Rule, "_compile_builder", autospec=True, side_effect=Rule._compile_builder) as compiled:
        urls = Map([LazyRule(rule, endpoint=rule) for rule in RULES]).bind("helpdesk.example")
        assert urls.match("/tickets/7") == (RULES[0], {"number": 7})
        assert not compiled.called
        assert [urls.build(RULES[0], {"number": number}) for number in (7, 8)] == ["/tickets/7", "/tickets/8"]
    assert compiled.call_count == 1
