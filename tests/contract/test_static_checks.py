"""Style, types and import rules are part of the suite, so that its summary line speaks for them too."""

from __future__ import annotations

import pytest

from development import checks


@pytest.mark.long
@pytest.mark.parametrize("name", checks.CHECKS)
def test_static_check(name: str) -> None:
    content, text = checks.check(name)
    assert content, f"{name}:\n{text}"
