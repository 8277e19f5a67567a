"""What an engine has freed goes back to the machine.

glibc keeps freed memory for the thread that had it, and models, decoders and encoders are made in one thread and used
in others: left to itself an engine holds a sixth more than it needs, and slowly ever more as viewers come and go. Other
C libraries know no `malloc_trim`, and need none.
"""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Callable

__all__ = ["keep_giving_back"]

GIVE_BACK_EVERY_S = 60.0


async def keep_giving_back(every_s: float = GIVE_BACK_EVERY_S) -> None:
    """Every so often, until cancelled; in a thread, since it takes some milliseconds."""
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while trim is not None:
        await asyncio.sleep(every_s)
        await asyncio.to_thread(trim, 0)
