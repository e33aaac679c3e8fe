"""The shape of a ticket's story."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Turn(Enum):
    """Who writes next, by the first letter of a line of the story."""

    ask = "?"  # staff ask the requester: the ticket waits
    answer = "A"  # staff write to the requester
    note = "N"  # staff write for each other
    requester = "R"


@dataclass(frozen=True, slots=True)
class Story:
    """A ticket as it goes: `turns` are (who, text) in order, the last one solves it.

    Texts hold blanks: {floor} {room} {device} {amount} {day} {hour} {person} {first}.
    """

    service: str | None
    subjects: tuple[str, ...]
    body: str
    turns: tuple[tuple[Turn, str], ...]
    priority: str = "normal"
    locale: str | None = None
    weight: int = 2


def story(
    service: str | None,
    subjects: str,
    body: str,
    *lines: str,
    priority: str = "normal",
    locale: str | None = None,
    weight: int = 2,
) -> Story:
    """A story from its lines: subjects divided by bars, each turn begun with its letter and a space."""
    turns = tuple((Turn(line[0]), line[2:]) for line in lines)
    return Story(service, tuple(s.strip() for s in subjects.split("|")), body, turns, priority, locale, weight)
