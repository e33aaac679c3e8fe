"""The .po files and the .mo files made from them."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from development.environment import BIN, ROOT, stop

LANGUAGES = ("es", "pt")  # beside English, which the code is written in


def compile_translations() -> None:
    """Make the .mo file beside each .po file that is newer."""
    for po in sorted(ROOT.glob("[!.]*/**/LC_MESSAGES/*.po")):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            fresh = po.with_name(f"{os.getpid()}.mo")  # nobody reads half a file
            pybabel("compile", "-i", po, "-o", fresh)
            fresh.replace(mo)


def catalogs() -> dict[Path, list[str]]:
    """The folder of each set of .po files: the host's and each plugin's, with the folders whose texts it holds."""
    plugins = sorted(hooks.parent for hooks in ROOT.glob("plugins/*/hooks.py"))
    found = {ROOT / "helpdesk" / "translations": ["helpdesk", "templates"]}
    return found | {plugin / "translations": [plugin.relative_to(ROOT).as_posix()] for plugin in plugins}


def pybabel(*arguments: str | Path) -> None:
    if subprocess.run([str(BIN / "pybabel"), "-q", *map(str, arguments)], cwd=ROOT).returncode != 0:
        stop(f"`pybabel {arguments[0]}` failed; see the lines above.")


def extract_texts(folders: list[str], pot: Path) -> None:
    """Write the texts of these folders, each with the names of its files. Line numbers would change all the time."""
    names = ["-k", "_l", "-k", "lazy_gettext", "-k", "lazy_ngettext:1,2"]
    form = ["--project=helpdesk", "--add-location=file", "--sort-output", "-w", "120"]
    pybabel("extract", "-F", "babel.cfg", *names, *form, "-o", pot, *folders)


def update_translations() -> None:
    """Bring the .po files up to date: new texts come in empty, texts that are gone leave, nothing is guessed."""
    with tempfile.TemporaryDirectory() as folder:
        pot = Path(folder) / "messages.pot"
        for home, folders in catalogs().items():
            extract_texts(folders, pot)
            for language in LANGUAGES:
                po = home / language / "LC_MESSAGES" / "messages.po"
                verb = ["update", "--no-fuzzy-matching", "--ignore-obsolete", "--ignore-pot-creation-date"]
                pybabel(*(verb if po.exists() else ["init"]), "-w", "120", "-i", pot, "-o", po, "-l", language)
    compile_translations()
