"""Blanks, what may be saved, the draft that a playbook becomes, and the playbooks that come with the program."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from helpdesk.config import LOCALES
from plugins.outage_notice.announcements.rules import (
    Anchor,
    CheckFacts,
    Effect,
    Kind,
    PlanEntry,
    Says,
    ServiceEffect,
    checks,
    wording,
)
from plugins.outage_notice.announcements.rules import Level as FindingLevel
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.playbooks.rules import (
    Audience,
    Blank,
    Choices,
    Content,
    PlaybookTexts,
    Purpose,
    bad_blanks,
    blanks_in,
    draft_from,
    fill,
    is_blank_name,
    missing_blanks,
    next_five_minutes,
    problems_of,
)
from plugins.outage_notice.playbooks.shipped import shipped, shipped_rows

NINE = datetime(2026, 3, 12, 9, 1, tzinfo=UTC)
EVERYONE = Target(TargetKind.everyone)
WHOM = Blank("whom", {"en": "everyone", "es": "todas las personas"})


def content(**more: object) -> Content:
    own = PlaybookTexts("{service} is down for {whom}", "You can't use {service}.", "Wait.")
    spanish = PlaybookTexts("{service} no funciona para {whom}", "No se puede usar {service}.", "Espere.")
    plain = Content(
        name="Down",
        texts=own,
        translations={"es": spanish},
        blanks=(Blank("service"), WHOM),
        next_update_minutes=60,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def test_blanks_have_small_letters_and_underscores() -> None:
    names = ["whom", "what_works", "Whom", "_x", "x1", "ü", "", "a" * 31]
    assert [is_blank_name(name) for name in names] == [True, True, False, False, False, False, False, False]
    assert blanks_in("{service} {whom} {service} {Whom}") == ["service", "whom"]


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("{service} is down", []),
        ("{whom}", ["{whom}"]),
        ("{ service }", ["{ service }"]),
        ("{service", ["{"]),
        ("{{service}}", ["{", "}"]),
        ("[...] is down", ["[...]"]),
        ("____", ["____"]),
        ("", []),
    ],
)
def test_what_is_no_declared_blank_is_refused(text: str, bad: list[str]) -> None:
    assert bad_blanks(text, ["service"]) == bad


def test_a_reply_has_also_the_blanks_that_are_filled_when_it_is_sent() -> None:
    assert bad_blanks("Hello {requester_name}", []) == ["{requester_name}"]
    assert bad_blanks("Hello {requester_name}", [], is_reply=True) == []


def test_filling_starts_a_text_with_a_capital_and_leaves_what_is_missing() -> None:
    assert fill("{whom}: {service} is down for {whom}", {"whom": "everyone", "service": ""}) == (
        "Everyone: {service} is down for everyone"
    )
    assert fill("{service}", {"service": "{whom}", "whom": "x"}) == "{whom}"  # nothing is filled twice


def test_saving_is_refused_field_by_field() -> None:
    bad = content(
        name=" ",
        kind=Kind.information,
        severity=1,
        locale="xx",
        texts=PlaybookTexts("", "{nobody}"),
        blanks=(Blank("Service"), Blank("whom"), Blank("whom")),
        next_update_minutes=0,
        checklist=("x" * 501,),
        audience=(Target(TargetKind.department, "one"),),
    )
    assert problems_of(bad).keys() == {
        "name", "severity", "locale", "title", "description", "translations", "blanks", "next_update_minutes",
        "checklist", "audience",
    }  # fmt: skip
    assert problems_of(content()) == {}


def test_the_draft_is_ready_to_be_published() -> None:
    draft = draft_from(content(), Choices(language="en", service=(5, "VPN")), NINE)
    assert (draft.title, draft.translations["es"].title) == (
        "VPN is down for everyone",
        "VPN no funciona para todas las personas",
    )
    assert draft.services == (ServiceEffect(5, Effect.major_outage),)
    assert draft.audience == (Target(TargetKind.service_users, "5"),)
    assert draft.next_update_at == datetime(2026, 3, 12, 10, 5, tzinfo=UTC)
    assert draft.eta is None


def test_a_language_in_which_not_all_was_written_is_left_out() -> None:
    changed = Choices(language="en", service=(5, "VPN"), values={"en": {"whom": "Finance"}, "es": {}})
    assert draft_from(content(), changed, NINE).translations == {}
    both = replace(changed, values={"en": {"whom": "Finance"}, "es": {"whom": "Finanzas"}})
    assert draft_from(content(), both, NINE).translations["es"].title == "VPN no funciona para Finanzas"
    spanish = draft_from(content(), replace(both, language="es"), NINE)
    assert (spanish.locale, spanish.title, list(spanish.translations)) == (
        "es",
        "VPN no funciona para Finanzas",
        ["en"],
    )


def test_what_was_emptied_is_never_published_as_the_default() -> None:
    works = Blank("what_works", {"en": "All other services work.", "es": "Lo demás funciona."})
    texts = PlaybookTexts("{service} is down for {whom}", "You can't use it. {what_works} Please wait.", "{what_works}")
    spanish = PlaybookTexts("{service} no va para {whom}", "No se puede usar. {what_works} Espere.", "{what_works}")
    made = content(texts=texts, translations={"es": spanish}, blanks=(Blank("service"), WHOM, works))

    def fill_in(**more: dict[str, str]) -> Choices:
        return Choices(language="en", service=(5, "VPN"), values=more)

    emptied = fill_in(en={"what_works": ""})
    draft = draft_from(made, emptied, NINE)  # a whole sentence stays out
    assert (draft.description, draft.workaround) == ("You can't use it. Please wait.", "")
    assert draft.translations == {}  # which still says it
    assert missing_blanks(made, emptied) == []
    both = draft_from(made, fill_in(en={"what_works": ""}, es={"what_works": ""}), NINE)
    assert both.translations["es"].description == "No se puede usar. Espere."

    part = fill_in(en={"whom": ""})
    assert draft_from(made, part, NINE).title == "VPN is down for {whom}"  # the text needs it
    assert missing_blanks(made, part) == ["whom"]
    inside = replace(made, texts=PlaybookTexts("It is down", "{service} is down, but {what_works}"))
    assert missing_blanks(inside, emptied) == ["what_works"]


def test_who_sees_it_is_chosen() -> None:
    own = content(audience=(Target(TargetKind.department, "3"),))
    seen = {a: draft_from(own, Choices(language="en", service=(5, "VPN"), audience=a), NINE).audience for a in Audience}
    assert seen == {
        Audience.playbook: own.audience,
        Audience.service: (Target(TargetKind.service_users, "5"),),
        Audience.everyone: (EVERYONE,),
    }


def test_a_maintenance_gets_its_end_and_its_display() -> None:
    plan = (PlanEntry(Says.mail, Anchor.start, 60), PlanEntry(Says.mail, Anchor.end))
    times = {"duration_minutes": 120, "lead_minutes": 24 * 60, "next_update_minutes": None, "notice_plan": plan}
    planned = content(kind=Kind.maintenance, **times)
    starts_at = NINE + timedelta(days=3)
    draft = draft_from(planned, Choices(language="en", starts_at=starts_at), NINE)
    assert (draft.planned_end_at, draft.show_from) == (starts_at + timedelta(hours=2), starts_at - timedelta(days=1))
    assert draft.notice_plan == plan
    near = draft_from(planned, Choices(language="en", starts_at=NINE + timedelta(hours=2)), NINE)
    assert near.show_from is None  # at once


def test_times_stand_on_five_minutes() -> None:
    assert next_five_minutes(NINE) == NINE.replace(minute=5)
    assert next_five_minutes(NINE.replace(minute=5)) == NINE.replace(minute=5)


def test_content_survives_being_stored() -> None:
    for made in shipped().values():
        assert Content.of_columns(SimpleNamespace(**made.to_columns())) == made


def test_twelve_come_with_the_program_in_every_language() -> None:
    found = shipped()
    assert list(found) == [
        "service-down", "service-slow", "supplier", "maintenance", "email", "network", "ransomware", "power", "phone",
        "printing", "data-loss", "resolved",
    ]  # fmt: skip
    assert len(shipped_rows()) == 12
    for made in found.values():
        assert problems_of(made) == {}
        assert set(made.languages()) == set(LOCALES)


@pytest.mark.parametrize("slug", shipped())
def test_the_texts_that_come_with_the_program_pass_the_check(slug: str) -> None:
    """With what stands in the blanks: nothing to correct, in any language, neither errors nor warnings."""
    made = shipped()[slug]
    starts_at = NINE + timedelta(days=20) if made.kind is Kind.maintenance else None
    for language in LOCALES:
        choices = Choices(
            language=language, service=(5, "VPN"), starts_at=starts_at, audience=Audience.service, owner_id=1
        )
        draft = draft_from(made, choices, NINE)
        facts = CheckFacts(people=1, locales=LOCALES, service_names=("VPN",))
        if made.purpose is Purpose.declare:
            found = [f for f in checks(draft, facts, NINE) if f.code != "no_eta"]
            assert found == [], (language, [str(f.message) for f in found])
        assert set(draft.translations) | {draft.locale} == set(LOCALES)
        assert len(draft.title) <= 80
        assert not wording.clock_words(draft.description), draft.description
        assert FindingLevel.error not in {f.level for f in checks(draft, facts, NINE) if f.code != "no_next_update"}
