"""Flow control of the log towards one client: what was sent, what is on the device, how much may still be sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from sightline.exceptions import WireError

__all__ = ["CREDIT_BYTES", "CREDIT_ENTRIES", "SentPage", "Window"]

CREDIT_ENTRIES = 100
CREDIT_BYTES = 256 * 1024


class SentPage(NamedTuple):
    """`entries` of `size` bytes, all of them in (after, to]."""

    to: int
    entries: int
    size: int
    after: int


@dataclass(slots=True)
class Window:
    """At most `CREDIT_ENTRIES` entries and `CREDIT_BYTES` are outstanding beyond what the client said it `received`.

    `sent` is the last `to` of a `position`, `received` the last confirmed offset. A page that is larger than the
    whole credit is sent only when nothing else is outstanding, so that a huge entry cannot block for ever.
    """

    sent: int
    received: int
    confirmed_entries: int = 0
    """How many entries were confirmed in all."""
    _pages: list[SentPage] = field(default_factory=list)
    _entries: int = 0
    _bytes: int = 0

    def free_entries(self) -> int:
        """How many entries may be sent now; 0 when the client has to confirm first."""
        if self._bytes >= CREDIT_BYTES:
            return 0
        return max(0, CREDIT_ENTRIES - self._entries)

    def free_bytes(self) -> int:
        """How many bytes may be sent now."""
        return max(0, CREDIT_BYTES - self._bytes)

    def take(self, page: SentPage) -> bool:
        """As `add`, where so much may be sent now; else false, and nothing is counted."""
        to, count, size, _ = page
        entries, size = self._entries + count, self._bytes + size
        if entries > CREDIT_ENTRIES or size > CREDIT_BYTES:
            return False
        self.sent, self._entries, self._bytes = to, entries, size
        self._pages.append(page)
        return True

    def admits(self, entries: int, size: int) -> bool:
        """Whether so many more entries of `size` bytes in all may be sent now."""
        return self._entries + entries <= CREDIT_ENTRIES and self._bytes + size <= CREDIT_BYTES

    @property
    def outstanding(self) -> int:
        """How many entries were sent and not confirmed."""
        return self._entries

    @property
    def unconfirmed_after(self) -> int | None:
        """The offset beyond which an entry that was sent is not confirmed; `None` where there is none."""
        return self._pages[0].after if self._pages else None

    def page_sent(self, to: int, entries: int, size: int, *, after: int | None = None) -> None:
        """A page and its `position {…, to}` were handed to the socket. Its entries lie beyond `after`; not given,
        beyond what was `sent` before."""
        if entries:
            self.add(SentPage(to, entries, size, self.sent if after is None else after))
        else:
            self.sent = to

    def add(self, page: SentPage) -> None:
        """As `page_sent`, for a page that many clients are sent."""
        self.sent = page.to
        self._pages.append(page)
        self._entries += page.entries
        self._bytes += page.size

    def confirm(self, offset: int) -> bool:
        """The client has everything up to `offset`; true when that is news. Raises `WireError` beyond what was sent."""
        if offset > self.sent:
            raise WireError(f"offset {offset} was not sent yet; the last position is {self.sent}", path="data.offset")
        pages = entries = size = 0
        for to, of_page, bytes_of_page, _ in self._pages:
            if to > offset:
                break
            pages += 1
            entries += of_page
            size += bytes_of_page
        del self._pages[:pages]
        self._entries -= entries
        self._bytes -= size
        self.confirmed_entries += entries
        if offset <= self.received:
            return False
        self.received = offset
        return True
