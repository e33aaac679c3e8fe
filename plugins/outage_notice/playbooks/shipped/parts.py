"""What the playbooks that come with the program have in common: blanks, checklists, and how they are written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plugins.outage_notice.announcements.rules import Effect
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.playbooks.rules import Blank, Content, PlaybookTexts

EVERYONE = (Target(TargetKind.everyone),)
DAY = 24 * 60


def N_(text: str) -> str:
    """Marks a text for the translators; it is translated where it is shown."""
    return text


WHOM = Blank("whom", {"en": "everyone", "es": "todas las personas", "pt": "todas as pessoas"})
PLACE = Blank("place", {"en": "all sites", "es": "todas las sedes", "pt": "todos os locais"})
SERVICE = Blank("service")
WORKAROUND = Blank(
    "workaround",
    {
        "en": "There is no way around it yet.",
        "es": "Todavía no hay una alternativa.",
        "pt": "Ainda não há alternativa.",
    },
)
WHAT_WORKS = Blank(
    "what_works",
    {
        "en": "All other services work.",
        "es": "Los demás servicios funcionan.",
        "pt": "Os outros serviços funcionam.",
    },
)

DECLARE = (
    N_("Check with one affected person what they see"),
    N_("Name who leads, who writes and who keeps the tickets"),
    N_("Post an update at the promised time, also when nothing has changed"),
    N_("Before you resolve: have two people in different departments try it"),
)


def three(en: Sequence[str], es: Sequence[str], pt: Sequence[str]) -> tuple[PlaybookTexts, dict[str, PlaybookTexts]]:
    return PlaybookTexts(*en), {"es": PlaybookTexts(*es), "pt": PlaybookTexts(*pt)}


def playbook(
    name: str,
    severity: int,
    blanks: tuple[Blank, ...],
    texts: tuple[PlaybookTexts, dict[str, PlaybookTexts]],
    **more: Any,
) -> Content:
    own, others = texts
    timed = {"next_update_minutes": 30 if severity == 1 else 60} if severity <= 2 else {"next_update_minutes": 4 * 60}
    values: dict[str, Any] = {"checklist": DECLARE, "effect": Effect.major_outage} | timed | more
    return Content(name=name, severity=severity, blanks=blanks, texts=own, translations=others, **values)
