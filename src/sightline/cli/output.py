"""What commands say: data on standard output, everything about it on standard error.

Values come from people and cameras, so none of them is ever read as Rich's markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

__all__ = ["NOTES", "OUT", "print_json", "say", "table", "time_of", "warn"]

OUT = Console(highlight=False, markup=False)
NOTES = Console(stderr=True, highlight=False, markup=False)


def say(text: str, style: str | None = None) -> None:
    """A line of the answer."""
    OUT.print(text, style=style, soft_wrap=True)


def warn(text: str, style: str | None = None) -> None:
    """A line about the answer."""
    NOTES.print(text, style=style, soft_wrap=True)


def print_json(value: Any) -> None:
    """A value for programs: indented JSON and nothing else."""
    OUT.print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode(), soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, title: str | None = None) -> Table:
    """A table of plain cells, folded rather than cut where the terminal is narrow."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return made


def time_of(at_ms: int) -> str:
    """A time for people, in the machine's zone."""
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
