"""Language and time zone of a request: the person's own, else what the browser asks for, else the house's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from flask import Flask, current_app, has_request_context, request
from flask_babel import Babel, format_decimal, get_locale

from helpdesk.config import LOCALES, ROOT, Settings
from helpdesk.web.access import find_viewer

KIBI = 1024


def init_babel(app: Flask) -> None:
    """Translations of the host and of each plugin; a plugin's lie beside its `hooks.py`."""
    settings: Settings = app.extensions["helpdesk"].settings
    folders = [ROOT / "helpdesk" / "translations"]
    folders += [Path(ROOT, *name.split("."), "translations") for name in settings.plugin_names]
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(map(str, folders))
    app.config["BABEL_DEFAULT_LOCALE"] = str(_parse(settings.locale) or "en")
    app.config["BABEL_DEFAULT_TIMEZONE"] = settings.time_zone
    Babel(app, locale_selector=_select_locale, timezone_selector=lambda: str(current_time_zone()))


def _parse(tag: str | None) -> Locale | None:
    """The locale for a tag such as "es-MX", when its language is one that we speak."""
    language, _, territory = (tag or "").replace("-", "_").partition("_")
    if language.lower() not in LOCALES:
        return None
    try:
        return Locale(language.lower(), territory.upper() or None)
    except (UnknownLocaleError, ValueError):
        return Locale(language.lower())


def _first_known(tags: Iterable[str]) -> Locale | None:
    return next((locale for locale in map(_parse, tags) if locale), None)


def _select_locale() -> str | None:
    viewer = find_viewer()
    locale = _parse(viewer.locale) if viewer else None
    asked = _first_known(request.accept_languages.values()) if has_request_context() else None
    if locale is None or (asked and not locale.territory and asked.language == locale.language):
        locale = asked  # the same language as it is written where the person is: "en-GB" has 24 hours
    return str(locale) if locale else None  # None: the house's


def current_locale() -> Locale:
    return get_locale() or Locale("en")


def language_tag() -> str:
    """The language of the page as HTML wants it, such as "pt-BR"."""
    return str(current_locale()).replace("_", "-")


def current_time_zone() -> ZoneInfo:
    """The zone of the signed-in person, else the house's."""
    viewer = find_viewer()
    settings: Settings = current_app.extensions["helpdesk"].settings
    try:
        return ZoneInfo((viewer.time_zone if viewer else "") or settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.time_zone)


def _local(moment: datetime) -> datetime:
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(current_time_zone())


def localtime(moment: datetime | None) -> str:
    """Clock time in the reader's zone and language, "" for None."""
    if moment is None:
        return ""
    text = str(format_time(_local(moment).timetz(), "short", locale=current_locale()))
    return text.replace("\u202f", "\u00a0")  # as wide as scripts write it


def localdate(moment: datetime | None) -> str:
    """Date in the reader's zone and language, such as "12 Mar 2026"."""
    return "" if moment is None else str(format_date(_local(moment).date(), "medium", locale=current_locale()))


def localdatetime(moment: datetime | None) -> str:
    """Weekday, day, month and clock time; with the year when it is not the present one."""
    if moment is None:
        return ""
    local = _local(moment)
    this_year = local.year == _local(current_app.extensions["helpdesk"].clock.now()).year
    day = format_skeleton("MMMEd", local, locale=current_locale()) if this_year else localdate(moment)
    return f"{day}, {localtime(moment)}"


def filesize(size: int) -> str:
    """A size in bytes for people, such as "1.4 MB"."""
    value, units = float(size), ["B", "kB", "MB", "GB"]
    while value >= KIBI and len(units) > 1:
        value /= KIBI
        units.pop(0)
    unit = units[0]
    return f"{format_decimal(round(value, 1 if unit != 'B' and value < 10 else 0))}\u00a0{unit}"
