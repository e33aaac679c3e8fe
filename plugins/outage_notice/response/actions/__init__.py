"""Every write of the response to an outage. One function = one transaction = rows, audit, timeline, mail."""

from __future__ import annotations

from plugins.outage_notice.response.actions.preparing import Prepared, prepare

__all__ = ["Prepared", "prepare"]
