"""Services that are down, slow, at a supplier or under maintenance; e-mail and the network."""

from __future__ import annotations

from plugins.outage_notice.announcements.rules import Anchor, Effect, Kind, PlanEntry, Says
from plugins.outage_notice.playbooks.rules import Briefing, Content
from plugins.outage_notice.playbooks.shipped.parts import (
    DAY,
    DECLARE,
    EVERYONE,
    N_,
    PLACE,
    SERVICE,
    WHAT_WORKS,
    WHOM,
    WORKAROUND,
    playbook,
    three,
)


def service_down() -> Content:
    return playbook(
        N_("Service down"),
        2,
        (SERVICE, WHOM, WHAT_WORKS, WORKAROUND),
        three(
            ("{service} is down for {whom}", "You can't use {service}. {what_works}", "{workaround}"),
            ("{service} no funciona para {whom}", "No se puede usar {service}. {what_works}", "{workaround}"),
            ("{service} não funciona para {whom}", "Não é possível usar {service}. {what_works}", "{workaround}"),
        ),
        briefing=Briefing(
            N_("It does not open, or it shows an error."),
            N_("We know about it and are working on it. The notice on the screen says when the next word comes."),
            N_("A time when it works again, unless the notice says one."),
        ),
    )


def service_slow() -> Content:
    return playbook(
        N_("Service slow"),
        3,
        (SERVICE, WHOM),
        three(
            (
                "{service} is slow for {whom}",
                "{service} works but takes longer than usual.",
                "Wait until each page has loaded, and don't send anything twice.",
            ),
            (
                "{service} va lento para {whom}",
                "{service} funciona, pero tarda más de lo habitual.",
                "Espere a que cargue cada página y no envíe nada dos veces.",
            ),
            (
                "{service} está lento para {whom}",
                "{service} funciona, mas demora mais do que o habitual.",
                "Espere que cada página carregue e não envie nada duas vezes.",
            ),
        ),
        effect=Effect.degraded_performance,
        briefing=Briefing(
            N_("It takes minutes, or it stops in the middle."),
            N_("It works, only slowly. Nothing that was saved is lost."),
        ),
    )


def supplier() -> Content:
    return playbook(
        N_("Down at a supplier"),
        2,
        (SERVICE, WHOM, WORKAROUND),
        three(
            (
                "{service} is down at our supplier, for {whom}",
                "You can't use {service}. We are in contact with the supplier and pass on what we learn.",
                "{workaround}",
            ),
            (
                "{service} no funciona en nuestro proveedor, para {whom}",
                "No se puede usar {service}. Estamos en contacto con el proveedor y contamos lo que sabemos.",
                "{workaround}",
            ),
            (
                "{service} não funciona no nosso fornecedor, para {whom}",
                "Não é possível usar {service}. Estamos em contacto com o fornecedor e transmitimos o que soubermos.",
                "{workaround}",
            ),
        ),
        checklist=(
            N_("Open a case with the supplier and note its number"),
            N_("Ask the supplier for the time of their next message"),
            *DECLARE[1:],
        ),
        briefing=Briefing(
            N_("It does not open, and the supplier's own page says nothing."),
            N_("The supplier knows. We write as soon as they tell us something."),
            N_("Anything in the supplier's name."),
        ),
    )


def maintenance() -> Content:
    return playbook(
        N_("Planned maintenance"),
        2,
        (SERVICE,),
        three(
            (
                "{service} is unavailable for planned work",
                "You can't use {service} while we work on it. Save your work before it starts.",
                "There is no way around it.",
            ),
            (
                "{service} no está disponible por trabajos previstos",
                "No se puede usar {service} durante los trabajos. Guarde lo que tenga abierto antes de que empiecen.",
                "No hay una alternativa.",
            ),
            (
                "{service} não está disponível durante trabalhos previstos",
                "Não é possível usar {service} durante os trabalhos. Guarde o que tem aberto antes de começarem.",
                "Não há alternativa.",
            ),
        ),
        kind=Kind.maintenance,
        effect=Effect.under_maintenance,
        next_update_minutes=None,
        duration_minutes=120,
        lead_minutes=DAY,
        notice_plan=(
            PlanEntry(Says.mail, Anchor.start, 15 * DAY),
            PlanEntry(Says.mail, Anchor.start, DAY),
            PlanEntry(Says.banner_again, Anchor.start, 15),
            PlanEntry(Says.mail, Anchor.end),
        ),
        checklist=(
            N_("Agree on the time with the departments that use it"),
            N_("Write down how to go back, and until when that is possible"),
            N_("After the work: check sign-in, one reading and one writing action"),
        ),
        briefing=Briefing(
            N_("Can it be moved? We need it at that time."),
            N_("The time was agreed with the departments. Pass urgent cases on to the owner of the notice."),
            N_("That it ends earlier than announced."),
        ),
    )


def email() -> Content:
    return playbook(
        N_("E-mail down"),
        1,
        (SERVICE, WHOM),
        three(
            (
                "E-mail is down for {whom}",
                "You can't send or receive e-mail. Nothing is lost: messages arrive when it works again.",
                "Call, or use the chat.",
            ),
            (
                "El correo no funciona para {whom}",
                "No se puede enviar ni recibir correo. No se pierde nada: los mensajes llegarán después.",
                "Llame por teléfono o use el chat.",
            ),
            (
                "O correio eletrónico não funciona para {whom}",
                "Não é possível enviar nem receber mensagens. Nada se perde: chegam quando voltar a funcionar.",
                "Telefone ou use o chat.",
            ),
        ),
        audience=EVERYONE,
        service_words="e-mail, email, mail, correo, correio",
        briefing=Briefing(
            N_("I am waiting for an important message. Was mine sent?"),
            N_("Nothing is lost. Messages that were sent leave as soon as it works again; nobody needs to send twice."),
            N_("That a message arrives by a certain time."),
            N_("High: expect calls from all departments in the first hour."),
        ),
    )


def network() -> Content:
    return playbook(
        N_("Network down"),
        1,
        (SERVICE, PLACE),
        three(
            (
                "The network is down at {place}",
                "You can't reach the internet, shared folders or printers, with a cable or without.",
                "Work on documents that are on your computer. On a mobile phone, web mail works.",
            ),
            (
                "La red no funciona en {place}",
                "No hay acceso a internet, carpetas compartidas ni impresoras, con cable o sin él.",
                "Trabaje con documentos que estén en su equipo. En un móvil, el correo web funciona.",
            ),
            (
                "A rede não funciona em {place}",
                "Não há acesso à internet, às pastas partilhadas nem às impressoras, com ou sem cabo.",
                "Trabalhe em documentos que estejam no seu computador. No telemóvel, o correio web funciona.",
            ),
        ),
        audience=EVERYONE,
        service_words="network, lan, wi-fi, wifi, internet, red, rede",
        checklist=(N_("Call the sites by telephone: their screens may not get the notice"), *DECLARE),
        briefing=Briefing(
            N_("Nothing works at all."),
            N_("The network is down at these sites. Documents on the computer can be used."),
            N_("That restarting the computer helps."),
            N_("High, and by telephone: tickets cannot be written without the network."),
        ),
    )
