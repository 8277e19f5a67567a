"""What the parent of several gateways and its children say to each other, a line of JSON each.

The parent writes one `Orders` to a child's standard input, which then stays open for as long as the parent lives; the
child answers with `Began` once it listens, or with `Failed`, on its standard output.
"""

from __future__ import annotations

import msgspec

from sightline.exceptions import ConfigurationError, SightlineError, StoreError, Unavailable

__all__ = ["Began", "Failed", "Orders", "read_word"]

_KINDS: dict[str, type[SightlineError]] = {
    kind.__name__: kind for kind in (ConfigurationError, StoreError, Unavailable)
}


class Orders(msgspec.Struct, frozen=True):
    """Which gateway a child is (`number`), where it and the others listen, and by which settings it works.

    `ports`: of the address, the main one first. `door`: the descriptor of its own door's socket; `doors`: the ports of
    all doors. `token`: the owner's. `folder`: where the gateways leave things for each other.
    """

    number: int
    ports: list[int]
    door: int
    doors: list[int]
    token: str
    folder: str
    settings: str


class Began(msgspec.Struct, frozen=True, tag="began"):
    """It listens; `password` is that of `admin` if that was made now."""

    password: str | None = None


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It cannot: an error of this kind, in these words."""

    kind: str
    message: str
    key: str | None = None

    @classmethod
    def of(cls, error: SightlineError) -> Failed:
        """What there is to say of an error."""
        return cls(type(error).__name__, str(error), error.key if isinstance(error, ConfigurationError) else None)

    def error(self) -> SightlineError:
        """The error, or one that says the same."""
        kind = _KINDS.get(self.kind, SightlineError)
        return ConfigurationError(self.message, key=self.key) if kind is ConfigurationError else kind(self.message)


_decoder = msgspec.json.Decoder(Began | Failed)


def read_word(line: bytes) -> Began | Failed | None:
    """What a child says in this line of its output; `None` where it says something else.

    >>> read_word(b'{"type":"began"}'), read_word(b"anything else")
    (Began(password=None), None)
    """
    try:
        word: Began | Failed = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeError):
        return None
    return word
