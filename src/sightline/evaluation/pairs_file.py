"""The list of pairs to compare: a CSV file with two pictures and whether they show the same person."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from sightline.exceptions import ConfigurationError

__all__ = ["Pair", "read_pairs"]

_SAME = frozenset({"1", "true", "yes", "same", "genuine", "mated", "match", "positive"})
_DIFFERENT = frozenset({"0", "false", "no", "different", "impostor", "non-mated", "nonmated", "mismatch", "negative"})
_FIRST = ("image_a", "a", "first", "image1", "image_1", "path_a", "path1", "file_a", "file1", "left", "probe", "img1")
_SECOND = (
    *("image_b", "b", "second", "image2", "image_2", "path_b", "path2", "file_b", "file2", "right", "reference"),
    "img2",
)
_LABEL = ("same", "label", "is_same", "same_person", "match", "mated", "genuine", "issame", "truth", "target")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures, as paths below the folder of pictures. `line` is the line of the file, from 1."""

    first: str
    second: str
    same: bool
    line: int


def read_pairs(text: str) -> list[Pair]:
    """The pairs of a CSV file: comma, semicolon or tab; columns found by their heading, else in the order first
    picture, second picture, same.

    Raises `ConfigurationError` naming the line that cannot be read.
    """
    rows = [(line, row) for line, row in _rows(text) if any(cell.strip() for cell in row)]
    if not rows:
        raise ConfigurationError("the list of pairs is empty")
    columns = _columns(rows[0][1])
    if columns is not None:
        rows = rows[1:]
    first, second, label = columns or (0, 1, 2)
    pairs = []
    for line, row in rows:
        if len(row) <= max(first, second, label):
            raise ConfigurationError(
                f"line {line}: {len(row)} columns; needed are first picture, second picture, same (1 or 0)"
            )
        names = row[first].strip(), row[second].strip()
        if not all(names):
            raise ConfigurationError(f"line {line}: a picture's name is empty")
        pairs.append(Pair(*names, _same(row[label], line), line))
    if not pairs:
        raise ConfigurationError("the list of pairs has a heading and no pairs")
    return pairs


def _rows(text: str) -> list[tuple[int, list[str]]]:
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise ConfigurationError(f"line {reader.line_num}: {error}") from error


def _columns(heading: list[str]) -> tuple[int, int, int] | None:
    """Where the three columns are; `None` for a file without a heading."""
    names = [cell.strip().lower() for cell in heading]
    if len(names) > 2 and names[2] in _SAME | _DIFFERENT and names[2] not in _LABEL:
        return None
    found = [next((names.index(known) for known in group if known in names), None) for group in (_FIRST, _SECOND)]
    label = next((names.index(known) for known in _LABEL if known in names), None)
    if label is None:
        return None
    left, right = (where if where is not None else index for index, where in enumerate(found))
    return left, right, label


def _same(cell: str, line: int) -> bool:
    word = cell.strip().lower()
    if word in _SAME:
        return True
    if word in _DIFFERENT:
        return False
    raise ConfigurationError(f"line {line}: {cell!r} does not say whether it is the same person: use 1 or 0")
