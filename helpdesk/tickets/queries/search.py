"""The text index of tickets behind one interface: SQLite FTS5 or PostgreSQL tsvector. Written by actions/steps.py.

Both hold folded words (no case, no accents, letters and digits only). The public document holds what the requester may
read; staff also search the notes.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, column, exists, func, select, table

from helpdesk.core.database import is_postgresql
from helpdesk.tickets.models import Ticket

AnySelect = Select[*tuple[Any, ...]]

WORDS_PER_QUERY = 12
WORD_LENGTH = 64
_WORD = re.compile(r"[^\W_]+")
_QUERY_WORD = re.compile(r"([^\W_]+)(\*?)")

FTS = table("ticket_search", column("rowid"), column("ticket_search"))
TSV = table("ticket_search", column("ticket_id"), column("public_doc"), column("staff_doc"))


def fold(text: str) -> str:
    """The words of a text as they are indexed: without case, accents and punctuation."""
    return " ".join(word[:WORD_LENGTH] for word in _WORD.findall(_plain(text)))


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()


def number_of(query: str) -> int | None:
    """The ticket number that is asked for by "#1234" or "1234"."""
    found = re.fullmatch(r"\s*#?(\d{1,9})\s*", query)
    return int(found[1]) if found else None


def _query_words(query: str) -> list[tuple[str, bool]]:
    return [(word[:WORD_LENGTH], star == "*") for word, star in _QUERY_WORD.findall(_plain(query))[:WORDS_PER_QUERY]]


def _fts5(words: list[tuple[str, bool]], is_staff: bool) -> str:
    terms = " AND ".join(f'"{word}"{"*" if star else ""}' for word, star in words)
    return terms if is_staff else f"{{public_doc}} : ({terms})"


def _tsquery(words: list[tuple[str, bool]]) -> Any:
    return func.to_tsquery("simple", " & ".join(f"{word}{':*' if star else ''}" for word, star in words))


def join_matches(query: AnySelect, text: str, is_staff: bool) -> tuple[AnySelect, ColumnElement[int]] | None:
    """The query over tickets reduced to those that match all words, and the column to order it by (newest: descending).

    None when the text has no word to look for. A trailing `*` matches the beginnings of words.
    """
    words = _query_words(text)
    if not words:
        return None
    if is_postgresql():
        doc = TSV.c.staff_doc if is_staff else TSV.c.public_doc
        joined = query.join(TSV, TSV.c.ticket_id == Ticket.id).where(doc.op("@@")(_tsquery(words)))
        return joined, TSV.c.ticket_id
    joined = query.join(FTS, FTS.c.rowid == Ticket.id).where(
        FTS.c.ticket_search.op("MATCH")(bindparam("words", _fts5(words, is_staff)))
    )
    return joined, FTS.c.rowid


def matches(text: str, is_staff: bool) -> ColumnElement[bool] | None:
    """The condition "this ticket matches", for lists that one person's tickets make short. None: no word."""
    words = _query_words(text)
    if not words:
        return None
    if is_postgresql():
        doc = TSV.c.staff_doc if is_staff else TSV.c.public_doc
        return exists(select(1).where(TSV.c.ticket_id == Ticket.id, doc.op("@@")(_tsquery(words))))
    match = FTS.c.ticket_search.op("MATCH")(bindparam("words", _fts5(words, is_staff)))
    return exists(select(1).select_from(FTS).where(FTS.c.rowid == Ticket.id, match))
