"""Every write of the response to an outage. One function = one transaction = rows, audit, timeline, mail."""

from __future__ import annotations

from plugins.outage_notice.response.actions.agreeing import change_managers, change_targets, drop_department
from plugins.outage_notice.response.actions.briefing import save_briefing, send_briefing
from plugins.outage_notice.response.actions.calling import answer_call, begin_response
from plugins.outage_notice.response.actions.duties import hand_over, take_duty
from plugins.outage_notice.response.actions.escalating import pursue_promises
from plugins.outage_notice.response.actions.preparing import Prepared, prepare, tick

__all__ = [
    "Prepared",
    "answer_call",
    "begin_response",
    "change_managers",
    "change_targets",
    "drop_department",
    "hand_over",
    "prepare",
    "pursue_promises",
    "save_briefing",
    "send_briefing",
    "take_duty",
    "tick",
]
