"""Tables to take along, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

__all__ = ["csv_table"]

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_table(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """CSV with a heading; `None` is an empty cell, and no spreadsheet takes a text for a formula (OWASP, "CSV
    Injection")."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_harmless(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in FORMULA_STARTS else text
