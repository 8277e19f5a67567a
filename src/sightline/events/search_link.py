"""What a gateway and its search process say to each other, over the process's standard input and output.

    gateway                                   search process
      Search, Recognise ────────────────────→
      ←──────────────────────────────────── Found, Recognised
      Changed ──────────────────────────────→            sightings were added, changed or removed: look now
      ←──────────────────────────────────── Indexed      at the start, and while it catches up
      ←──────────────────────────────────── Place        which strangers new sightings belong to
      Placed ───────────────────────────────→            that is written, as far as it could be

Each message is MessagePack with a `type`, preceded by its length as four bytes, big-endian. The process reads the
sightings from the store itself. Vectors are little-endian float32 bytes; times are milliseconds since the epoch.
"""

from __future__ import annotations

import msgspec

__all__ = [
    "LENGTH_BYTES",
    "Changed",
    "Found",
    "Indexed",
    "Place",
    "Placed",
    "Placement",
    "Question",
    "Recognise",
    "Recognised",
    "Search",
    "Statement",
    "decode_question",
    "decode_statement",
    "frame",
]

LENGTH_BYTES = 4


class _Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    pass


class Search(_Message, tag="search", frozen=True):
    """The `count` sightings nearest to any of the `vectors`, of these cameras and within these times only."""

    request_id: int
    model_id: str
    vectors: list[bytes]
    count: int
    cameras: list[str] | None = None
    from_ms: int | None = None
    to_ms: int | None = None


class Recognise(_Message, tag="recognise", frozen=True):
    """Which group of strangers a template belongs to."""

    request_id: int
    model_id: str
    vector: bytes


class Changed(_Message, tag="changed", frozen=True):
    """Something changed in the store."""


class Placed(_Message, tag="placed", frozen=True):
    """What `Place` asked for is written, as far as it could be."""


class Found(_Message, tag="found", frozen=True):
    """Keys and distances of what was found, nearest first, among `indexed` of `total` sightings, of which `comparable`
    are of the model that was asked for."""

    request_id: int
    keys: list[int]
    distances: list[float]
    indexed: int
    total: int
    comparable: int


class Recognised(_Message, tag="recognised", frozen=True):
    """The group, if there is one near enough."""

    request_id: int
    group: str | None


class Indexed(_Message, tag="indexed", frozen=True):
    """So many sightings of all are in memory; `ready` once it has caught up."""

    indexed: int
    total: int
    ready: bool


class Placement(msgspec.Struct, frozen=True):
    """Where a sighting belongs: into `group`, which is `founded` with it, or into none."""

    key: int
    group: str | None
    founded: bool


class Place(_Message, tag="place", frozen=True):
    """New sightings of strangers, in the order in which they came."""

    placements: list[Placement]


Question = Search | Recognise | Changed | Placed
Statement = Found | Recognised | Indexed | Place

_encoder = msgspec.msgpack.Encoder()
_questions = msgspec.msgpack.Decoder(Question)
_statements = msgspec.msgpack.Decoder(Statement)


def frame(message: Question | Statement) -> bytes:
    """A message with its length before it."""
    data = _encoder.encode(message)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def decode_question(data: bytes) -> Question:
    """What a gateway says. Raises `msgspec.DecodeError`."""
    message: Question = _questions.decode(data)
    return message


def decode_statement(data: bytes) -> Statement:
    """What a search process says. Raises `msgspec.DecodeError`."""
    message: Statement = _statements.decode(data)
    return message
