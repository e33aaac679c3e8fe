"""The static checks: style, types and the floors of imports."""

from __future__ import annotations

import subprocess

from development.environment import BIN, ROOT

CHECKS = {
    "ruff": ["ruff", "check", "-q", "."],
    "mypy": ["mypy"],
    "import-linter": ["lint-imports", "--no-logo"],
}


def check(name: str) -> tuple[bool, str]:
    """Run one static check: whether it is content, and what it said."""
    tool, *rest = CHECKS[name]
    result = subprocess.run([str(BIN / tool), *rest], cwd=ROOT, capture_output=True, text=True)
    return result.returncode == 0, result.stdout + result.stderr
