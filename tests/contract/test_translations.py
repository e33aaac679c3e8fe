"""Every text exists in every language, says the same, and none of them is forgotten in the code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient

from development.translations import LANGUAGES, catalogs
from plugins.outage_notice.tests import announcing
from tests import factories
from tests.contract import text_finder
from tests.fixtures import People

ROOT = text_finder.ROOT
HOMES = {home.relative_to(ROOT).as_posix(): folders for home, folders in catalogs().items()}
NAMES = {"Administration", "Service desk"}  # where the people of the tests work
PLACEHOLDER = re.compile(r"%\(\w+\)\w|%%")

each_catalog = pytest.mark.parametrize("language", LANGUAGES)
on_one_database = pytest.mark.database("sqlite")  # words come from no database
each_home = pytest.mark.parametrize("home", HOMES)


@cache
def catalog(home: str, language: str) -> Catalog:
    with (ROOT / home / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(home: str, language: str) -> list[Message]:
    return [message for message in catalog(home, language) if message.id]


def key(message: Message) -> tuple[str | None, str]:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@cache
def extracted(home: str) -> frozenset[tuple[str | None, str]]:
    """What `make translations` would find now."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    keywords = DEFAULT_KEYWORDS | {"_l": None, "lazy_gettext": None, "lazy_ngettext": (1, 2)}
    return frozenset(
        (context, text if isinstance(text, str) else text[0])
        for folder in HOMES[home]
        for _file, _line, text, _comments, context in extract_from_dir(ROOT / folder, methods, options, keywords)
    )


@each_home
@each_catalog
def test_the_catalog_holds_every_text_and_no_other(home: str, language: str) -> None:
    held = {key(message) for message in messages(home, language)}
    assert sorted(map(str, extracted(home) - held)) == [], "run `make translations` and translate these"
    assert sorted(map(str, held - extracted(home))) == [], "run `make translations`: these are gone"
    assert not catalog(home, language).obsolete


@each_home
@each_catalog
def test_every_text_is_translated(home: str, language: str) -> None:
    empty = [message.id for message in messages(home, language) if not all(forms(message.string))]
    assert empty == []
    assert [message.id for message in messages(home, language) if message.fuzzy] == []


@each_home
@each_catalog
def test_translations_have_the_same_blanks(home: str, language: str) -> None:
    wrong = []
    for message in messages(home, language):
        allowed = {tuple(sorted(PLACEHOLDER.findall(form))) for form in forms(message.id)}
        wrong += [text for text in forms(message.string) if tuple(sorted(PLACEHOLDER.findall(text))) not in allowed]
        wrong += [text for text in forms(message.string) if text != text.strip()]
    assert wrong == []


@each_home
@each_catalog
def test_plural_texts_have_as_many_forms_as_the_header_says(home: str, language: str) -> None:
    found = catalog(home, language)
    assert (found.num_plurals, found.plural_expr) == (2, "(n != 1)")  # Flask-Babel counts like that in any language
    plural = [message for message in messages(home, language) if not isinstance(message.id, str)]
    assert plural
    assert [message.id for message in plural if len(forms(message.string)) != found.num_plurals] == []


@each_catalog
def test_host_and_plugins_agree(language: str) -> None:
    said: dict[tuple[str | None, str], tuple[str, ...]] = {}
    for home in HOMES:
        for message in messages(home, language):
            assert said.setdefault(key(message), forms(message.string)) == forms(message.string), message.id


@each_home
@each_catalog
def test_places_name_files_of_the_tree_without_lines(home: str, language: str) -> None:
    places = {place for message in messages(home, language) for place in message.locations}
    assert places
    assert [place for place in places if place[1] is not None] == []
    assert [name for name, _line in places if Path(name).is_absolute() or not (ROOT / name).is_file()] == []


# --- what a reader sees ------------------------------------------------------------------------------------------


def english_left(html: str, language: str) -> list[str]:
    """Texts of the page that have a translation and are shown in English."""
    other = {
        key(message)[1]: forms(message.string)[0]
        for home in HOMES
        for message in messages(home, language)
        if message.context is None
    }
    shown = {text for _line, text in text_finder.texts_of_page(html)} - NAMES
    return sorted(text for text in shown if other.get(text, text) != text)


@on_one_database
@pytest.mark.parametrize(
    ("tag", "language", "heading"),
    [("es", "es", "Iniciar sesión"), ("pt", "pt", "Iniciar sessão"), ("pt-BR,en;q=0.5", "pt-BR", "Iniciar sessão")],
)
def test_sign_in_speaks_the_language_of_the_browser(client: FlaskClient, tag: str, language: str, heading: str) -> None:
    page = client.get("/sign-in", headers={"Accept-Language": tag}).text
    assert f"<h1>{heading}</h1>" in page
    assert f'lang="{language}"' in page
    assert english_left(page, language[:2]) == []


