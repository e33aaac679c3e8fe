"""Limits of the service catalogue and its changes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from helpdesk.accounts.rules import fold
from helpdesk.core.events import Event

NAME_LIMIT = 120
SLUG_LIMIT = 60
DESCRIPTION_LIMIT = 2000
KEYWORDS_LIMIT = 500


@dataclass(frozen=True, slots=True)
class NewService:
    """What a service is made of. Without a slug one is made from the name. `keywords` are separated by commas."""

    name: str
    slug: str = ""
    description: str = ""
    parent_id: int | None = None
    owner_team_id: int | None = None
    keywords: str = ""
    is_public: bool = False
    position: int = 0
    department_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceChange:
    """All of a service as it shall be. `revision` is the one the change is based on."""

    revision: int
    name: str
    slug: str
    description: str
    parent_id: int | None
    owner_team_id: int | None
    keywords: str
    is_public: bool
    is_retired: bool
    position: int
    department_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ServiceChanged(Event):
    """Something of a service changed: its name, who uses it, or that it is retired. `what` names the fields."""

    service_id: int
    what: tuple[str, ...]


def make_slug(name: str) -> str:
    """A name as a part of an address: "E-mail & calendar" becomes "e-mail-calendar"."""
    return re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[:SLUG_LIMIT].strip("-")


def is_slug(text: str) -> bool:
    return len(text) <= SLUG_LIMIT and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text) is not None


def tidy_keywords(text: str) -> str:
    """Keywords, each once, separated by one comma and one space."""
    words = [" ".join(word.split()) for word in re.split(r"[,;\n]", text)]
    return ", ".join(dict.fromkeys(word for word in words if word))
