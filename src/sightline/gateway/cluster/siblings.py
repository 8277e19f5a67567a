"""Several gateways of one machine behind one address: which of them answers what.

The kernel spreads connections over them, so any request may reach any of them.

- The first has the engines, and everything that must be counted, queued or decided in one place: cameras' states and
  video, workstations, pushed frames, analyses, the search, guesses at passwords. It is what `serve` is without others,
  and so REST is its own, but for what clients of alerts ask all the time and the database answers.
- Connections of clients are held where they arrive.
- A conversation of several requests, and the address of a stream, name the gateway that began it (`mark_of`).
"""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from sightline.handed import FIRST

__all__ = ["HANDED", "Siblings", "mark_of", "owner_of"]

HANDED = "sightline.handed"
"""In the scope of a request that another gateway handed over."""

_OF_ANY = re.compile(
    r"/api/(?:alerts(?:/.*)?|health|identify|me(?:/.*)?|push/.*|siblings/.*|token/refresh|ws-ticket)"
    r"|/api/people/[^/]+/(?:portrait|references/[^/]+/image)"
)
_OF_THE_FIRST = re.compile(
    r"/api/.*|/ws|/ws/(?:verify|engine|engine/frames)|/ws/(?:live|camera)/.*|/(?:whip|whep)/.*"
)
_STREAM = re.compile(r"/api/cameras/[^/]+/stream\.mjpeg")
_SOCKET_IO = re.compile(r"/socket\.io(?:/.*)?")
_MARK = re.compile(r"g([1-9][0-9]{0,2})-")


class Siblings(Protocol):
    """The gateways behind one address, as one of them sees them: this one is `number` of `count`."""

    @property
    def number(self) -> int: ...

    @property
    def count(self) -> int: ...

    async def hand_over(self, number: int, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets another answer a request or hold a conversation. Raises `Unavailable` when it cannot, and nothing was
        answered yet."""

    async def ask(self, request: bytes, timeout_s: float) -> bytes:
        """What an engine of the first answers to a message of `sightline.events.engine_link`. Raises `Unavailable`."""

    async def metrics(self) -> dict[int, bytes | None]:
        """What the others would be scraped for, by number; `None` for one that does not answer."""


def mark_of(number: int) -> str:
    """What the names of conversations that this gateway began start with."""
    return f"g{number}-"


def owner_of(path: str, query: bytes, *, here: int, count: int) -> int:
    """The number of the gateway that answers a request which came to this one (`here`) of so many.

    >>> owner_of("/api/alerts", b"", here=2, count=3), owner_of("/ws/verify", b"", here=2, count=3)
    (2, 1)
    >>> owner_of("/socket.io/", b"EIO=4&transport=polling&sid=g3-abc", here=2, count=3)
    3
    """
    if _SOCKET_IO.fullmatch(path):
        return _marked(query, "sid", count) or here
    began = _marked(query, "token", count) if _STREAM.fullmatch(path) else None
    return began or (FIRST if _OF_THE_FIRST.fullmatch(path) and not _OF_ANY.fullmatch(path) else here)


def _marked(query: bytes, name: str, count: int) -> int | None:
    values = parse_qs(query.decode("latin-1")).get(name)
    found = _MARK.match(values[0]) if values else None
    return int(found[1]) if found and int(found[1]) <= count else None
