"""The end of a process in which a thread still waits inside a library.

libav, while it waits for a source, asks Python every tenth of a second whether it has waited long enough, and asking an
interpreter that has ended is a crash. A process with such a thread must end without ending its interpreter.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import NoReturn

__all__ = ["daemon_threads", "leave"]


def daemon_threads() -> list[str]:
    """Names of the threads for which the interpreter would not wait: they may be in the middle of a library's call."""
    return [thread.name for thread in threading.enumerate() if thread.daemon]


def leave(status: int) -> NoReturn:
    """Ends the process at once, without ending the interpreter. What is to be closed must be closed by then."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(status)
