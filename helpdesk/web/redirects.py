"""Where to go next, never to another site."""

from __future__ import annotations

from urllib.parse import urlsplit

from helpdesk.web.text import has_control_characters

HOME = "/"
_LONGEST = 2000


def safe_next(value: str | None) -> str:
    """`value` when it is a path on this site (with its query), else the home page.

    Browsers read "\\" as "/" and drop tabs and line breaks, so an address with any of them is not followed.
    """
    if not value or len(value) > _LONGEST or not value.startswith("/") or value.startswith("//"):
        return HOME
    if "\\" in value or " " in value or has_control_characters(value, one_line=True):
        return HOME
    try:
        parts = urlsplit(value)
    except ValueError:
        return HOME
    return HOME if parts.scheme or parts.netloc else value
