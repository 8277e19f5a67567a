"""Further ports, each for one dialect: what `listen` says, checked. On such a port the dialect answers on every path,
so that a client which was written for a server of its own connects unchanged."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Dialect", "Listener", "parse_listeners"]


class Dialect(enum.StrEnum):
    """A dialect that may have a port of its own."""

    FIELD = "field"
    FRAMES = "frames"
    SOCKETIO = "socketio"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class Listener:
    """A port, and what is spoken there."""

    port: int
    dialect: Dialect


def parse_listeners(entries: Iterable[str]) -> tuple[Listener, ...]:
    """The listeners of `port=dialect` entries. Raises `ValueError` that names the entry.

    >>> parse_listeners(["5000=field"])
    (Listener(port=5000, dialect=<Dialect.FIELD: 'field'>),)
    """
    listeners: list[Listener] = []
    for entry in entries:
        port, _, name = (part.strip() for part in entry.partition("="))
        if not port.isdecimal() or not 1 <= int(port) <= 65535:
            raise ValueError(f"{entry!r} is no listener; write it like 5000=field")
        if name not in set(Dialect):
            raise ValueError(f"{name!r} is no dialect with a port of its own; known: {', '.join(Dialect)}")
        if any(listener.port == int(port) for listener in listeners):
            raise ValueError(f"port {port} is given twice")
        listeners.append(Listener(int(port), Dialect(name)))
    return tuple(listeners)
