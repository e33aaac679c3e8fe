"""What a plugin's package is, before anything of it runs."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

LEFT_OUT = {"__pycache__"}
COMPILED = {".pyc", ".mo"}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A plugin as administrators see it. `digest` is "sha256:…" over all files of its package."""

    name: str
    about: str
    folder: Path
    digest: str
    hooks: tuple[str, ...] = ()


def find_package(name: str) -> Path | None:
    """The folder of that package, found without running it; None when there is none."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


def digest_of(folder: Path) -> str:
    """ "sha256:…" of the names and contents of all files; what Python and Babel compile does not count."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in COMPILED and not LEFT_OUT & set(path.parts):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            total.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode())
    return f"sha256:{total.hexdigest()}"


def about(folder: Path) -> str:
    """The first line of what the package says about itself."""
    start = folder / "__init__.py"
    text = ast.get_docstring(ast.parse(start.read_text())) if start.exists() else None
    return (text or "").partition("\n")[0]
