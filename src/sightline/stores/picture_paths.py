"""Where an alert's pictures lie: by person and local time, in the layout that folders of seed 000 have."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime, tzinfo

__all__ = ["STRANGER", "free_path", "picture_path", "safe_component"]

STRANGER = "unknown"
"""The folder of people who are not in the gallery."""

FOLDERS = {"snapshot": "screenshots", "probe": "probes"}
MAX_COMPONENT_BYTES = 100
"""Well below the 255 bytes that file systems allow, and short enough to be read."""


def picture_path(role: str, who: str, at_ms: int, tz: tzinfo) -> str:
    """The path without its ending for a picture of `role` taken at `at_ms`; numbers are unpadded, time is of `tz`."""
    at = datetime.fromtimestamp(at_ms // 1000, tz)
    folder = f"{FOLDERS[role]}/{safe_component(who)}/{at.year}/{at.month}/{at.day}"
    return f"{folder}/{at.hour}-{at.minute}-{at.second}"


def free_path(stem: str, taken: Callable[[str], bool]) -> str:
    """`stem.jpg`, or the first of `stem-2.jpg`, `stem-3.jpg` … that is not taken."""
    path, number = f"{stem}.jpg", 1
    while taken(path):
        number += 1
        path = f"{stem}-{number}.jpg"
    return path


def safe_component(name: str) -> str:
    """`name` as one component of a path: no separator, no control character, no leading dot, never empty.

    >>> safe_component("../etc/passwd")
    '_etc_passwd'
    """
    composed = unicodedata.normalize("NFC", name)
    kept = "".join("_" if char in "/\\" or not char.isprintable() else char for char in composed)
    short = kept.strip(" .").encode()[:MAX_COMPONENT_BYTES].decode(errors="ignore")
    return short.rstrip(" .") or STRANGER
