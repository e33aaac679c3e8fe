"""How services are for one person, as far as the notices on their board say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from helpdesk.plugin_api import Badge, Viewer, service_lineages
from plugins.outage_notice.banners.queries import boards
from plugins.outage_notice.banners.views.words import _

ICONS = {"l1": "octagon", "l2": "triangle", "l3": "diamond", "l4": "info", "mt": "wrench"}


def service_states(service_ids: Sequence[int], viewer: Viewer, now: datetime) -> dict[int, Badge]:
    """The first notice of the board that names a service, or one of which that is a part, says how it is.

    Announcements for others say nothing here.
    """
    said: dict[int, tuple[int, Badge]] = {}
    for place, banner in enumerate(boards([viewer.id], now)[viewer.id].banners):
        if banner["kind"] != "information" and not banner["drill"]:
            for service in banner["services"]:
                said.setdefault(service["id"], (place, _badge(banner, service["effect"])))
    lineages = service_lineages(service_ids) if said else {}
    found = {id: [said[i] for i in lineage if i in said] for id, lineage in lineages.items()}
    return {id: min(badges, key=itemgetter(0))[1] for id, badges in found.items() if badges}


def _badge(banner: Mapping[str, Any], effect: str) -> Badge:
    style = "mt" if banner["kind"] == "maintenance" else f"l{banner['severity']}"
    return Badge(_label(banner, effect), style, ICONS[style], banner["url"])


def _label(banner: Mapping[str, Any], effect: str) -> str:
    if banner["kind"] == "maintenance":
        return _("Maintenance") if banner["phase"] == "active" else _("Maintenance planned")
    return {
        "major_outage": _("Down"),
        "partial_outage": _("Partly down"),
        "degraded_performance": _("Slow or limited"),
        "under_maintenance": _("Maintenance"),
    }[effect]
