"""Every write of alerts: what is received, what publishes by itself, and the rules that map them."""

from __future__ import annotations

from plugins.outage_notice.intake.actions.mapping import RuleInput, delete_rule, save_rule
from plugins.outage_notice.intake.actions.publishing import may_publish, say_unpublished
from plugins.outage_notice.intake.actions.receiving import Received, forget_old, receive
from plugins.outage_notice.intake.actions.telling import tell_what_became

__all__ = [
    "Received",
    "RuleInput",
    "delete_rule",
    "forget_old",
    "may_publish",
    "receive",
    "save_rule",
    "say_unpublished",
    "tell_what_became",
]
