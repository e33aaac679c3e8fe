"""Fields that hold more than one value: the affected services with their effects, and the audience."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from wtforms import Field, IntegerField
from wtforms.utils import unset_value
from wtforms.validators import NumberRange, Optional, ValidationError
from wtforms.widgets import HiddenInput

from plugins.outage_notice.announcements.rules import (
    Anchor,
    Checked,
    Effect,
    Kind,
    Plan,
    PlanEntry,
    Says,
    ServiceEffect,
    default_plan,
    in_order,
    plan_problems,
    plan_to_text,
)
from plugins.outage_notice.announcements.rules.notice_plan import UNITS
from plugins.outage_notice.audiences.rules import TARGETS_LIMIT, Target, TargetKind, is_well_formed

SERVICES_LIMIT = 100
_ID_DIGITS = 9
MANY = 30  # items of a checklist
ROWS_LIMIT = 50
NOT_NEEDED = "none"


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < len(text) <= _ID_DIGITS


def number_typed(text: str | None) -> int | None:
    """The number of people that somebody typed, such as "1 300" or "1,300", whatever stands between its digits."""
    digits = "".join(c for c in text or "" if c.isdecimal() and c.isascii())
    return int(digits) if digits else None


def revision_field() -> IntegerField:
    """The revision that the form was filled from, hidden: who edits an outdated one is told so."""
    return IntegerField(widget=HiddenInput(), validators=[Optional(), NumberRange(0, 2**31)])


class ServicesField(Field):
    """Rows of a service and its effect, sent as `name` and `name-effect` side by side. An empty row is left out.

    `data` is a tuple of ServiceEffect.
    """

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        self.process_errors: list[Any] = []
        self.data: tuple[ServiceEffect, ...] = () if data is unset_value or data is None else tuple(data)
        self.object_data = self.data
        if formdata is not None:
            ids = formdata.getlist(self.name)
            effects = formdata.getlist(f"{self.name}-effect")
            self.data = tuple({row.service_id: row for row in self._rows(ids, effects)}.values())

    def _rows(self, ids: list[str], effects: list[str]) -> Iterator[ServiceEffect]:
        if len(ids) > SERVICES_LIMIT:
            self.process_errors.append(_("Choose at most %(most)s services.", most=SERVICES_LIMIT))
            return
        for position, service in enumerate(ids):
            if not service:
                continue
            effect = effects[position] if position < len(effects) else Effect.major_outage.value
            if not _is_id(service):
                self.process_errors.append(_("Choose a service of the list."))
            elif effect not in tuple(Effect):
                self.process_errors.append(_("Say for each service what happens to it."))
            else:
                yield ServiceEffect(int(service), Effect(effect))


class AudienceField(Field):
    """The targets, each sent as "kind:id". `data` is a tuple of Target; doubles are left out."""

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        self.process_errors: list[Any] = []
        self.data: tuple[Target, ...] = () if data is unset_value or data is None else tuple(data)
        self.object_data = self.data
        if formdata is not None:
            self.data = tuple(dict.fromkeys(self._targets(formdata.getlist(self.name))))

    def _targets(self, values: list[str]) -> Iterator[Target]:
        if len(values) > TARGETS_LIMIT:
            self.process_errors.append(_("Choose at most %(most)s groups and people.", most=TARGETS_LIMIT))
            return
        for value in filter(None, values):
            kind, _colon, id = value.partition(":")
            target = Target(TargetKind(kind), id or None) if kind in tuple(TargetKind) else None
            if target is None or not is_well_formed(target):
                self.process_errors.append(_("Choose the audience from the list."))
                return
            yield target


def _usual(kind: str, severity: int | str) -> Plan:
    is_known = kind in tuple(Kind) and str(severity).isdecimal()
    return default_plan(Kind(kind), int(severity)) if is_known else ()


class NoticePlanField(Field):
    """Rows of what goes out, a number, its unit in minutes, and when: "before" the start, or at the "end". A row
    without what is left out, one without a number is at the start.

    `data` is the plan, or None for the usual one of kind and level: `name-usual` says which that was when the form was
    drawn, so rows that nobody touched follow the kind and the level.
    """

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        self.process_errors: list[Any] = []
        self.data: Plan | None = None if data is unset_value else data
        self.object_data = self.data
        if formdata is not None and f"{self.name}-usual" in formdata:
            columns = (formdata.getlist(name) for name in (self.name, *self.parts))
            rows = in_order(self._rows(*columns))
            self.data = None if plan_to_text(rows) == formdata.get(f"{self.name}-usual") else rows
            self.process_errors += plan_problems(self.data)

    @property
    def parts(self) -> tuple[str, str, str]:
        return f"{self.name}-number", f"{self.name}-unit", f"{self.name}-when"

    def shown(self, kind: str, severity: int | str) -> Plan:
        """What stands in the rows: the own plan, else the usual one."""
        return _usual(kind, severity) if self.data is None else in_order(self.data)

    def usual(self, kind: str, severity: int | str) -> str:
        """What `name-usual` holds."""
        return plan_to_text(_usual(kind, severity))

    def _rows(self, whats: list[str], numbers: list[str], units: list[str], whens: list[str]) -> Iterator[PlanEntry]:
        for what, number, unit, when in zip(whats[:ROWS_LIMIT], numbers, units, whens, strict=False):
            if not what:
                continue
            is_number = not number.strip() or _is_id(number.strip())
            if what not in tuple(Says) or not is_number or unit not in map(str, UNITS) or when not in ("before", "end"):
                self.process_errors.append(_("Say for each line of the notice plan what goes out, and when."))
                return
            minutes = int(number.strip() or 0) * int(unit)
            yield PlanEntry(Says(what), Anchor.start if when == "before" else Anchor.end, minutes)


class ChecksField(Field):
    """The checklist: the numbers of the ticked items as `name`, and who checked number 2 as `name-by-2`, where
    "none" says that it was not needed. `items` are the texts, `people` the names of those who may have checked.

    `data` is a tuple of Checked. Every item must be ticked.
    """

    items: tuple[str, ...] = ()
    people: dict[int, str] = {}
    ticked: frozenset[int] = frozenset()

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        self.process_errors: list[Any] = []
        self.data: tuple[Checked, ...] = ()
        self.object_data = ()
        self.chosen: dict[int, str] = {}
        if formdata is not None:
            self.ticked = frozenset(int(text) for text in formdata.getlist(self.name) if _is_id(text))
            self.chosen = {
                number: text for number in range(MANY) if (text := formdata.get(f"{self.name}-by-{number}")) is not None
            }

    def pre_validate(self, form: Any) -> None:
        """Read what was ticked, now that the items are known."""
        if any(number not in self.ticked for number in range(len(self.items))):
            raise ValidationError(_("Tick each item once it was checked, or say that it is not needed this time."))
        self.data = tuple(self._checked(number, item) for number, item in enumerate(self.items))

    def _checked(self, number: int, item: str) -> Checked:
        by = self.chosen.get(number, "")
        if by == NOT_NEEDED:
            return Checked(item, is_needed=False)
        if by and not (_is_id(by) and int(by) in self.people):
            raise ValidationError(_("Choose somebody of the list as the one who checked."))
        return Checked(item, int(by) if by else None)
