"""Names for ids: what is joined into a message when it is sent.

Kept in memory because every message needs them; whoever changes a record says so (`changed`), so that a name that
was erased is gone from the next message on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from sightline.accounts import User
from sightline.cameras import Camera
from sightline.decisions.watch_list import WatchList
from sightline.exceptions import NotFound
from sightline.gateway.ports import Store
from sightline.identities.subject import Person

__all__ = ["Directory", "Records"]

T = TypeVar("T")
MAX_RECORDS = 20_000


class Records(Generic[T]):
    """A bounded memory of one kind of record. Over the bound it is emptied and fills again."""

    def __init__(self, get: Callable[[str], Awaitable[T]]) -> None:
        self._get = get
        self._known: dict[str, T | None] = {}
        self._generation = 0

    async def find(self, id: str | None) -> T | None:
        """The record, or `None` when there is none (any more)."""
        if id is None:
            return None
        if id in self._known:
            return self._known[id]
        generation = self._generation
        try:
            record: T | None = await self._get(id)
        except NotFound:
            record = None
        if generation == self._generation:  # else it may have changed while it was read
            if len(self._known) >= MAX_RECORDS:
                self._known.clear()
            self._known[id] = record
        return record

    def peek(self, id: str | None) -> T | None:
        """The record if it is in memory."""
        return self._known.get(id) if id is not None else None

    def changed(self, id: str) -> None:
        """The record was changed or removed."""
        self._generation += 1
        self._known.pop(id, None)

    def forget(self) -> None:
        """Any record may have changed."""
        self._generation += 1
        self._known.clear()


class Directory:
    """The records that messages mention."""

    def __init__(self, store: Store) -> None:
        self.users: Records[User] = Records(store.users.get)
        self.cameras: Records[Camera] = Records(store.cameras.get)
        self.people: Records[Person] = Records(store.people.get)
        self.watch_lists: Records[WatchList] = Records(store.watch_lists.get)

    def forget(self) -> None:
        """Nothing that is remembered may be trusted."""
        for records in (self.users, self.cameras, self.people, self.watch_lists):
            records.forget()
