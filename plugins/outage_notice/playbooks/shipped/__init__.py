"""The playbooks that come with the program, in the languages that we ship.

Titles, texts and what stands in the blanks are written in each language. Names, checklists and briefings are for staff
and go through the catalogue of translations when they are shown (`N_` marks them).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugins.outage_notice.playbooks.rules import Content
from plugins.outage_notice.playbooks.shipped import incidents, services


def shipped() -> Mapping[str, Content]:
    """The playbooks by slug, in the order of the list."""
    return {
        "service-down": services.service_down(),
        "service-slow": services.service_slow(),
        "supplier": services.supplier(),
        "maintenance": services.maintenance(),
        "email": services.email(),
        "network": services.network(),
        "ransomware": incidents.ransomware(),
        "power": incidents.power(),
        "phone": incidents.phone(),
        "printing": incidents.printing(),
        "data-loss": incidents.data_loss(),
        "resolved": incidents.resolved(),
    }


def shipped_rows() -> list[dict[str, Any]]:
    """The columns of their rows, but for the dates."""
    return [
        {name: getattr(value, "value", value) for name, value in content.to_columns().items()}
        | {"slug": slug, "revision": 1}
        for slug, content in shipped().items()
    ]