@on_one_database
def test_what_is_left_in_english_is_found(client: FlaskClient) -> None:
    assert "Sign in" in english_left(client.get("/sign-in", headers={"Accept-Language": "en"}).text, "es")


PAGES = {
    "requester": {
        "/": ("Hola, Luz", "Olá, Luz"),
        "/tickets": ("Mis solicitudes", "Os meus pedidos"),
        "/tickets/new": ("Nueva solicitud", "Novo pedido"),
        "/notices": ("Avisos", "Avisos"),
        "/services": ("Sus servicios", "Os seus serviços"),
        "/profile": ("Cambiar contraseña", "Alterar palavra-passe"),
    },
    "technician": {
        "/tickets": ("Cola", "Fila"),
        "/announcements": ("Comunicados", "Comunicados"),
        "/announcements/new": ("Servicios afectados", "Serviços afetados"),
        "/announcements/{incident}": ("Cronología", "Cronologia"),
        "/announcements/{incident}/edit": ("Guardar cambios", "Guardar alterações"),
        "/announcements/{incident}/resolve": ("Último mensaje", "Última mensagem"),
    },
}


@on_one_database
@each_catalog
@pytest.mark.parametrize("role", PAGES)
def test_pages_speak_the_language_of_the_person(app: Flask, people: People, role: str, language: str) -> None:
    luz = factories.make_user("Luz", role, people.finance, locale=language)
    vpn = factories.make_service("VPN", people.finance)
    incident = announcing.publish(people.teresa, announcing.department(people.finance), services=(vpn,))
    client = app.test_client()
    factories.sign_in(client, luz)
    for path, expected in PAGES[role].items():
        page = client.get(path.format(incident=incident.id), headers={"Accept-Language": "en"})
        assert page.status_code == 200, path
        assert expected[LANGUAGES.index(language)] in page.text, path
        assert english_left(page.text, language) == [], path


# --- what nobody could translate ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", text_finder.templates(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_templates_say_nothing_in_english_only(path: Path) -> None:
    assert text_finder.untranslated_in_template(path.read_text()) == []


def test_code_says_nothing_in_english_only() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in text_finder.modules()
        for line, text in text_finder.untranslated_in_code(path.read_text())
    ]
    assert found == []


def test_every_text_in_the_code_can_be_extracted() -> None:
    """Python 3.11 hides what stands inside f-strings from the extraction."""
    known = {text for home in HOMES for _context, text in extracted(home)}
    lost = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in text_finder.modules()
        for line, text in text_finder.messages_in_code(path.read_text())
        if text not in known
    ]
    assert lost == []


@pytest.mark.parametrize(
    "template",
    [
        "<p>Hello {{ name }}</p>",
        "{% if x %}<button aria-label='Close'></button>{% endif %}",
        "{{ m.chip('ok', 'Closed') }}",
        "<p>{{ 'Yes' if x else _('No') }}</p>",
        "{% block title %}Sign in{% endblock %}",
        "<input type='submit' value='Send'>",
    ],
)
def test_the_finder_sees_what_a_template_forgets(template: str) -> None:
    assert len(text_finder.untranslated_in_template(template)) == 1


def test_the_finder_leaves_the_rest_of_a_template_alone() -> None:
    page = """{% block main_class %}page--wide{% endblock %}{% block main %}
    <p class="muted" title="{{ _('Close') }}">{{ m.chip('ok', _('Closed')) }} · {{ row.number }}</p>
    <script type="application/json">{"Key": 1}</script>{% endblock %}"""
    assert text_finder.untranslated_in_template(page) == []


@pytest.mark.parametrize(
    "code",
    [
        "flash('Saved.')",
        "raise Conflict(f'It is {x}')",
        "raise Invalid({'name': 'Enter a name.'})",
        "name = StringField('Name')",
        "name = StringField(_l('Name'), [Length(max=3, message='Too long.')])",
        "SelectChoice('x', 'None') if x else None",
    ],
)
def test_the_finder_sees_what_the_code_forgets(code: str) -> None:
    assert len(text_finder.untranslated_in_code(code)) == 1


def test_the_finder_leaves_the_rest_of_the_code_alone() -> None:
    code = "flash(_('Saved.'), 'ok'); raise Invalid({'name': _('Enter it.')}); a = StringField(_l('Name'), id='name')"
    assert text_finder.untranslated_in_code(code) == []
