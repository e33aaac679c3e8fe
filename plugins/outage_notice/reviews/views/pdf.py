"""A document as PDF: text that can be selected, an embedded font, a title and a language. Nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from fpdf import FPDF, FontFace
from fpdf.enums import XPos, YPos

from plugins.outage_notice.reviews.views.document import Document, Section, Table

FONTS = Path(__file__).resolve().parents[1] / "fonts"
GREY, BLACK, LINE = (90, 96, 108), (20, 24, 33), (205, 210, 219)
LONGEST_CELL = 1500  # characters; a row must fit on one page


class _Pages(FPDF):
    """A4 pages with the number at the foot. Texts go in as they are: no markup of theirs is read."""

    foot = ""

    def footer(self) -> None:
        self.set_y(-14)
        self.set_font("Inter", size=8)
        self.set_text_color(*GREY)
        self.cell(0, 6, f"{self.foot}   {self.page_no()}/{{nb}}", align="C")


def pdf_of(document: Document, language: str, at: datetime) -> bytes:
    """The pages of a document."""
    pdf = _Pages(format="A4")
    pdf.set_creation_date(at)
    pdf.set_title(document.title)
    pdf.set_lang(language)
    pdf.add_font("Inter", "", FONTS / "inter-regular.ttf")
    pdf.add_font("Inter", "B", FONTS / "inter-bold.ttf")
    pdf.foot = _plain(document.footer, pdf)
    pdf.set_auto_page_break(auto=True, margin=18)
    pdf.add_page()
    _write(pdf, document.title, size=18, bold=True, gap=1)
    _write(pdf, document.subtitle, size=9, colour=GREY, gap=3)
    for section in document.sections:
        _section(pdf, section)
    return bytes(pdf.output())


def _section(pdf: FPDF, section: Section) -> None:
    if pdf.will_page_break(24):
        pdf.add_page()
    pdf.ln(3)
    pdf.start_section(_plain(section.title, pdf) or "–")
    _write(pdf, section.title, size=12.5, bold=True, gap=1)
    for paragraph in section.paragraphs:
        _write(pdf, paragraph, gap=1.5)
    for point in section.points:
        _write(pdf, f"•  {point}", gap=0.5)
    if section.table is not None and section.table.rows:
        _table(pdf, section.table)


def _write(
    pdf: FPDF,
    text: str,
    *,
    size: float = 10,
    bold: bool = False,
    colour: tuple[int, int, int] = BLACK,
    gap: float = 0,
) -> None:
    pdf.set_font("Inter", "B" if bold else "", size)
    pdf.set_text_color(*colour)
    pdf.multi_cell(0, size * 0.5, _plain(text, pdf), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(gap)


def _table(pdf: FPDF, table: Table) -> None:
    pdf.set_font("Inter", "", 9)
    pdf.set_text_color(*BLACK)
    pdf.set_draw_color(*LINE)
    pdf.ln(1)
    with pdf.table(
        col_widths=_widths(table),
        borders_layout="HORIZONTAL_LINES",
        headings_style=FontFace(emphasis="BOLD", color=GREY),
        line_height=5,
        padding=(1, 1.5),
        text_align="LEFT",
    ) as drawn:
        for row in (table.head, *table.rows):
            drawn.row([_plain(cell, pdf)[:LONGEST_CELL] for cell in row])
    pdf.ln(2)


def _widths(table: Table) -> Sequence[int]:
    """As wide as what stands in them, within limits."""
    columns = zip(table.head, *table.rows, strict=True)
    return tuple(min(max(max(len(cell) for cell in column), 9), 46) for column in columns)


def _plain(text: str, pdf: FPDF) -> str:
    """The text with a sign in place of letters that the font does not have."""
    known = pdf.fonts["inter"].cmap  # type: ignore[union-attr]
    return "".join(c if c in "\n " or ord(c) in known else " " if c.isspace() else "?" for c in text.replace("\r", ""))
