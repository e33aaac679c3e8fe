"""Names of people in the languages of a European town, and the addresses made of them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from helpdesk.accounts.rules import fold


@dataclass(frozen=True, slots=True)
class Pool:
    """Names of one language. A name in another script carries its Latin spelling after a bar: "Ελένη|Eleni"."""

    weight: int
    given: tuple[str, ...]
    family: tuple[str, ...]
    locale: str | None = None  # what some of these people read the help desk in


@dataclass(frozen=True, slots=True)
class PersonName:
    """A full name as people write it, its Latin spelling for the address, and the language of its pool."""

    name: str
    latin: str
    locale: str | None


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


POOLS = (
    Pool(
        40,
        _words(
            "Amelia Olivia Grace Charlotte Emily Ruby Hannah Lucy Megan Sophie Rachel Claire Fiona Heather Joan "
            "Margaret Ruth Alison Gemma Beth Oliver George Harry Jack Thomas James William Edward Simon Martin Owen "
            "Gareth Callum Duncan Neil Graham Stuart Colin Philip Peter"
        ),
        _words(
            "Smith Jones Taylor Brown Wilson Evans Walker Wright Robinson Thompson White Hughes Edwards Green Hall "
            "Wood Harris Clarke Jackson Turner Hill Cooper Ward Morris Moore Baker Parker Bennett Cook Shaw "
            "Pritchard Murray Campbell Stewart Fraser Whitaker Ashworth Holloway O’Neill O’Connor Byrne Gallagher"
        ),
    ),
    Pool(
        10,
        _words(
            "María Lucía Carmen Elena Pilar Inés Marta Nuria Rocío Beatriz Alejandro Javier Íñigo Sergio Raúl Andrés "
            "Joaquín Rubén Óscar Álvaro"
        ),
        _words(
            "García Fernández González Rodríguez López Martínez Sánchez Pérez Gómez Muñoz Ibáñez Núñez Vázquez "
            "Domínguez Ortega Herrera Castaño Peña"
        ),
        "es",
    ),
    Pool(
        9,
        _words(
            "Mariana Inês Beatriz Catarina Joana Sofia Letícia Luísa Conceição Rita João Tiago Gonçalo Nuno Rui "
            "Vítor André Duarte Luís Caetano"
        ),
        _words(
            "Silva Santos Ferreira Pereira Oliveira Costa Rodrigues Martins Sousa Gonçalves Carvalho Araújo Magalhães "
            "Simões Brandão Falcão Guimarães"
        ),
        "pt",
    ),
    Pool(
        9,
        _words("Anke Jörg Ulrike Günther Katharina Björn Sabine Matthias Käthe Jürgen Lena Tobias Monika Stefan"),
        _words("Müller Schäfer Weiß Krüger Schröder Köhler Böhm Groß Vogel Lehmann Kühn Brandt Hoffmann Winter"),
    ),
    Pool(
        8,
        _words("Astrid Sørine Mikkel Åsa Björn Ingrid Håkan Søren Liv Øystein Maja Henrik Kirsten Ulla Anders Sigrid"),
        _words("Jensen Sørensen Lindqvist Åkerlund Bergström Dahl Nørgaard Østergaard Holm Strand Eriksson Hansen"),
    ),
    Pool(
        6,
        _words("Élodie Chloé François Jérôme Hélène Benoît Camille Étienne Aurélie Gaël Zoé Maxime"),
        _words("Lefèvre Dupont Moreau Lécuyer Girard Béranger Fournier Garçon Chevalier Noël Rousseau"),
    ),
    Pool(
        6,
        _words("Zofia Łukasz Agnieszka Małgorzata Paweł Grzegorz Jacek Katarzyna Wojciech Bożena Stanisław Ewa"),
        _words("Wójcik Nowak Kowalczyk Król Łuczak Pawlak Świątek Żuk Mazur Wróbel Gołąb"),
    ),
    Pool(
        5,
        _words("Giulia Niccolò Chiara Matteo Ludovica Alessandro Francesca Davide Noemi Luca Sofia Pietro"),
        _words("Rossi Bianchi Esposito Colombo D’Angelo Conti Mancini Ferraro Bruno Galli Lombardi"),
    ),
    Pool(
        5,
        _words("Amara Chinedu Ngozi Kwame Abena Tunde Folasade Kofi Adaeze Emeka Zainab Thabo"),
        _words("Okafor Osei Mensah Adeyemi Nwosu Boateng Mbeki Eze Balogun Asante Diallo"),
    ),
    Pool(
        6,
        _words("Priya Arjun Ananya Rahul Meera Vikram Sunita Rajesh Kavya Imran Ayesha Farhan Nadia Bilal"),
        _words("Nair Sharma Patel Iyer Reddy Singh Kaur Gupta Hussain Khan Ahmed Malik Chowdhury"),
    ),
    Pool(
        4,
        _words("Ayşe Mehmet Elif Çağrı Zeynep Burak Şule Emre Gülşen Ömer"),
        _words("Yılmaz Demir Şahin Çelik Öztürk Aydın Koç Arslan"),
    ),
    Pool(2, _words("Linh Minh Thảo Hương Quân"), _words("Nguyễn Trần Phạm Hoàng")),
    Pool(1, _words("Yuki Haruto Hana Sakura Kenji"), _words("Tanaka Satō Kobayashi Itō")),
    Pool(1, _words("Mei Wei Jia Xiaoming Lihua"), _words("Chen Wang Liu Zhang")),
    Pool(
        2,
        _words("Ελένη|Eleni Γιώργος|Giorgos Κατερίνα|Katerina Νίκος|Nikos Σοφία|Sofia Δημήτρης|Dimitris"),
        _words("Παπαδάκη|Papadaki Νικολάου|Nikolaou Γεωργίου|Georgiou Αντωνίου|Antoniou Ιωάννου|Ioannou"),
    ),
    Pool(
        2,
        _words("Олена|Olena Тарас|Taras Оксана|Oksana Андрій|Andrii Ірина|Iryna Богдан|Bohdan"),
        _words("Шевченко|Shevchenko Коваленко|Kovalenko Бондаренко|Bondarenko Мельник|Melnyk Кравчук|Kravchuk"),
    ),
    Pool(
        2,
        _words("ليلى|Layla يوسف|Youssef مريم|Maryam كريم|Karim سلمى|Salma عمر|Omar"),
        _words("حداد|Haddad منصور|Mansour خوري|Khoury النجار|Alnajjar قاسم|Qasim"),
    ),
)

_LETTERS = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "å": "a", "ł": "l", "đ": "d", "ı": "i", "’": "", "'": "", "-": "", " ": "."}
)


def make_name(choose: random.Random) -> PersonName:
    """One name; the same source of chance gives the same names in the same order."""
    pool = choose.choices(POOLS, [p.weight for p in POOLS])[0]
    given, family = choose.choice(pool.given), choose.choice(pool.family)
    words = [given, family]
    if pool.locale and choose.random() < 0.35:  # two family names are usual there
        words.append(choose.choice([name for name in pool.family if name != family]))
    written = " ".join(word.partition("|")[0] for word in words)
    latin = " ".join(word.partition("|")[2] or word for word in words[:2])
    return PersonName(written, latin, pool.locale)


def make_address(latin: str, domain: str, taken: set[str]) -> str:
    """A free address such as jorg.weiss2@…, which from now on is taken."""
    local = fold(latin).translate(_LETTERS)
    address, count = f"{local}@{domain}", 1
    while address in taken:
        count += 1
        address = f"{local}{count}@{domain}"
    taken.add(address)
    return address
