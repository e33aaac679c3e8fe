"""What an alert changes, which rule it meets, and when it changes too often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from plugins.outage_notice.announcements.rules import Severity
from plugins.outage_notice.intake import rules
from plugins.outage_notice.intake.rules import AlertStatus, BadMatchers, Change, Known, Signal

FIRING, RESOLVED = AlertStatus.firing, AlertStatus.resolved
AT = datetime(2026, 3, 12, 9, tzinfo=UTC)
EARLIER, LATER = AT - timedelta(minutes=5), AT + timedelta(minutes=5)


@dataclass(frozen=True)
class Rule:
    matchers: str


@pytest.mark.parametrize(
    ("known", "status", "starts_at", "change"),
    [
        (None, FIRING, AT, Change.fires),
        (None, RESOLVED, AT, Change.resolves),  # resolved before firing
        (Known(RESOLVED, AT), FIRING, AT, Change.late),  # and the firing after it
        (Known(FIRING, AT), FIRING, AT, Change.nothing),
        (Known(RESOLVED, AT), RESOLVED, AT, Change.nothing),
        (Known(FIRING, AT), RESOLVED, AT, Change.resolves),
        (Known(RESOLVED, AT), FIRING, LATER, Change.fires),
        (Known(FIRING, AT), FIRING, LATER, Change.fires),  # its end was never heard
        (Known(FIRING, AT), RESOLVED, EARLIER, Change.late),
        (Known(FIRING, AT), FIRING, EARLIER, Change.late),
        (Known(FIRING, AT), RESOLVED, LATER, Change.resolves),
        (None, FIRING, None, Change.fires),
        (Known(FIRING, AT), FIRING, None, Change.nothing),
        (Known(FIRING, AT), RESOLVED, None, Change.resolves),
        (Known(RESOLVED, AT), RESOLVED, None, Change.nothing),
        (Known(RESOLVED, AT), FIRING, None, Change.fires),
    ],
)
def test_what_a_signal_changes(
    known: Known | None, status: AlertStatus, starts_at: datetime | None, change: Change
) -> None:
    assert rules.change_of(known, Signal("s", "1", status, "T", starts_at=starts_at)) is change


def test_conditions() -> None:
    found = rules.read_matchers('alertname = VPN*\n\n severity!="info"\n')
    assert [(m.label, m.value, m.is_equal) for m in found] == [("alertname", "VPN*", True), ("severity", "info", False)]
    for bad in ("", "\n", "no condition", "=x", "9a=b", "a==" * 30 + "\n" * 3 + "?", "\n".join(["a=b"] * 21)):
        with pytest.raises(BadMatchers):
            rules.read_matchers(bad)


@pytest.mark.parametrize(
    ("pattern", "value", "is_met"),
    [
        ("VPN*", "VPNDown", True),
        ("vpn*", "VPNDown", True),
        ("*down", "VPNDown", True),
        ("v*d*n", "VPNDown", True),
        ("*", "", True),
        ("", "", True),
        ("a*a", "a", False),
        ("VPN", "VPNDown", False),
        ("x*", "VPNDown", False),
        ("a**b", "ab", True),
        ("[a-z]*", "abc", False),
    ],
)
def test_stars(pattern: str, value: str, is_met: bool) -> None:
    assert rules.fits(pattern, value) is is_met


def test_the_first_rule_whose_conditions_all_hold() -> None:
    one, two = Rule("alertname=VPN*\nsite=north"), Rule("alertname=*\nseverity!=info")
    assert rules.find_rule([one, two], {"alertname": "VPNDown", "site": "north"}) is one
    assert rules.find_rule([one, two], {"alertname": "VPNDown"}) is two
    assert rules.find_rule([one, two], {"alertname": "VPNDown", "severity": "info"}) is None


def test_patterns_take_no_time() -> None:
    assert not rules.fits("*a" * 500 + "b", "a" * 1000)


def test_four_changes_in_a_quarter_of_an_hour_are_flapping() -> None:
    changes: list[datetime] = []
    seen = []
    for n in range(5):
        at = AT + timedelta(minutes=3 * n)
        changes = rules.latest_changes(changes, at)
        seen.append(rules.is_flapping(changes, at))
    assert seen == [False, False, False, True, True]
    assert not rules.is_flapping(changes, AT + timedelta(minutes=40))


def test_levels_of_other_programs() -> None:
    assert rules.level_of(" Critical ") is Severity.critical
    assert rules.level_of("warning") is Severity.minor
    assert rules.level_of("purple") is None
    assert rules.plain_time(datetime(1, 1, 1, tzinfo=UTC)) is None
