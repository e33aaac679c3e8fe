"""The stories of the demonstration organisation: every kind and phase, around the present moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from plugins.outage_notice.announcements.demo.writing import DAY, HOUR, MINUTE, Said, Story
from plugins.outage_notice.announcements.rules import Anchor, Draft, Effect, Kind, PlanEntry, Says, Status, Texts


def stories(now: datetime) -> list[Story]:
    """What is going on at `now`, what is planned, and what has been."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return [*_active(now, hour), *_planned(hour), *_past(hour), *_drafts(hour)]


def _active(now: datetime, hour: datetime) -> list[Story]:
    vpn = Draft(
        severity=2,
        title="VPN is down for everyone working outside the office",
        description="You can't connect to the VPN. In the office everything works.",
        workaround="Use web mail and the documents in the browser until then.",
        translations={
            "es": Texts(
                "La VPN no funciona para quienes trabajan fuera de la oficina",
                "No se puede conectar a la VPN. En la oficina todo funciona.",
                "Mientras tanto, use el correo web y los documentos en el navegador.",
            ),
            "pt": Texts(
                "A VPN não funciona para quem trabalha fora do escritório",
                "Não é possível ligar à VPN. No escritório tudo funciona.",
                "Entretanto, use o correio web e os documentos no navegador.",
            ),
        },
        starts_at=now - 50 * MINUTE,
        eta=hour + 2 * HOUR,
        next_update_at=now + 25 * MINUTE,
        keywords="vpn, remote access, tunnel",
        is_public=True,
    )
    return [
        Story(
            vpn,
            (("vpn", Effect.major_outage),),
            ("Finance", "Human Resources", "IT Services", "Communications", "Sales"),
            47 * MINUTE,
            (
                Said(6 * MINUTE, "Restarted the second gateway: no change.", is_public=False),
                Said(20 * MINUTE, "A certificate has expired. We are replacing it.", Status.identified),
            ),
        ),
        Story(
            Draft(
                severity=3,
                title="Printing is slow in the town hall",
                description="Printing works but takes up to five minutes.",
                workaround="Choose the printer of another floor.",
                starts_at=now - 3 * HOUR,
                next_update_at=hour + 3 * HOUR,
                keywords="printer, printing",
            ),
            (("printing", Effect.degraded_performance),),
            ("Northbridge Town Council",),
            2 * HOUR,
        ),
        Story(
            Draft(
                kind=Kind.information,
                severity=4,
                title="The service desk answers until 20:00 this week",
                description="You reach us by telephone and by ticket two hours longer than usual.",
                show_until=hour + 4 * DAY,
                mention_in_automated_replies=False,
            ),
            published=DAY,
        ),
    ]


def _planned(hour: datetime) -> list[Story]:
    evening = hour.replace(hour=19) + (DAY if hour.hour >= 17 else timedelta())
    return [
        Story(
            Draft(
                kind=Kind.maintenance,
                severity=2,
                title="ERP is unavailable for an update",
                description="You can't book or approve anything in the ERP. Save your work before it starts.",
                workaround="There is no way around it.",
                show_from=hour - 2 * HOUR,
                starts_at=evening,
                planned_end_at=evening + 2 * HOUR,
                keywords="erp",
                is_public=True,
                notice_plan=(
                    PlanEntry(Says.mail, Anchor.start, 60),
                    PlanEntry(Says.banner_again, Anchor.start, 15),
                    PlanEntry(Says.mail, Anchor.end),
                ),
            ),
            (("erp", Effect.under_maintenance),),
            ("Finance", "Public Works", "Sales"),
            5 * HOUR,
        ),
        Story(
            Draft(
                kind=Kind.maintenance,
                severity=3,
                title="Wi-Fi is interrupted for a few minutes",
                description="The wireless network restarts once in each building.",
                workaround="Use a cable, or wait five minutes.",
                show_from=evening + 2 * DAY,
                starts_at=evening + 3 * DAY,
                planned_end_at=evening + 3 * DAY + HOUR,
                ends_by_itself=True,
            ),
            (("wi-fi", Effect.under_maintenance),),
            published=6 * HOUR,
        ),
        Story(
            Draft(
                kind=Kind.maintenance,
                severity=3,
                title="E-mail archive is being backed up",
                description="Searching old mail is slower than usual.",
                workaround="Search only this year’s mail.",
                starts_at=evening + 3 * HOUR + DAY,
                planned_end_at=evening + 4 * HOUR + DAY,
                ends_by_itself=True,
                recurrence="FREQ=WEEKLY",
                mention_in_automated_replies=False,
            ),
            (("e-mail", Effect.degraded_performance),),
            ("Northbridge Town Council",),
            10 * DAY,
        ),
    ]


def _past(hour: datetime) -> list[Story]:
    return [
        Story(
            Draft(
                severity=1,
                title="E-mail is down for everyone",
                description="You can't send or receive mail. Nothing is lost: mail arrives later.",
                workaround="Call, or use the chat.",
                starts_at=hour - 6 * DAY,
                eta=hour - 6 * DAY + 2 * HOUR,
                is_public=True,
            ),
            (("e-mail", Effect.major_outage),),
            (),
            6 * DAY,
            (
                Said(15 * MINUTE, "A storage system has failed. We switch to the second one.", Status.identified),
                Said(70 * MINUTE, "Mail works again. We are watching it.", Status.monitoring),
                Said(95 * MINUTE, "E-mail works again. We are sorry for the interruption.", Status.resolved),
            ),
            (95 * MINUTE, Status.resolved),
        ),
        Story(
            Draft(
                kind=Kind.maintenance,
                severity=2,
                title="File storage moves to new hardware",
                description="You can't open shared folders.",
                workaround="Copy what you need to your computer before it starts.",
                starts_at=hour - 12 * DAY,
                planned_end_at=hour - 12 * DAY + 4 * HOUR,
            ),
            (("file-storage", Effect.under_maintenance),),
            (),
            13 * DAY,
            (),
            (DAY + 3 * HOUR, Status.completed),
        ),
        Story(
            Draft(
                kind=Kind.maintenance,
                severity=3,
                title="Payroll is unavailable for an update",
                description="You can't see pay slips.",
                workaround="There is no way around it.",
                starts_at=hour - 3 * DAY,
                planned_end_at=hour - 3 * DAY + 2 * HOUR,
            ),
            (("payroll", Effect.under_maintenance),),
            ("Finance", "Human Resources"),
            5 * DAY,
            (Said(DAY, "The supplier is not ready. We choose a new date.", Status.cancelled),),
            (DAY, Status.cancelled),
        ),
        Story(
            Draft(
                kind=Kind.information,
                severity=4,
                title="The canteen card is the new building pass",
                description="Your old pass opens the doors until the end of the month.",
                mention_in_automated_replies=False,
            ),
            published=20 * DAY,
            ends=(10 * DAY, Status.ended),
        ),
    ]


def _drafts(hour: datetime) -> list[Story]:
    return [
        Story(
            Draft(
                kind=Kind.maintenance,
                severity=2,
                title="Telephones are interrupted in Finance",
                description="You can't make or take calls.",
                starts_at=hour + 9 * DAY,
                planned_end_at=hour + 9 * DAY + 3 * HOUR,
            ),
            (("telephone", Effect.under_maintenance),),
            ("Finance",),
        ),
    ]
