"""Ransomware, power, telephones, printing, lost data; and the last message."""

from __future__ import annotations

from plugins.outage_notice.announcements.rules import Effect
from plugins.outage_notice.playbooks.rules import Blank, Briefing, Content, Purpose
from plugins.outage_notice.playbooks.shipped.parts import (
    DECLARE,
    EVERYONE,
    N_,
    PLACE,
    SERVICE,
    WHOM,
    playbook,
    three,
)


def ransomware() -> Content:
    return playbook(
        N_("Ransomware"),
        1,
        (SERVICE,),
        three(
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


def power() -> Content:
    return playbook(
        N_("Power cut"),
        1,
        (SERVICE, PLACE),
        three(
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


def phone() -> Content:
    return playbook(
        N_("Telephones down"),
        2,
        (SERVICE, WHOM),
        three(
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


def printing() -> Content:
    return playbook(
        N_("Printing"),
        3,
        (SERVICE, WHOM),
        three(
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


def data_loss() -> Content:
    last = Blank("last_good", {"en": "the last backup", "es": "la última copia", "pt": "a última cópia"})
    return playbook(
        N_("Data loss"),
        1,
        (SERVICE, last),
        three(
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


def resolved() -> Content:
    step = Blank(
        "step",
        {"en": "Please sign in once more.", "es": "Inicie sesión de nuevo.", "pt": "Inicie sessão novamente."},
    )
    return playbook(
        N_("Resolved"),
        2,
        (SERVICE, step),
        three(
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
