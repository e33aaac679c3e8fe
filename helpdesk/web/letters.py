"""What is written to somebody outside of a page: in which language and time zone, and with whole addresses."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import current_app

from helpdesk.config import LOCALES, Settings


def _settings() -> Settings:
    settings: Settings = current_app.extensions["helpdesk"].settings
    return settings


def language_for(locale: str | None) -> str:
    """The language, out of ours, in which somebody with this locale is written to; the house's if it is none of them.

    A country is left out: "pt-BR" gives "pt". Without a locale it is how the house writes to everybody.
    """
    for tag in (locale, _settings().locale):
        language = (tag or "").replace("-", "_").partition("_")[0].lower()
        if language in LOCALES:
            return language
    return LOCALES[0]


def time_zone_for(name: str | None) -> ZoneInfo:
    """The time zone in which somebody is told times; the house's without a name, and for one that nobody knows."""
    try:
        return ZoneInfo(name or _settings().time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(_settings().time_zone)


def page_address(path: str) -> str:
    """The whole address of a page, as people type it. `path` begins with a slash."""
    return f"{_settings().public_url}{path}"
