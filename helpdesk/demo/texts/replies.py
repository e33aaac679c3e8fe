"""The automated replies that stand in the demonstration's threads, as the program would have sent them."""

from __future__ import annotations

# (subject, body) by locale. Blanks: {name} {number} {subject} {desk}.
RECEIVED = {
    "en": (
        "We have your request #{number}",
        "Hello {name},\n\nthank you for writing. We have received your request “{subject}” under number #{number} and"
        " will look after it. You can add something by answering here.\n\n{desk}",
    ),
    "es": (
        "Hemos recibido tu solicitud #{number}",
        "Hola, {name}:\n\ngracias por escribirnos. Hemos recibido tu solicitud «{subject}» con el número #{number} y"
        " nos"
        " ocuparemos de ella. Puedes añadir algo respondiendo aquí.\n\n{desk}",
    ),
    "pt": (
        "Recebemos o seu pedido #{number}",
        "Olá, {name},\n\nobrigado por nos escrever. Recebemos o seu pedido «{subject}» com o número #{number} e vamos"
        " tratar dele. Pode acrescentar algo respondendo aqui.\n\n{desk}",
    ),
}
SOLVED = {
    "en": (
        "Solved: {subject} (#{number})",
        "Hello {name},\n\nyour request “{subject}” is solved. If it is not, answer here and it is open"
        " again.\n\n{desk}",
    ),
    "es": (
        "Resuelta: {subject} (#{number})",
        "Hola, {name}:\n\ntu solicitud «{subject}» está resuelta. Si no es así, responde aquí y se abrirá de"
        " nuevo.\n\n{desk}",
    ),
    "pt": (
        "Resolvido: {subject} (#{number})",
        "Olá, {name},\n\no seu pedido «{subject}» está resolvido. Se não estiver, responda aqui e volta a"
        " abrir.\n\n{desk}",
    ),
}
