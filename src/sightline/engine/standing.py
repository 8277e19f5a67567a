"""How an engine is, for whoever looks at its own machine: its gateway may not be there to ask."""

from __future__ import annotations

import msgspec

__all__ = ["Standing"]


class Standing(msgspec.Struct, frozen=True):
    """`gateway` is the address that it is linked to, or tries; `problem` says why there is no link, and is empty while
    there is one. `load` is the busy share of its workers, 0 to 1.
    """

    gateway: str
    problem: str
    cameras: int
    load: float
    spool_facts: int
    warnings: list[str]
