"""Pages of playbooks: the list, the form of one, and the page with only its blanks."""

from __future__ import annotations

from plugins.outage_notice.playbooks.views import keeping, using  # they add routes
from plugins.outage_notice.playbooks.views.blueprint import bp
from plugins.outage_notice.playbooks.views.using import room_part

__all__ = ["bp", "keeping", "room_part", "using"]
