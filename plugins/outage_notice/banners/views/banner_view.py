"""A banner made ready for the templates: times as datetimes, labels, what has passed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from plugins.outage_notice.banners.views.words import kind_label, snooze_label


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _passed(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now


@dataclass(frozen=True, slots=True)
class BannerView:
    """The places that `outage_notice/notices.html` fills. `style` is the class suffix: l1…l4 or mt."""

    id: int
    version: int
    severity: int
    style: str
    kind_label: str
    title: str
    lang: str
    dir: str
    description_html: Markup
    workaround_html: Markup
    update_html: Markup
    update_at: datetime | None
    updated_at: datetime | None
    started_at: datetime | None
    window_end: datetime | None
    window: bool
    is_overrun: bool
    since: datetime | None
    eta: datetime | None
    eta_passed: bool
    next_update_at: datetime | None
    next_update_passed: bool
    is_incident: bool
    is_running: bool
    service_names: str
    may_hide: bool
    may_snooze: bool
    snooze_label: str
    may_be_affected: bool
    is_affected: bool
    is_hidden: bool
    is_read: bool
    url: str
    drill: bool

    @classmethod
    def of(cls, banner: Mapping[str, Any], now: datetime) -> BannerView:
        """From the `banner` object of the board, whose HTML is sanitised."""
        started_at, eta = _moment(banner["started_at"]), _moment(banner["eta"])
        next_update_at, update = _moment(banner["next_update_at"]), banner["latest_update"]
        is_incident = banner["kind"] == "incident"
        window_end = eta or _moment(banner["show_until"])
        return cls(
            id=banner["id"],
            version=banner["version"],
            severity=banner["severity"],
            style="mt" if banner["kind"] == "maintenance" and banner["severity"] > 1 else f"l{banner['severity']}",
            kind_label=kind_label(banner),
            title=banner["title"],
            lang=banner["lang"],
            dir=banner["dir"],
            description_html=Markup(banner["description_html"]),  # noqa: S704 - made by markdown_to_html
            workaround_html=Markup(banner["workaround_html"]),  # noqa: S704
            update_html=Markup(update["html"]) if update else Markup(""),  # noqa: S704
            update_at=_moment(update["at"]) if update else None,
            updated_at=_moment(banner["updated_at"]),
            started_at=started_at,
            window_end=window_end,
            window=banner["kind"] == "maintenance" and started_at is not None and window_end is not None,
            is_overrun=not is_incident and banner["phase"] == "active" and _passed(eta, now),
            since=started_at if is_incident and _passed(started_at, now) else None,
            eta=eta,
            eta_passed=_passed(eta, now),
            next_update_at=next_update_at,
            next_update_passed=_passed(next_update_at, now),
            is_incident=is_incident,
            is_running=is_incident or banner["phase"] == "active",
            service_names=", ".join(s["name"] for s in banner["services"]),
            may_hide=banner["may_hide"],
            may_snooze=banner["may_snooze"],
            snooze_label=snooze_label(banner),
            may_be_affected=is_incident and not banner["receipt"]["affected"],
            is_affected=banner["receipt"]["affected"],
            is_hidden=banner["receipt"]["hidden"],
            is_read=banner["receipt"]["read"],
            url=banner["url"],
            drill=banner["drill"],
        )
