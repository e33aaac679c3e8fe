"""Which words tickets share, and which service their words name: no I/O."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plugins.outage_notice.announcements.rules.matching import fold

WORDS_COUNTED = 8  # of one ticket
LOOKED_AT = 300  # characters of the text, after the subject
SHORTEST = 3
LONGEST_PHRASE = 3
SHARED_BY = 0.4  # of the tickets, for a phrase to be worth naming
SHARED_BY_MOST = 0.75  # for it to be what the tickets are about

# Folded words that say nothing about what is broken, in the languages we ship.
_EMPTY = frozenset(
    """
    a about after again all also am an and any are as at be been but by can can't cannot could did do does doesn't don
    dont down error for from get gets got had has have hello help her here hi his how i if in is isn isnt it its just me
    morning my need no not now of off on or our out please problem problems she since so still than thank thanks that
    the their them then there they this to today try up us very was we were what when where which who why will with
    won work working works would you your issue issues same new question urgent
    al algo ante aqui asi ayuda buenos buenas cada como con cual cuando de del desde dia dias donde el ella en entre era
    es esa ese eso esta estan este esto favor funciona gracias ha hace hasta hay hola la las le les lo los mas me
    mi mis muy nada ni no nos nuestro o para pero poder por porque problema puede puedo que quien se ser si sin sobre
    son su sus tambien te tengo tiene todo todos tu un una uno va y ya yo
    ainda ajuda ao aos as ate bom com da das dela dele do dos e ela ele em essa esse esta este eu foi funciona isso ja
    mais mas meu minha muito na nao nas nem no nos num numa obrigada obrigado os ou para pela pelo pode por posso
    problema qual quando quem se sem ser seu sua tem tenho todos um uma voce
    """.split()  # noqa: SIM905  (a list of them would be pages long)
)

# Folded words that say that something is broken, but not what: never alone, though a phrase may begin with one.
_GENERIC = frozenset(
    """
    access blocked broke broken cant couldnt crash crashed crashes dead died difficult fail failed failing fails failure
    fault faulty frozen happens impossible inaccessible incorrect keep keeps lost missing nothing open opening opens
    possible refuse refused refuses responding response restart result slow someone something start starting starts
    stay stays stop stopped stopping stops strange stuck suddenly system trouble trying unable unavailable unreachable
    unusable use using weird wont wrong yesterday
    abre abrir acceder acceso aparece averia bloqueado bloqueada caido caida dificil fallando falla fallan fallo
    imposible lenta lento muerto ningun ninguna perdido queda raro responde rota roto sale usar
    abrindo aceder acessar acesso avaria bloqueada bloqueado caiu consegue consigo dificil falha falham falhou fica
    impossivel lenta lento morto nenhum nenhuma parado parou perdido quebrado quebrou responde sistema usar
    """.split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Shared:
    """A phrase as somebody wrote it, and in how many of the texts (`of`) it stands."""

    phrase: str
    count: int
    of: int = 0

    @property
    def is_of_most(self) -> bool:
        return self.count >= SHARED_BY_MOST * self.of


def telling_words(subject: str, text: str) -> list[str]:
    """The first folded words that may say what is broken, each once."""
    words = fold(f"{subject} {text[:LOOKED_AT]}").split()
    return list(dict.fromkeys(filter(_tells, words)))[:WORDS_COUNTED]


def _says(word: str) -> bool:
    """Whether it means anything: a phrase may begin and end with it."""
    return len(word) >= SHORTEST and word not in _EMPTY and not word.isdecimal()


def _tells(word: str) -> bool:
    """Whether it may say what is broken."""
    return _says(word) and word not in _GENERIC


def named_service(services: Iterable[tuple[int, str, str]], text: str) -> int | None:
    """The service whose name or keywords stand in the text, the longest match; None when none or two equal ones.

    `services`: id, name, keywords (separated by commas, semicolons or line ends).
    """
    written = f" {fold(text)} "
    found: dict[int, int] = {}
    for id, name, keywords in services:
        for phrase in map(fold, [name, *re.split(r"[,;\n]", keywords)]):
            if phrase and f" {phrase} " in written:
                found[id] = max(found.get(id, 0), len(phrase))
    longest = [id for id, length in found.items() if length == max(found.values())]
    return longest[0] if len(longest) == 1 else None


def shared_phrase(texts: Sequence[str], besides: str = "") -> Shared | None:
    """The longest phrase that many of the texts share, such as "gateway not reachable"; not words of `besides`."""
    known = set(fold(besides).split())
    counts: Counter[tuple[str, ...]] = Counter()
    written: dict[tuple[str, ...], str] = {}
    for text in texts:
        for phrase, original in _phrases(text, known).items():
            counts[phrase] += 1
            written.setdefault(phrase, original)
    least = max(2, SHARED_BY * len(texts))
    common = [(phrase, count) for phrase, count in counts.items() if count >= least]
    if not common:
        return None
    # More words say more: a longer phrase may be in somewhat fewer texts.
    phrase, count = max(common, key=lambda c: (c[1] * (1 + 0.25 * (len(c[0]) - 1)), len(c[0])))
    return Shared(written[phrase], count, len(texts))


def _phrases(text: str, known: set[str]) -> dict[tuple[str, ...], str]:
    """Each phrase of up to three words of a text, as written. It begins and ends with a word that means something, and
    holds one that may say what is broken.
    """
    spans = [(match, fold(match.group())) for match in re.finditer(r"\w+", text)]
    found: dict[tuple[str, ...], str] = {}
    for start in range(len(spans)):
        for end in range(start + 1, min(start + LONGEST_PHRASE, len(spans)) + 1):
            words = tuple(word for _match, word in spans[start:end])
            ends = (words[0], words[-1])
            if all(_says(word) and word not in known for word in ends) and any(map(_tells, words)):
                original = text[spans[start][0].start() : spans[end - 1][0].end()]
                found.setdefault(words, " ".join(original.split()))
    return found
