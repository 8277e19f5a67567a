"""The interpreter of a process whose event loop must not stand still: its collector of cycles, and its threads.

A full collection looks at every object there is. With a thousand clients that is a quarter of a second, most of it
spent on what was made at the start and stays for good; it is put aside. What is left is looked at less often than
usual: hardly anything here is garbage in a cycle, but for connections that have ended. Of those, some 140 objects and
40 KiB each, two thousand are kept at most where a thousand are connected. Looked for sooner, they would cost those who
come back all at once.
"""

from __future__ import annotations

import gc
import sys

__all__ = ["put_aside", "tune"]

SWITCH_INTERVAL_S = 0.001
"""A thread that computes (SQL, hashing) gives the interpreter back to the event loop after this long, not 5 ms."""

COLLECT_AFTER = (10_000, 10, 2)
"""New objects before the youngest are looked at (700 by default), and how many such looks until the older ones are."""


def tune() -> None:
    """To be called first."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.set_threshold(*COLLECT_AFTER)


def put_aside() -> None:
    """What is there now is never looked at again: to be called when everything has been made. The little garbage in it
    is not worth the look."""
    gc.freeze()
