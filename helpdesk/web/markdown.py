"""Markdown to safe HTML: raw HTML off, then an allow-list; links only to http, https and mailto."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from html import unescape
from typing import TYPE_CHECKING

import nh3
from markupsafe import Markup

if TYPE_CHECKING:  # imported with the first text: sixty modules
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore

LONGEST = 50_000  # characters; what is longer is cut, so that nobody can keep the server busy
_DEEPEST = 20
_TAGS = {
    "p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}
_BLOCK_ENDS = re.compile(r"</(?:p|li|h[1-6]|tr|blockquote|pre|ul|ol)>|<br ?/?>|<hr ?/?>")
_TAG = re.compile(r"<[^<>]*>")


def _reduce_headings(state: StateCore) -> None:
    """The page owns h1 and h2: what a text calls its first level is the third one."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False, "maxNesting": _DEEPEST})
    parser.enable(["table", "strikethrough"])
    parser.disable("image")
    parser.core.ruler.push("reduce_headings", _reduce_headings)
    return parser


@lru_cache(maxsize=2000)
def to_html(text: str) -> Markup:
    """The text as HTML that is safe to put into a page. Links open without handing over where they came from."""
    html = nh3.clean(
        _parser().render(text[:LONGEST]),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    return Markup(html)  # noqa: S704 - this is the one place that makes it safe


def to_text(text: str) -> str:
    """The text without its marks, for mails, search and lists: one line per block, the address behind each link."""
    html = re.sub(r'<a href="([^"]*)"[^<>]*>([^<]*)</a>', _link_as_text, str(to_html(text)))
    html = re.sub(r"</t[hd]>\s*<t[hd]>", " \u00b7 ", html)
    html = html.replace("<li>", "- ")
    plain = unescape(_TAG.sub("", _BLOCK_ENDS.sub("\n", html)))
    lines = (line.rstrip(" \t") for line in plain.split("\n"))
    return "\n".join(line for line in lines if line).strip()


def _link_as_text(match: re.Match[str]) -> str:
    address, label = match.group(1), match.group(2)
    bare = address.removeprefix("mailto:")
    return label if label in (address, bare) else f"{label} ({bare})"
