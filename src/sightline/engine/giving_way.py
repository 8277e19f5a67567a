"""Threads whose work can wait: the system gives them a core when nobody else wants it."""

from __future__ import annotations

import os
import sys
import threading

__all__ = ["BACKGROUND_NICENESS", "give_way"]

BACKGROUND_NICENESS = 10
"""Beside a busy thread of the usual niceness such a thread gets about a tenth of a core (Linux, CFS weights)."""


def give_way() -> None:
    """Lowers the priority of the calling thread for good. Where threads have no priority of their own, nothing happens:
    it would be the whole process's."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BACKGROUND_NICENESS)
