"""axe-core in a page: which rules of WCAG 2.2 A and AA and of good practice it breaks."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

SCRIPT = Path(__file__).parents[1] / "vendor" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOURS = ("color-contrast", "link-in-text-block")


def violations(page: Page, *, only_colours: bool = False) -> list[str]:
    """One line for each element that breaks a rule: the rule, where, and its markup.

    `only_colours`: only the rules whose outcome depends on the theme.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT.read_text())
    rules = {"type": "rule", "values": COLOURS} if only_colours else {"type": "tag", "values": TAGS}
    found = page.evaluate(
        "options => axe.run(document, options).then(r => r.violations)",
        # Of what axe would load first only media matter: the one rule that reads style sheets is not among ours.
        {"runOnly": rules, "resultTypes": ["violations"], "preload": {"assets": ["media"]}},
    )
    return [f"{rule['id']} {node['target']} {node['html'][:160]}" for rule in found for node in rule["nodes"]]
