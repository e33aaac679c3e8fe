"""What a banner allows, what receipts count for, and where banners are drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugins.outage_notice.announcements.rules import Kind
from plugins.outage_notice.banners.rules import (
    NOTHING,
    Permissions,
    ReceiptFacts,
    Surface,
    arrange,
    order_key,
    permissions,
    receipt_state,
    snooze_until,
    surface,
)

NOW = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
LOUD = 40


@pytest.mark.parametrize(
    ("kind", "severity", "must_confirm", "expected"),
    [
        (Kind.incident, 1, False, Permissions(False, False)),
        (Kind.incident, 1, True, Permissions(False, True)),
        (Kind.maintenance, 1, True, Permissions(False, True)),
        (Kind.incident, 2, False, Permissions(True, True)),
        (Kind.maintenance, 2, False, Permissions(True, True)),
        (Kind.incident, 3, False, Permissions(True, False)),
        (Kind.information, 3, False, Permissions(True, False)),
        (Kind.incident, 4, False, Permissions(True, False)),
    ],
)
def test_what_a_banner_allows(kind: Kind, severity: int, must_confirm: bool, expected: Permissions) -> None:
    assert permissions(kind, severity, must_confirm) == expected


def test_what_must_be_confirmed_can_be_put_off_three_times() -> None:
    assert [permissions(Kind.incident, 1, True, n).may_snooze for n in range(5)] == [True, True, True, False, False]


def test_without_a_receipt_nothing_was_done() -> None:
    state = receipt_state(NOTHING, 0, None, NOW)
    assert state == {"read": False, "hidden": False, "snoozed_until": None, "affected": False}


@pytest.mark.parametrize(("version", "counts"), [(LOUD - 1, False), (LOUD, True), (LOUD + 1, True)])
def test_a_receipt_counts_until_the_next_loud_change(version: int, counts: bool) -> None:
    receipt = ReceiptFacts(read_version=version, hidden_version=version, is_affected=True)
    state = receipt_state(receipt, LOUD, None, NOW)
    assert (state["read"], state["hidden"], state["affected"]) == (counts, counts, True)


def test_a_receipt_of_an_earlier_occurrence_counts_no_more() -> None:
    receipt = ReceiptFacts(hidden_version=50, acted_at=NOW - timedelta(days=1))
    assert receipt_state(receipt, LOUD, NOW - timedelta(days=2), NOW)["hidden"]
    assert not receipt_state(receipt, LOUD, NOW - timedelta(hours=1), NOW)["hidden"]


def test_a_put_off_banner_returns_after_its_time_or_on_a_loud_change() -> None:
    receipt = ReceiptFacts(snoozed_version=50, snoozed_until=NOW)
    earlier = NOW - timedelta(minutes=1)
    assert receipt_state(receipt, LOUD, None, earlier)["snoozed_until"] == "2026-03-12T09:00:00Z"
    assert receipt_state(receipt, LOUD, None, NOW)["snoozed_until"] is None
    assert receipt_state(receipt, 51, None, earlier)["snoozed_until"] is None


def test_the_order_is_severity_then_kind_then_the_newest_change() -> None:
    later = NOW + timedelta(minutes=1)
    keys = [
        order_key(1, Kind.maintenance, NOW),
        order_key(2, Kind.incident, later),
        order_key(2, Kind.incident, NOW),
        order_key(2, Kind.maintenance, later),
        order_key(2, Kind.information, later),
        order_key(3, Kind.incident, later),
    ]
    assert keys == sorted(keys)


def banner(severity: int, must_confirm: bool = False, **receipt: Any) -> dict[str, Any]:
    state = {"read": False, "hidden": False, "snoozed_until": None, "affected": False} | receipt
    return {"severity": severity, "must_confirm": must_confirm, "receipt": state}


@pytest.mark.parametrize(
    ("given", "is_staff", "expected"),
    [
        (banner(1), False, Surface.card),
        (banner(1), True, Surface.card),
        (banner(1, read=True), False, Surface.bar),
        (banner(1, must_confirm=True), False, Surface.dialog),
        (banner(1, must_confirm=True, snoozed_until="2026-03-12T09:05:00Z"), False, Surface.list),
        (banner(2), False, Surface.card),
        (banner(2), True, Surface.list),
        (banner(2, hidden=True), False, Surface.list),
        (banner(2, snoozed_until="2026-03-12T10:00:00Z"), False, Surface.list),
        (banner(3), False, Surface.row),
        (banner(3), True, Surface.list),
        (banner(4), False, Surface.list),
    ],
)
def test_where_a_banner_is_drawn(given: dict[str, Any], is_staff: bool, expected: Surface) -> None:
    assert surface(given, is_staff=is_staff) is expected


def test_a_live_page_gets_a_card_instead_of_a_dialog() -> None:
    assert surface(banner(1, must_confirm=True), is_staff=False, at_page_load=False) is Surface.card


def test_only_one_card_is_open_but_unread_critical_ones_all_are() -> None:
    placed = arrange([banner(1), banner(1), banner(2), banner(2)], is_staff=False)
    assert (len(placed[Surface.card]), len(placed[Surface.row])) == (2, 2)
    placed = arrange([banner(2), banner(2), banner(3)], is_staff=False)
    assert (len(placed[Surface.card]), len(placed[Surface.row])) == (1, 2)


def test_how_long_a_banner_is_put_off() -> None:
    assert snooze_until(NOW, None, must_confirm=False) == NOW + timedelta(hours=1)
    assert snooze_until(NOW, 10, must_confirm=False) == NOW + timedelta(minutes=10)
    assert snooze_until(NOW, 10, must_confirm=True) == NOW + timedelta(minutes=5)
    start = NOW + timedelta(hours=3)
    assert snooze_until(NOW, None, must_confirm=False, remind_at=start) == start - timedelta(minutes=15)
    assert snooze_until(NOW, None, must_confirm=False, remind_at=NOW) == NOW + timedelta(hours=1)
