"""Finds texts for people that no translator would ever see: in templates and in the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = (ROOT / "templates", *ROOT.glob("plugins/*/templates"))
TRANSLATORS = {"_", "_l", "gettext", "lazy_gettext", "ngettext", "pgettext"}
SEEN_ATTRIBUTES = {"alt", "aria-label", "aria-roledescription", "label", "placeholder", "title"}
SEEN_ATTRIBUTES |= {"data-confirm", "data-label", "data-passed"}  # shown by the style sheets and scripts
# The first argument of these ends before somebody's eyes.
SPEAKERS = {"Busy", "Conflict", "Forbidden", "Invalid", "NotFound", "Stale", "TooMany", "ValidationError", "flash"}
VALIDATORS = {"DataRequired", "Email", "InputRequired", "Length", "NumberRange", "Regexp"}
# The demonstration's and the shipped texts exist in each language by themselves; commands talk to the operator.
OWN_LANGUAGE = ("helpdesk/cli/", "helpdesk/demo/", "helpdesk/replies/shipped.py", "/announcements/demo/")
# What is the same in every language.
NO_WORDS = {
    "OUT-",  # the number of an announcement, such as OUT-12
    "UTC",  # a time zone
    "openapi.json",  # the name of a file
}

LETTER = re.compile(r"[^\W\d_]")
PROSE = re.compile(r"[A-ZÀ-Ý][a-zà-ÿ]+\b|.*[a-z] [a-z]+.*[.?!…]$")
HOLE = "\ufffc"  # stands where a template puts a value in
environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)


class _Page(HTMLParser):
    """Collects (line, text) of what a reader sees or hears."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.silent += tag in ("script", "style")
        seen = SEEN_ATTRIBUTES | ({"value"} if tag == "input" and values.get("type") in ("submit", "button") else set())
        for name, value in attrs:
            if name in seen:
                self._add(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._add(data)

    def _add(self, text: str) -> None:
        self.found.append((self.getpos()[0], " ".join(text.split())))


def texts_of_page(html: str) -> list[tuple[int, str]]:
    """(line, text) of each text node and each attribute that is read out or shown."""
    page = _Page()
    page.feed(html)
    page.close()
    return [(line, text) for line, text in page.found if text]


def _bare(source: str) -> str:
    """The page without its expressions, and without blocks that hold names of classes."""
    parts: list[str] = []
    in_class, words = False, ""
    for _line, kind, value in environment.lex(source):
        if kind == "block_begin":
            words = ""
        elif kind == "block_end":
            found = re.match(r"block (\w+)", words.strip())
            in_class = found.group(1).endswith("_class") if found else in_class and "endblock" not in words
            parts.append("\n" * value.count("\n"))
        elif kind == "data" and not in_class:
            parts.append(value)
        else:
            words += value if kind in ("name", "whitespace") else ""
            parts.append(HOLE if kind == "variable_begin" else "\n" * value.count("\n"))
    return "".join(parts)


def _constants(node: nodes.Node) -> Iterator[tuple[int, str]]:
    """Sentences and words inside expressions, other than those handed to a translator."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in TRANSLATORS:
        return
    if isinstance(node, nodes.Compare):
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and PROSE.match(node.value):
        yield node.lineno, node.value
    for child in node.iter_child_nodes():
        yield from _constants(child)


def untranslated_in_template(source: str) -> list[tuple[int, str]]:
    """(line, text) of what this template says in English only."""
    found = [*texts_of_page(_bare(source)), *_constants(environment.parse(source))]
    return [(line, text) for line, text in found if _speaks(text)]


def _speaks(text: str) -> bool:
    for word in NO_WORDS:
        text = text.replace(word, "")
    return LETTER.search(text) is not None


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _literals(node: ast.AST) -> Iterator[ast.Constant]:
    """Texts in an argument: themselves, in f-strings, in dictionaries, lists and either side of a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and LETTER.search(node.value):
        yield node
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _literals(value)
    elif isinstance(node, ast.IfExp):
        yield from (*_literals(node.body), *_literals(node.orelse))
    elif isinstance(node, ast.JoinedStr | ast.List | ast.Tuple):
        for child in ast.iter_child_nodes(node):
            yield from _literals(child)


def _spoken(call: ast.Call) -> Iterator[ast.expr]:
    """The arguments of a call that end before somebody's eyes."""
    name = _name(call.func)
    if name in SPEAKERS:
        yield from call.args[:1]
    elif name.endswith("Field") and name[0].isupper() and name != "Field":
        yield from call.args[:1]
        yield from (k.value for k in call.keywords if k.arg in ("label", "description"))
    elif name in ("SelectChoice", "MenuLink"):
        yield from call.args[1:2]
    elif name in VALIDATORS:
        yield from (k.value for k in call.keywords if k.arg == "message")


def untranslated_in_code(source: str) -> list[tuple[int, str]]:
    """(line, text) of what a view, a form or a rule says in English only."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    found = [text for call in calls for part in _spoken(call) for text in _literals(part)]
    return [(text.lineno, str(text.value)) for text in found if _speaks(str(text.value))]


def messages_in_code(source: str) -> list[tuple[int, str]]:
    """(line, text) of everything handed to a translator, also from within f-strings."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TRANSLATORS and node.args:
            first = node.args[1 if node.func.id == "pgettext" else 0]
            if isinstance(first, ast.Constant):
                found.append((node.lineno, str(first.value)))
    return found


def templates() -> list[Path]:
    return sorted(path for folder in TEMPLATES for path in folder.rglob("*.html"))


def modules() -> list[Path]:
    """The code that speaks to people."""
    paths = [path for folder in ("helpdesk", "plugins") for path in (ROOT / folder).rglob("*.py")]
    names = {path: path.relative_to(ROOT).as_posix() for path in paths}
    skipped = ("/tests/", "/migrations/", *OWN_LANGUAGE)
    return sorted(path for path, name in names.items() if not any(part in f"/{name}" for part in skipped))
