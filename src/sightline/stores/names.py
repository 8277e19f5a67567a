"""Names as they are compared: without regard to case, width or composition."""

from __future__ import annotations

import unicodedata

__all__ = ["name_key"]


def name_key(name: str) -> str:
    """The form in which two names are the same name, and by which names are sorted and searched.

    >>> name_key("  Ada  LOVELACE ") == name_key("ada lovelace")
    True
    """
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
