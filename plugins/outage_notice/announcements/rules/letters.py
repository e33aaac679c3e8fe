"""How an announcement reads as a mail, in the language of the moment: for those it is for, and for who writes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_datetime
from flask_babel import get_locale
from flask_babel import gettext as _

from helpdesk.plugin_api import markdown_to_text
from plugins.outage_notice.announcements.rules.times import zone_of
from plugins.outage_notice.announcements.rules.vocabulary import Texts

SUBJECT_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    paragraphs: tuple[str, ...]


def letter_of(subject: str, parts: Iterable[str], *, is_drill: bool) -> Letter:
    """A letter without what a mail may not carry. That of a drill says what it is, first of all."""
    line = printable(" ".join(subject.split()))
    said = [*parts]
    if is_drill:
        line = _("Drill: %(title)s", title=line)
        said.insert(0, _("This is a drill: nothing is broken, and there is nothing to do but to read this."))
    return Letter(line[:SUBJECT_LIMIT], tuple(text for part in said if (text := printable(part).strip())))


def what_it_says(texts: Texts, times: Iterable[str]) -> list[str]:
    """What people notice, when, and what they can do now."""
    parts = [markdown_to_text(texts.description or texts.title), *times]
    if texts.workaround:
        parts.append(_("What you can do now: %(workaround)s", workaround=markdown_to_text(texts.workaround)))
    return parts


def span_words(starts_at: datetime | None, ends_at: datetime | None, zone: str) -> str:
    """When it is planned, as far as that is known."""
    if starts_at is None:
        return ""
    if ends_at is None:
        return str(_("It starts at %(start)s.", start=time_words(starts_at, zone)))
    return str(_("From %(start)s until %(end)s.", start=time_words(starts_at, zone), end=time_words(ends_at, zone)))


def promise_words(eta: datetime | None, next_update_at: datetime | None, zone: str) -> list[str]:
    """When it should be over, and when the next word comes."""
    said = []
    if eta is not None:
        said.append(_("We expect it to be over at about %(time)s. This is an estimate.", time=time_words(eta, zone)))
    if next_update_at is not None:
        said.append(_("The next update comes by %(time)s.", time=time_words(next_update_at, zone)))
    return said


def time_words(moment: datetime, zone: str) -> str:
    return str(format_datetime(moment, "EEE d MMM, HH:mm", tzinfo=zone_of(zone), locale=get_locale()))


def printable(text: str) -> str:
    """Without the control characters that a form may carry and a mail may not."""
    return "".join(c for c in text if c.isprintable() or c == "\n")
