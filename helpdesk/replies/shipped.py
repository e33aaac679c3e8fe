"""The texts that come with the program, in every language it speaks. Editing a template never touches them."""

from __future__ import annotations

from collections.abc import Mapping

from helpdesk.replies.models import ReplyEvent
from helpdesk.replies.rules import Text

_EN = {
    ReplyEvent.received: Text(
        "We have received your ticket #{ticket_number}: {ticket_subject}",
        "Hello {requester_name},\n\n"
        "we have received your ticket #{ticket_number}, “{ticket_subject}”. A person will read it and answer you "
        "here.\n\n"
        "You can add to it at any time:\n{ticket_url}\n\n{desk_name}",
    ),
    ReplyEvent.reply_received: Text(
        "We have received your reply to ticket #{ticket_number}",
        "Hello {requester_name},\n\n"
        "your reply to ticket #{ticket_number}, “{ticket_subject}”, has arrived. We will get back to you.\n\n"
        "{ticket_url}\n\n{desk_name}",
    ),
    ReplyEvent.solved: Text(
        "Your ticket #{ticket_number} is solved: {ticket_subject}",
        "Hello {requester_name},\n\n"
        "your ticket #{ticket_number}, “{ticket_subject}”, is solved. If the problem is still there, reply in the "
        "ticket and we will look at it again:\n{ticket_url}\n\n{desk_name}",
    ),
    ReplyEvent.closed: Text(
        "Your ticket #{ticket_number} is closed: {ticket_subject}",
        "Hello {requester_name},\n\n"
        "your ticket #{ticket_number}, “{ticket_subject}”, is closed. If you need help again, please open a new "
        "ticket. You can read this one here:\n{ticket_url}\n\n{desk_name}",
    ),
}
_ES = {
    ReplyEvent.received: Text(
        "Hemos recibido su solicitud n.º {ticket_number}: {ticket_subject}",
        "Hola, {requester_name}:\n\n"
        "Hemos recibido su solicitud n.º {ticket_number}, «{ticket_subject}». Una persona la leerá y le responderá "
        "aquí.\n\n"
        "Puede añadir información en cualquier momento:\n{ticket_url}\n\n{desk_name}",
    ),
    ReplyEvent.reply_received: Text(
        "Hemos recibido su respuesta a la solicitud n.º {ticket_number}",
        "Hola, {requester_name}:\n\n"
        "Su respuesta a la solicitud n.º {ticket_number}, «{ticket_subject}», ha llegado. Le contestaremos.\n\n"
        "{ticket_url}\n\n{desk_name}",
    ),
    ReplyEvent.solved: Text(
        "Su solicitud n.º {ticket_number} está resuelta: {ticket_subject}",
        "Hola, {requester_name}:\n\n"
        "Su solicitud n.º {ticket_number}, «{ticket_subject}», está resuelta. Si el problema continúa, responda en la "
        "solicitud y la revisaremos de nuevo:\n{ticket_url}\n\n{desk_name}",
    ),
    ReplyEvent.closed: Text(
        "Su solicitud n.º {ticket_number} está cerrada: {ticket_subject}",
        "Hola, {requester_name}:\n\n"
        "Su solicitud n.º {ticket_number}, «{ticket_subject}», está cerrada. Si vuelve a necesitar ayuda, abra una "
        "nueva. Puede leer esta aquí:\n{ticket_url}\n\n{desk_name}",
    ),
}
_PT = {
    ReplyEvent.received: Text(
        "Recebemos o seu pedido n.º {ticket_number}: {ticket_subject}",
        "Olá, {requester_name}:\n\n"
        "Recebemos o seu pedido n.º {ticket_number}, “{ticket_subject}”. Uma pessoa vai lê-lo e responder-lhe aqui.\n\n"
        "Pode acrescentar informação a qualquer momento:\n{ticket_url}\n\n{desk_name}",
    ),
    ReplyEvent.reply_received: Text(
        "Recebemos a sua resposta ao pedido n.º {ticket_number}",
        "Olá, {requester_name}:\n\n"
        "A sua resposta ao pedido n.º {ticket_number}, “{ticket_subject}”, chegou. Voltaremos ao seu contacto.\n\n"
        "{ticket_url}\n\n{desk_name}",
    ),
    ReplyEvent.solved: Text(
        "O seu pedido n.º {ticket_number} está resolvido: {ticket_subject}",
        "Olá, {requester_name}:\n\n"
        "O seu pedido n.º {ticket_number}, “{ticket_subject}”, está resolvido. Se o problema continuar, responda no "
        "pedido e voltaremos a analisá-lo:\n{ticket_url}\n\n{desk_name}",
    ),
    ReplyEvent.closed: Text(
        "O seu pedido n.º {ticket_number} está fechado: {ticket_subject}",
        "Olá, {requester_name}:\n\n"
        "O seu pedido n.º {ticket_number}, “{ticket_subject}”, está fechado. Se voltar a precisar de ajuda, abra um "
        "novo. Pode ler este aqui:\n{ticket_url}\n\n{desk_name}",
    ),
}
TEXTS: Mapping[str, Mapping[ReplyEvent, Text]] = {"en": _EN, "es": _ES, "pt": _PT}
NO_SERVICE = {"en": "no service chosen", "es": "ningún servicio elegido", "pt": "nenhum serviço escolhido"}
STATUSES = {
    "en": {"new": "new", "open": "open", "pending": "waiting", "solved": "solved", "closed": "closed"},
    "es": {"new": "nueva", "open": "abierta", "pending": "en espera", "solved": "resuelta", "closed": "cerrada"},
    "pt": {"new": "novo", "open": "aberto", "pending": "em espera", "solved": "resolvido", "closed": "fechado"},
}
LANGUAGE_NAMES = {"en": "English", "es": "Español", "pt": "Português"}
