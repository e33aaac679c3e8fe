"""What a playbook brings to a new draft: whom to call, what agents are told, what to tick off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from plugins.outage_notice.response.models import Briefing, Preparation
from plugins.outage_notice.response.rules import Callee


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    playbook_id: int
    playbook_name: str
    people: tuple[Callee, ...] = ()
    calls_by_mail: bool = True
    checklist: tuple[str, ...] = ()
    callers_say: str = ""
    answer: str = ""
    do_not_promise: str = ""
    expected_volume: str = ""

    @property
    def has_briefing(self) -> bool:
        return bool(self.callers_say or self.answer or self.do_not_promise or self.expected_volume)


def prepare(session: Session, announcement_id: int, prepared: Prepared, at: datetime) -> None:
    """Keep it with the announcement, in the running transaction: later changes of the playbook do not change it."""
    session.add(
        Preparation(
            announcement_id=announcement_id,
            playbook_id=prepared.playbook_id,
            playbook_name=prepared.playbook_name,
            people=[callee.to_json() for callee in prepared.people],
            calls_by_mail=prepared.calls_by_mail,
            checklist=list(prepared.checklist),
            used_at=at,
        )
    )
    if prepared.has_briefing:
        session.add(
            Briefing(
                announcement_id=announcement_id,
                callers_say=prepared.callers_say,
                answer=prepared.answer,
                do_not_promise=prepared.do_not_promise,
                expected_volume=prepared.expected_volume,
                updated_at=at,
            )
        )
