"""Every folder of the host and of the plugin has a floor, or the import rules would not see it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NO_CODE = {"templates", "static", "migrations", "translations", "tests", "__pycache__"}


def contracts() -> list[dict[str, object]]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return list(config["tool"]["importlinter"]["contracts"])


def floors(container: str) -> set[str]:
    """The names that have a floor in the layers contract of that package."""
    found = [c for c in contracts() if c["type"] == "layers" and c["containers"] == [container]]
    assert len(found) == 1
    layers = found[0]["layers"]
    assert isinstance(layers, list)
    return {name for layer in layers for name in re.findall(r"\w+", layer)}


def houses() -> list[str]:
    """The packages that are built in floors: the host, and the plugin unless its folder was deleted."""
    return [name for name in ("helpdesk", "plugins.outage_notice") if (ROOT / name.replace(".", "/")).is_dir()]


def rooms_without_floor(container: str, folder: Path) -> set[str]:
    rooms = {path.name for path in folder.iterdir() if path.is_dir()} - NO_CODE
    rooms |= {path.stem for path in folder.glob("*.py")} - {"__init__", "conftest"}
    return rooms - floors(container)


@pytest.mark.parametrize("container", houses())
def test_every_room_has_a_floor(container: str) -> None:
    assert rooms_without_floor(container, ROOT / container.replace(".", "/")) == set()


@pytest.mark.parametrize("container", houses())
def test_every_room_is_a_package_so_that_the_import_rules_see_it(container: str) -> None:
    folder = ROOT / container.replace(".", "/")
    holding_code = {path.parent for path in folder.rglob("*.py") if not NO_CODE & set(path.relative_to(folder).parts)}
    assert [str(path.relative_to(ROOT)) for path in holding_code if not (path / "__init__.py").exists()] == []


def test_a_new_folder_without_a_floor_is_found(tmp_path: Path) -> None:
    (tmp_path / "tickets").mkdir()
    (tmp_path / "cellar").mkdir()
    (tmp_path / "attic.py").touch()
    assert rooms_without_floor("helpdesk", tmp_path) == {"cellar", "attic"}


def test_the_host_knows_no_plugin_and_plugins_know_only_the_plugin_api() -> None:
    forbidden = [c for c in contracts() if c["type"] == "forbidden"]
    assert {(str(c["source_modules"]), str(c["forbidden_modules"])) for c in forbidden} == {
        ("['helpdesk']", "['plugins']"),
        ("['plugins']", "['helpdesk', 'helpdesk.*']"),
    }
    exceptions = [c.get("ignore_imports", []) for c in forbidden]
    tests_may = ["plugins.*.tests.** -> helpdesk", "plugins.*.tests.** -> helpdesk.**"]
    assert exceptions == [[], ["plugins.** -> helpdesk.plugin_api", *tests_may]]


def test_plugins_do_not_reach_into_the_state_of_the_application() -> None:
    """What they need of the settings, `plugin_api` gives; an import contract would not see this way around it."""
    sources = [path for path in ROOT.glob("plugins/**/*.py") if "tests" not in path.parts]
    assert sources
    reaching = re.compile(r"""extensions(\[|\.get\()["']helpdesk["']""")
    assert [str(path.relative_to(ROOT)) for path in sources if reaching.search(path.read_text())] == []
