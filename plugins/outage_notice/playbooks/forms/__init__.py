"""The form of a playbook, and the form with only its blanks."""

from __future__ import annotations

from plugins.outage_notice.playbooks.forms.keeping import PlaybookForm, values_of
from plugins.outage_notice.playbooks.forms.using import UseForm, use_form
from plugins.outage_notice.playbooks.forms.words import blank_label

__all__ = ["PlaybookForm", "UseForm", "blank_label", "use_form", "values_of"]
