"""What purposes, audiences and blanks of playbooks are called."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from plugins.outage_notice.playbooks.rules import Audience, Purpose

PURPOSE_NAMES: dict[str, Any] = {
    Purpose.declare: _l("To announce something"),
    Purpose.resolve: _l("Text for the last message"),
}
AUDIENCE_NAMES: dict[str, Any] = {
    Audience.service: _l("People who use the service"),
    Audience.playbook: _l("As the playbook says"),
    Audience.everyone: _l("Everyone"),
}
BLANK_LABELS: dict[str, Any] = {
    "service": _l("Service"),
    "whom": _l("For whom"),
    "place": _l("Where"),
    "workaround": _l("What they can do now"),
    "what_works": _l("What still works"),
    "last_good": _l("Since when"),
    "step": _l("What to try first"),
}


def blank_label(name: str) -> str:
    """What a blank is called above its field."""
    return str(BLANK_LABELS.get(name, name.replace("_", " ").capitalize()))
