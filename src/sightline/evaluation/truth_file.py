"""Who is to be seen when: the truth about a video, as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from sightline.exceptions import ConfigurationError

__all__ = ["Appearance", "Truth", "read_truth"]

_START = ("start_frame", "from_frame", "first_frame", "start", "from", "frame", "start_s", "from_s")
_END = ("end_frame", "to_frame", "last_frame", "end", "to", "end_s", "to_s")
_PERSON = ("person", "name", "label", "identity", "person_id")
_BOX = ("x1", "y1", "x2", "y2")
_NOBODY_KNOWN = frozenset({"", "unknown", "stranger", "?", "-"})


@dataclass(frozen=True, slots=True)
class Appearance:
    """`person` (empty for a stranger) is in the picture from `start` to `end`, both included, in the truth's unit;
    `box` `[x1, y1, x2, y2]` px where the truth says where."""

    start: float
    end: float
    person: str
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """All that is known about a video. `in_seconds`: times are seconds, else frame numbers from 0."""

    appearances: tuple[Appearance, ...]
    in_seconds: bool

    def people(self) -> frozenset[str]:
        """Everybody who is named."""
        return frozenset(one.person for one in self.appearances if one.person)

    def at(self, moment: float) -> Sequence[Appearance]:
        """Who is in the picture at a moment, in the truth's unit."""
        return [one for one in self.appearances if one.start <= moment <= one.end]


def read_truth(text: str) -> Truth:
    """The truth of a CSV file with a heading: `start_frame,end_frame,person` (or `start_s,end_s,person` in seconds),
    and `x1,y1,x2,y2` where boxes are known. `unknown` or nothing stands for a stranger.

    Raises `ConfigurationError` naming the line that cannot be read.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), skipinitialspace=True)
    names = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    start, person = _column(names, _START), _column(names, _PERSON)
    if start is None or person is None:
        raise ConfigurationError("the truth needs a heading: start_frame,end_frame,person or start_s,end_s,person")
    end = _column(names, _END) or start
    boxed = all(name in names for name in _BOX)
    appearances = []
    try:
        for row in reader:
            cells = [row[names[key]] for key in (start, end, *(_BOX if boxed else ()))]
            numbers = [_number(cell, reader.line_num) for cell in cells if boxed is False or cell not in (None, "")]
            box = (numbers[2], numbers[3], numbers[4], numbers[5]) if len(numbers) == 6 else None
            if len(numbers) not in (2, 6) or numbers[1] < numbers[0]:
                raise ConfigurationError(f"line {reader.line_num}: it ends before it starts, or a number is missing")
            name = (row[names[person]] or "").strip()
            known = "" if name.lower() in _NOBODY_KNOWN else name
            appearances.append(Appearance(numbers[0], numbers[1], known, box))
    except csv.Error as error:
        raise ConfigurationError(f"line {reader.line_num}: {error}") from error
    if not appearances:
        raise ConfigurationError("the truth has a heading and nothing else")
    return Truth(tuple(appearances), in_seconds=start.endswith("_s"))


def _column(names: dict[str, str], known: tuple[str, ...]) -> str | None:
    return next((name for name in known if name in names), None)


def _number(cell: str | None, line: int) -> float:
    try:
        value = float(cell or "")
    except ValueError:
        raise ConfigurationError(f"line {line}: {cell!r} is no number") from None
    if not -1e12 < value < 1e12:
        raise ConfigurationError(f"line {line}: {cell!r} is no number of this world")
    return value
