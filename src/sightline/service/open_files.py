"""Room for connections: each is an open file, and many systems allow a process 1,024 until it asks for more."""

from __future__ import annotations

import sys

import structlog

if sys.platform != "win32":
    import resource

__all__ = ["allow_connections"]

OTHER_FILES = 512
"""Database, pictures, the engine's pipes, requests that are no WebSocket."""

log = structlog.get_logger(__name__)


def allow_connections(connections: int) -> int | None:
    """Raises this process's soft limit as far as so many connections need; what it is now, `None` for no limit.

    Logs a warning when the administrator's hard limit is too low for them.
    """
    if sys.platform == "win32":
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = connections + OTHER_FILES
    if soft == resource.RLIM_INFINITY:
        return None
    if soft < needed:
        limit = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        soft = limit
    if soft < needed:
        log.warning("too_few_open_files", allowed=soft, needed=needed, setting="max_connections")
    return soft
