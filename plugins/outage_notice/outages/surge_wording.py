"""What technicians are written when an agent asks them to look at a surge."""

from __future__ import annotations

from collections.abc import Iterable

from flask_babel import force_locale, gettext, ngettext

from helpdesk.plugin_api import Viewer, language_for, page_address
from plugins.outage_notice.outages.queries.surges import SurgeView


def about(view: SurgeView) -> str:
    """The service, or the word in quotation marks."""
    if view.surge.service_id is not None:
        return view.subject
    return str(gettext("“%(word)s”", word=view.subject))


def headline(view: SurgeView) -> str:
    words = ngettext(
        "%(num)s ticket about %(about)s in %(minutes)s minutes",
        "%(num)s tickets about %(about)s in %(minutes)s minutes",
        view.evidence.tickets,
        about=about(view),
        minutes=view.evidence.minutes,
    )
    return str(words)


def surge_letter(view: SurgeView, person: Viewer, caller: Viewer) -> tuple[str, str]:
    """Subject and text of the mail to somebody who is called."""
    with force_locale(language_for(person.locale)):
        parts = [gettext("Hello %(name)s,", name=person.name), *_parts(view, caller)]
        return " ".join(headline(view).split()), "\n\n".join(map(str, parts))


def surge_notice(view: SurgeView, names: Iterable[str], caller: Viewer) -> tuple[str, str]:
    """Title and text for chat and SMS, in the language of the settings."""
    with force_locale(language_for(None)):
        told = gettext("Called: %(names)s.", names=", ".join(names))
        asked, first, url = _parts(view, caller)
        return headline(view), "\n".join([f"{asked} {told}", first, url])


def _parts(view: SurgeView, caller: Viewer) -> tuple[str, str, str]:
    return (
        gettext("%(person)s asks for a technician: %(headline)s.", person=caller.name, headline=headline(view)),
        gettext("First: look at these tickets and say “I have it”. If it is an outage, declare it."),
        page_address("/tickets"),
    )
