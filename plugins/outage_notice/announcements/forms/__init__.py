"""The forms of announcements: the composer, and what is done on the page of one."""

from __future__ import annotations

from plugins.outage_notice.announcements.forms.composer import ComposerForm
from plugins.outage_notice.announcements.forms.room import EndForm, ReopenForm, ResolveForm, UpdateForm

__all__ = ["ComposerForm", "EndForm", "ReopenForm", "ResolveForm", "UpdateForm"]
