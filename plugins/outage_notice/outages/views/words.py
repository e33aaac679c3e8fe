"""Why a ticket belongs to an outage, and what became of it in a reply to all."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext

from plugins.outage_notice.outages.rules import BroadcastKind, By, How, Result

_l = lazy_gettext

RESULT_WORDS: dict[Any, Any] = {
    None: _l("Waits for its turn"),
    Result.told: _l("Answered"),
    Result.told_elsewhere: _l("Answered in another ticket of the same person"),
    Result.wrote_since: _l("Left out: the requester wrote since, a person answers"),
    Result.in_hand: _l("Left to the agent who has it"),
    Result.not_open: _l("Left out: solved or closed"),
    Result.unlinked: _l("Left out: no longer linked"),
    Result.unconcerned: _l("Left out: the outage does not concern this person any more"),
    Result.solved: _l("Told and solved"),
    Result.left_open: _l("Told, left open"),
    Result.not_wanted: _l("Not needed any more"),
    Result.failed: _l("Failed"),
}


KIND_WORDS: dict[Any, Any] = {
    BroadcastKind.reply: _l("Reply to all"),
    BroadcastKind.answer: _l("Automated reply to the surge"),
    BroadcastKind.correction: _l("New estimate"),
    BroadcastKind.closing: _l("Closing message"),
    BroadcastKind.reopening: _l("Message that it is back"),
}


def reason_words(how: How, by: By, linker: str | None = None) -> str:
    """Why it is linked or suggested, as one phrase."""
    if by is By.declined:
        return str(gettext("looks like it, but the requester says that it is different"))
    if how is How.suggested:
        return str(gettext("its words fit, but it names another service"))
    if how is How.hand:
        return str(gettext("linked by %(name)s", name=linker or "–"))
    if by is By.surge:
        return str(gettext("linked by rule: part of the surge that was declared"))
    if by is By.service:
        return str(gettext("linked by rule: its service is affected"))
    return str(gettext("linked by rule: its words fit"))
