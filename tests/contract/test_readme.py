"""The documentation names every hook, setting and command as it is, and promises no command that does not exist."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

import dev
from helpdesk.cli.commands import cli
from helpdesk.config import FOREIGN_NAMES, Settings
from helpdesk.core.clock import FixedClock
from helpdesk.demo.organisation import ACCOUNTS
from helpdesk.hooks.specs import SLOTS, Specs
from tests import factories

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted(DOCS.glob("*.md"))]
HOOKS = {name: spec for name, spec in vars(Specs).items() if not name.startswith("_")}
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/hooks.py"))


def arguments(function: object) -> list[str]:
    assert callable(function)
    return [name for name in inspect.signature(function).parameters if name != "self"]


def documented_hooks() -> dict[str, list[str]]:
    """The hooks that have a section of their own in docs/plugins.md, with the arguments in its heading."""
    headings = re.findall(r"^#{2,4} `(\w+)\(([^)]*)\)`", (DOCS / "plugins.md").read_text(), re.MULTILINE)
    return {name: [part.strip() for part in inside.split(",") if part.strip()] for name, inside in headings}


def test_every_hook_is_documented_with_its_arguments_and_no_other() -> None:
    assert documented_hooks() == {name: arguments(spec) for name, spec in HOOKS.items()}


def test_every_slot_is_documented() -> None:
    text = (DOCS / "plugins.md").read_text()
    assert [slot for slot in SLOTS if f"`{slot}`" not in text] == []


@pytest.mark.parametrize("hook", HOOKS if PLUGINS else ())
def test_every_hook_is_used_by_a_plugin_of_this_tree(hook: str) -> None:
    modules = [importlib.import_module(f"plugins.{folder.name}.hooks") for folder in PLUGINS]
    users = [module for module in modules if hasattr(module, hook)]
    assert users, f"no plugin implements {hook}"
    for module in users:
        unknown = set(arguments(getattr(module, hook))) - set(arguments(HOOKS[hook]))
        assert not unknown, f"{module.__name__}.{hook} asks for {unknown}"


@pytest.mark.parametrize("hook", HOOKS if PLUGINS else ())
def test_every_hook_has_a_test(hook: str) -> None:
    folders = [ROOT / "tests", *(folder / "tests" for folder in PLUGINS)]
    files = [path for folder in folders for path in folder.rglob("*.py") if path != Path(__file__)]
    word = re.compile(rf"\b{hook}\b")
    assert any(word.search(path.read_text()) for path in files), f"no test mentions {hook}"


def variables() -> set[str]:
    names = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        names.add(alias if isinstance(alias, str) else f"HELPDESK_{name.upper()}")
    return names | FOREIGN_NAMES


def test_the_table_of_settings_is_complete_and_true() -> None:
    rows = re.findall(r"^\| `(HELPDESK_\w+)` \|", (DOCS / "operating.md").read_text(), re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == variables()


def test_the_table_of_settings_gives_the_defaults() -> None:
    rows = re.findall(r"^\| `HELPDESK_(\w+)` \| `([^`|]*)` \|", (DOCS / "operating.md").read_text(), re.MULTILINE)
    assert len(rows) > 8
    named = {"ASYNC": "async_mode"}
    for name, written in rows:
        default = Settings.model_fields[named.get(name, name.lower())].default
        assert written == str(default), name


def walk(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The commands below, each with the words that call it."""
    if not isinstance(command, click.Group):
        yield words, command
        return
    for name, inner in command.commands.items():
        yield from walk(inner, (*words, name))


def commands(app: Flask) -> list[tuple[str, click.Command]]:
    found = list(walk(cli, ("helpdesk",)))
    for _plugin, more in app.extensions["helpdesk"].plugins.call_all("commands"):
        for command in more:
            found += walk(command, ("helpdesk", str(command.name)))
    return [(" ".join(words), command) for words, command in found]


@pytest.mark.database("sqlite")
def test_every_command_is_documented_with_its_options(app: Flask) -> None:
    text = (DOCS / "operating.md").read_text()
    known = commands(app)
    assert len(known) >= 6
    missing = []
    for words, command in known:
        found = re.search(rf"^\| `{re.escape(words)}\b([^`]*)` \|", text, re.MULTILINE)
        if found is None:
            missing.append(words)
            continue
        options = [option for p in command.params if isinstance(p, click.Option) for option in p.opts if "--" in option]
        missing += [f"{words} {option}" for option in options if option not in found.group(1)]
    assert missing == []


@pytest.mark.database("sqlite")
def test_the_documentation_calls_no_command_that_is_not_there(app: Flask) -> None:
    known = {words for words, _command in commands(app)}
    first = {words.split()[1] for words in known}
    for page in PAGES:
        for call in re.findall(r"`helpdesk ([a-z]+)\b", page.read_text()):
            assert call in first, f"{page.name}: helpdesk {call}"


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^COMMANDS = (.+)$", makefile, re.MULTILINE)[0].split())
    assert targets == dev.COMMANDS.keys()
    named = {(page.name, name) for page in PAGES for name in re.findall(r"(?:^|`)make (\w+)", page.read_text(), re.M)}
    assert {name for page, name in named if page == "README.md"} == {"run", "test"}
    assert [(page, name) for page, name in sorted(named) if name not in targets] == []


def test_the_readme_names_every_demonstration_account() -> None:
    rows = re.findall(r"^\| `([^`]+@demo\.example)` \| ([^,|]+),", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert rows == [(account.email, account.name) for account in ACCOUNTS]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_the_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plugin of docs/plugins.md, written out as it stands there."""
    pattern = r"^```\w+\n(?:# |<!-- )(desk_hours/\S+)(?: -->)?\n(.*?)^```$"
    blocks = re.findall(pattern, (DOCS / "plugins.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    for name, text in blocks:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "desk_hours"]:
        del sys.modules[name]


def test_the_example_plugin_works_as_it_is_printed(
    example: None, make_app: Callable[[Settings, FixedClock], Flask], settings: Settings, clock: FixedClock
) -> None:
    app = make_app(settings.model_copy(update={"plugins": "desk_hours"}), clock)
    with factories.present_app(app):
        ana = factories.make_user("Ana")
        client = app.test_client()
        factories.sign_in(client, ana)
        page = client.get("/hours")
        assert page.status_code == 200
        assert "Monday to Friday, 8:00 to 17:00" in page.get_data(as_text=True)
        plugins = app.extensions["helpdesk"].plugins
        ask = {"slot": "home", "viewer": factories.viewer(ana), "context": {}}
        assert plugins.collect("page_slot", now=clock.now(), **ask) == [
            '<p class="desk-hours">The desk is staffed now.</p>'
        ]
        assert "not staffed" in plugins.collect("page_slot", now=clock.advance(hours=12), **ask)[0]
        assert plugins.failures == {}
