"""The `sightline` command.

One module a group of commands. Data commands go through `session`: they know the server's interface and nothing else.
Exit codes: 0 done, 1 not done, 2 asked wrongly (unknown flag, setting that does not fit), 130 ended by Ctrl-C.
"""

from __future__ import annotations

import importlib
import signal
import sys
from typing import TYPE_CHECKING, Any

from sightline.leaving import daemon_threads, leave

if TYPE_CHECKING:
    from sightline.cli.application import app

__all__ = ["app", "main"]

INTERRUPTED = 130
MAY_WAIT = {"webcam", "probe"}
"""Threads of commands that wait for a camera inside libav."""


def main() -> None:
    """Entry point of the `sightline` script: whatever it is doing, Ctrl-C ends it without a traceback."""
    status: int | str | None = 0
    try:
        # Imported here because it takes most of a second, in which somebody may change their mind.
        from sightline.cli import application

        application.run()
    except SystemExit as end:
        status = end.code
    except KeyboardInterrupt:
        status = INTERRUPTED
    if status == INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # once more is no more
    if MAY_WAIT & set(daemon_threads()):
        leave(status if isinstance(status, int) else int(status is not None))
    sys.exit(status)


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.application").app
