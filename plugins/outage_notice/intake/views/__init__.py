"""Pages of alerts: what was received, the rules, and what stands on the page of an announcement."""

from __future__ import annotations

from plugins.outage_notice.intake.views import alerts, mapping  # noqa: F401  (they add routes)
from plugins.outage_notice.intake.views.blueprint import bp
from plugins.outage_notice.intake.views.parts import alerts_part, draft_part, proposal_part

__all__ = ["alerts_part", "bp", "draft_part", "proposal_part"]
