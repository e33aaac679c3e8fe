"""Style, types and import rules are part of the suite, so that its summary line speaks for them too."""

from __future__ import annotations

import pytest

import dev


@pytest.mark.parametrize("name", dev.CHECKS)
def test_static_check(name: str) -> None:
    content, text = dev.check(name)
    assert content, f"{name}:\n{text}"
