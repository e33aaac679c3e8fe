"""The playbooks that come with the program, in the languages that we ship.

Titles, texts and what stands in the blanks are written in each language. Names, checklists and briefings are for staff
and go through the catalogue of translations when they are shown (`N_` marks them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plugins.outage_notice.announcements.rules import Effect, Kind
from plugins.outage_notice.audiences.rules import Target, TargetKind
from plugins.outage_notice.playbooks.rules import Blank, Briefing, Content, PlaybookTexts, Purpose

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


def _three(en: Sequence[str], es: Sequence[str], pt: Sequence[str]) -> tuple[PlaybookTexts, dict[str, PlaybookTexts]]:
    return PlaybookTexts(*en), {"es": PlaybookTexts(*es), "pt": PlaybookTexts(*pt)}


def _playbook(
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


def _service_down() -> Content:
    return _playbook(
        N_("Service down"),
        2,
        (SERVICE, WHOM, WHAT_WORKS, WORKAROUND),
        _three(
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


def _service_slow() -> Content:
    return _playbook(
        N_("Service slow"),
        3,
        (SERVICE, WHOM),
        _three(
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


def _supplier() -> Content:
    return _playbook(
        N_("Down at a supplier"),
        2,
        (SERVICE, WHOM, WORKAROUND),
        _three(
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


def _maintenance() -> Content:
    return _playbook(
        N_("Planned maintenance"),
        2,
        (SERVICE,),
        _three(
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


def _email() -> Content:
    return _playbook(
        N_("E-mail down"),
        1,
        (SERVICE, WHOM),
        _three(
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


def _network() -> Content:
    return _playbook(
        N_("Network down"),
        1,
        (SERVICE, PLACE),
        _three(
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


def _ransomware() -> Content:
    return _playbook(
        N_("Ransomware"),
        1,
        (SERVICE,),
        _three(
            (
                "Security incident: don't open attachments or shared files",
                "Files on our computers are being made unreadable. We switched shared folders off to protect the rest.",
                "If files don't open or a demand is shown: pull the network cable, leave the computer on, and call us.",
            ),
            (
                "Incidente de seguridad: no abra adjuntos ni archivos compartidos",
                "Se están inutilizando archivos de nuestros equipos. Las carpetas compartidas están apagadas para"
                " proteger el resto.",
                "Si un archivo no abre o aparece una exigencia: quite el cable de red, no apague el equipo y llámenos.",
            ),
            (
                "Incidente de segurança: não abra anexos nem ficheiros partilhados",
                "Há ficheiros nos nossos computadores a ficar ilegíveis. As pastas partilhadas estão desligadas para"
                " proteger o resto.",
                "Se um ficheiro não abrir ou surgir uma exigência: retire o cabo de rede, deixe o computador ligado e"
                " ligue-nos.",
            ),
        ),
        audience=EVERYONE,
        effect=Effect.partial_outage,
        service_words="file storage, files, shared folders, archivos, ficheiros",
        checklist=(
            N_("Call the security officer and the management by telephone"),
            N_("Separate affected computers from the network; leave them switched on"),
            N_("Check that the backups are out of reach of the network"),
            N_("Note times and names of files; delete nothing"),
            N_("Ask who must be told by law, and by when"),
        ),
        briefing=Briefing(
            N_("My files have strange names. There is a message that asks for money."),
            N_("Pull the network cable, leave it switched on, touch nothing else. Note the place and the name."),
            N_("That files can be restored. Say nothing about the cause, and nothing to the press."),
            N_("High. Every call with such files goes to the technical people at once."),
        ),
    )


def _power() -> Content:
    return _playbook(
        N_("Power cut"),
        1,
        (SERVICE, PLACE),
        _three(
            (
                "The power is out at {place}",
                "Computers, desk phones and doors don't work or run on batteries.",
                "Save your work on laptops and switch them off. Use mobile phones.",
            ),
            (
                "No hay luz en {place}",
                "Los equipos, los teléfonos fijos y las puertas no funcionan o dependen de baterías.",
                "Guarde su trabajo en los portátiles y apáguelos. Use teléfonos móviles.",
            ),
            (
                "Não há eletricidade em {place}",
                "Computadores, telefones fixos e portas não funcionam ou dependem de baterias.",
                "Guarde o trabalho nos portáteis e desligue-os. Use telemóveis.",
            ),
        ),
        audience=EVERYONE,
        service_words="power, network, electricity, luz, eletricidade",
        checklist=(
            N_("Read how long the batteries of the server room last"),
            N_("Shut down what is not needed before the batteries are empty"),
            *DECLARE,
        ),
        briefing=Briefing(
            N_("Is anybody stuck in a lift? When do we have light again?"),
            N_("The power company knows. Emergencies go to the emergency number first."),
            N_("A time, unless the power company has named one."),
            N_("Few tickets, many calls from mobile phones."),
        ),
    )


def _phone() -> Content:
    return _playbook(
        N_("Telephones down"),
        2,
        (SERVICE, WHOM),
        _three(
            (
                "Telephones are down for {whom}",
                "You can't make or take calls on desk phones.",
                "Use a mobile phone or the chat. Emergency numbers work from mobile phones.",
            ),
            (
                "Los teléfonos no funcionan para {whom}",
                "No se pueden hacer ni recibir llamadas en los teléfonos fijos.",
                "Use un móvil o el chat. Los números de emergencia funcionan desde el móvil.",
            ),
            (
                "Os telefones não funcionam para {whom}",
                "Não é possível fazer nem receber chamadas nos telefones fixos.",
                "Use um telemóvel ou o chat. Os números de emergência funcionam no telemóvel.",
            ),
        ),
        service_words="telephone, phone, telephony, teléfono, telefone",
        briefing=Briefing(
            N_("Nobody can reach us by telephone."),
            N_("Tickets and the chat work. The number for emergencies inside the house is a mobile one."),
            N_("That callers who gave up are called back."),
        ),
    )


def _printing() -> Content:
    return _playbook(
        N_("Printing"),
        3,
        (SERVICE, WHOM),
        _three(
            (
                "Printing doesn't work for {whom}",
                "What you print waits and is not lost.",
                "Send documents as PDF files, or use a printer of another building.",
            ),
            (
                "No se puede imprimir: {whom}",
                "Lo que envíe a imprimir espera y no se pierde.",
                "Envíe los documentos en PDF o use una impresora de otro edificio.",
            ),
            (
                "Não é possível imprimir: {whom}",
                "O que mandar imprimir fica à espera e não se perde.",
                "Envie os documentos em PDF ou use uma impressora de outro edifício.",
            ),
        ),
        service_words="printing, printer, print, impresión, impresora, impressão",
        briefing=Briefing(
            N_("I have printed it five times and nothing comes."),
            N_("Print once only: everything that waits is printed when it works again."),
        ),
    )


def _data_loss() -> Content:
    last = Blank("last_good", {"en": "the last backup", "es": "la última copia", "pt": "a última cópia"})
    return _playbook(
        N_("Data loss"),
        1,
        (SERVICE, last),
        _three(
            (
                "Files are missing in {service}",
                "What was saved in {service} after {last_good} is not there. We are restoring it.",
                "Don't write the missing files again yet, and keep every copy that you have.",
            ),
            (
                "Faltan archivos en {service}",
                "Lo que se guardó en {service} después de {last_good} no está. Lo estamos restaurando.",
                "No vuelva a crear los archivos que faltan y conserve las copias que tenga.",
            ),
            (
                "Faltam ficheiros em {service}",
                "O que foi guardado em {service} depois de {last_good} não está lá. Estamos a restaurá-lo.",
                "Não volte a criar os ficheiros em falta e conserve as cópias que tiver.",
            ),
        ),
        effect=Effect.partial_outage,
        checklist=(
            N_("Stop everything that writes to it"),
            N_("Find the newest backup that is complete, and read one file of it"),
            N_("Ask whether data of persons is affected, and who must be told"),
            *DECLARE[1:],
        ),
        briefing=Briefing(
            N_("My documents are gone. Are they lost?"),
            N_("We are restoring them from a backup. Note which folder and which day it is about."),
            N_("That everything comes back."),
        ),
    )


def _resolved() -> Content:
    step = Blank(
        "step",
        {"en": "Please sign in once more.", "es": "Inicie sesión de nuevo.", "pt": "Inicie sessão novamente."},
    )
    return _playbook(
        N_("Resolved"),
        2,
        (SERVICE, step),
        _three(
            ("{service} works again", "{service} works again. {step} We are sorry for the interruption."),
            ("{service} vuelve a funcionar", "{service} vuelve a funcionar. {step} Sentimos la interrupción."),
            (
                "{service} voltou a funcionar",
                "{service} voltou a funcionar. {step} Pedimos desculpa pela interrupção.",
            ),
        ),
        purpose=Purpose.resolve,
        next_update_minutes=None,
        checklist=(
            N_("Have two people in different departments try it"),
            N_("Read the newest tickets: does one of them contradict?"),
        ),
    )


def shipped() -> Mapping[str, Content]:
    """The playbooks by slug, in the order of the list."""
    return {
        "service-down": _service_down(),
        "service-slow": _service_slow(),
        "supplier": _supplier(),
        "maintenance": _maintenance(),
        "email": _email(),
        "network": _network(),
        "ransomware": _ransomware(),
        "power": _power(),
        "phone": _phone(),
        "printing": _printing(),
        "data-loss": _data_loss(),
        "resolved": _resolved(),
    }


def shipped_rows() -> list[dict[str, Any]]:
    """The columns of their rows, but for the dates."""
    return [
        {name: getattr(value, "value", value) for name, value in content.to_columns().items()}
        | {"slug": slug, "revision": 1}
        for slug, content in shipped().items()
    ]
