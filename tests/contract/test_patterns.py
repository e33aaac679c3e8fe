"""L3: no regular expression of ours takes more than linear time, whatever somebody sends."""

from __future__ import annotations

import ast
import importlib
import itertools
import re
import string
import time
from collections.abc import Iterator
from pathlib import Path
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
METHODS = ("match", "fullmatch", "search", "sub", "findall", "finditer", "split")
SIZES = (20, 26, 8000)  # what takes exponential time shows with the first two, what takes quadratic time with the last
SECONDS = 0.05  # fifty times what a linear one needs
OFTEN = 30  # repetitions
COMMON = "a0 _\n."


def sources() -> Iterator[tuple[str, str]]:
    """(import name, text) of every module of the host and its plugins that may use patterns and is not a test."""
    for room in ("helpdesk", "plugins"):
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if not {"tests", "migrations", "demo", "__main__"} & set(parts):
                text = path.read_text()
                if "re." in text or "Regexp" in text:
                    yield ".".join(p for p in parts if p != "__init__"), text


def methods_on(name: str, tree: ast.Module) -> set[str]:
    """Which methods are called on that name: a pattern that must match as a whole is tried as a whole."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id == name and node.attr in METHODS
    }


def find_patterns() -> dict[str, tuple[re.Pattern[Any], set[str]]]:
    """Where each stands, with the ways in which it is used."""
    found: dict[str, tuple[re.Pattern[Any], set[str]]] = {}
    for name, text in sources():
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name) and node.args:
                function = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
                owner = getattr(getattr(node.func, "value", None), "id", "")
                first = node.args[0]
                is_pattern = (owner == "re" and function in METHODS) or function == "Regexp"
                if is_pattern and isinstance(first, ast.Constant) and isinstance(first.value, str):
                    how = "match" if function == "Regexp" else function
                    found[f"{name}:{node.lineno}"] = (re.compile(first.value), {how})
        if "re.compile(" in text:
            for label, value in vars(importlib.import_module(name)).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    found.setdefault(f"{name}.{label}", (value, methods_on(label, tree) or {"search"}))
    return found


PATTERNS = find_patterns()


# --- what attackers would send -----------------------------------------------------------------------------------


def sample(items: Any) -> str:
    """A short text that this part of a pattern matches, as far as that can be said simply."""
    text = ""
    for kind, value in items:
        if kind is kinds.LITERAL:
            text += chr(value)
        elif kind is kinds.NOT_LITERAL:
            text += "b" if value == ord("a") else "a"
        elif kind is kinds.ANY:
            text += "a"
        elif kind is kinds.IN:
            text += one_of(value)
        elif kind is kinds.SUBPATTERN:
            text += sample(value[3])
        elif kind is kinds.BRANCH:
            text += sample(value[1][0])
        elif kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
            text += sample(value[2]) * max(value[0], 1)
    return text


def one_of(members: Any) -> str:
    matches = re.compile("[" + "".join(described(m) for m in members) + "]")
    return next((c for c in string.printable if matches.match(c)), "a")


CATEGORIES = {
    kinds.CATEGORY_DIGIT: r"\d", kinds.CATEGORY_NOT_DIGIT: r"\D", kinds.CATEGORY_SPACE: r"\s",
    kinds.CATEGORY_NOT_SPACE: r"\S", kinds.CATEGORY_WORD: r"\w", kinds.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip


def described(member: Any) -> str:
    kind, value = member
    if kind is kinds.NEGATE:
        return "^"
    if kind is kinds.CATEGORY:
        return CATEGORIES[value]
    if kind is kinds.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    return re.escape(chr(value))


def repeats(items: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """(a text that leads to it, a text of its body) of each part that may be repeated often."""
    for number, (kind, value) in enumerate(items):
        here = before + sample(items[:number])
        if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT):
            if value[1] is kinds.MAXREPEAT or value[1] > OFTEN:
                yield here, sample(value[2])
            yield from repeats(value[2], here)
        elif kind is kinds.SUBPATTERN:
            yield from repeats(value[3], here)
        elif kind is kinds.BRANCH:
            for branch in value[1]:
                yield from repeats(branch, here)


def attacks(pattern: re.Pattern[str], size: int) -> Iterator[str]:
    tree = parser.parse(pattern.pattern, pattern.flags)
    letters = "".join(dict.fromkeys(COMMON + "".join(c for c in pattern.pattern if c in string.punctuation)))[:14]
    bodies = {"", *letters, *(a + b for a, b in itertools.combinations(letters, 2))}
    pumps = {("", body) for body in bodies} | set(repeats(tree))
    pumps |= {(start, start + body) for start, body in repeats(tree)}
    for start, body in sorted(pumps):
        if body:
            yield start + body * (size // len(body)) + "\x00\n!"


def slowest(pattern: re.Pattern[str], ways: set[str], size: int) -> tuple[float, str]:
    """The longest that it took for texts of this size, the second time if the first was long: machines stumble."""
    worst = (0.0, "")
    for text in attacks(pattern, size):
        for way in ways:
            for _attempt in range(2):
                began = time.process_time()
                exhaust(pattern, way, text)
                took = time.process_time() - began
                if took < SECONDS:
                    break
            worst = max(worst, (took, f"{way} {text[:60]!r}"))
        if worst[0] >= SECONDS:
            break
    return worst


def exhaust(pattern: re.Pattern[str], way: str, text: str) -> None:
    if way == "sub":
        pattern.sub("", text)
    elif way == "finditer":
        for _match in pattern.finditer(text):
            pass
    else:
        getattr(pattern, way)(text)


def test_patterns_are_found() -> None:
    assert len(PATTERNS) > 30
    names = " ".join(PATTERNS)
    assert "helpdesk.mail.rules._ADDRESS" in names
    assert "helpdesk.web.logs._SECRET_IN_TEXT" in names
    assert PATTERNS["helpdesk.mail.rules._ADDRESS"][1] == {"fullmatch"}


@pytest.mark.parametrize("bad", [r"(a+)+$", r"(a|aa)+$", r"\s+$", r"(\w+\s?)*$", r"\d+x", r"[a-z]+@"])
def test_patterns_that_are_not_linear_are_caught(bad: str) -> None:
    pattern = re.compile(bad)
    assert any(slowest(pattern, {"search"}, size)[0] >= SECONDS for size in SIZES)


@pytest.mark.parametrize("where", PATTERNS)
def test_every_pattern_takes_linear_time(where: str) -> None:
    pattern, ways = PATTERNS[where]
    for size in SIZES:
        took, how = slowest(pattern, ways, size)
        assert took < SECONDS, f"{where} {pattern.pattern[:80]}: {took:.2f} s for {how}"
