"""Flow control of the log towards one client: what was sent, what is on the device, how much may still be sent.

Clients that stand at the same place are sent the same. A `Trail` counts that once for all of them: each one's window
is brought up to date when it is asked, and nothing is done for it as long as there is surely room.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from sightline.exceptions import WireError

__all__ = ["CREDIT_BYTES", "CREDIT_ENTRIES", "SentPage", "Trail", "Window"]

CREDIT_ENTRIES = 100
CREDIT_BYTES = 256 * 1024

Member = TypeVar("Member")


class SentPage(NamedTuple):
    """`entries` of `size` bytes, all of them in (after, to]."""

    to: int
    entries: int
    size: int
    after: int


class _Mark(NamedTuple):
    """How much was sent in all."""

    pages: int
    entries: int
    size: int


class Window:
    """At most `CREDIT_ENTRIES` entries and `CREDIT_BYTES` are outstanding beyond what the client said it `received`.

    `sent` is the last `to` of a `position`, `received` the last confirmed offset. A page that is larger than the
    whole credit is sent only when nothing else is outstanding, so that a huge entry cannot block for ever.
    """

    __slots__ = ("_bytes", "_entries", "_mark", "_pages", "_sent", "_trail", "confirmed_entries", "received")

    def __init__(self, *, sent: int, received: int) -> None:
        self.received = received
        self.confirmed_entries = 0
        """How many entries were confirmed in all."""
        self._sent = sent
        self._pages: list[SentPage] = []
        self._entries = self._bytes = 0
        self._trail: _Pages | None = None
        self._mark = _Mark(0, 0, 0)
        """How far the window has followed the trail."""

    @property
    def sent(self) -> int:
        """Up to where the client was told that it has everything."""
        return self._sent if self._trail is None else self._trail.sent

    def free_entries(self) -> int:
        """How many entries may be sent now; 0 when the client has to confirm first."""
        self._catch_up()
        if self._bytes >= CREDIT_BYTES:
            return 0
        return max(0, CREDIT_ENTRIES - self._entries)

    def free_bytes(self) -> int:
        """How many bytes may be sent now."""
        self._catch_up()
        return max(0, CREDIT_BYTES - self._bytes)

    def admits(self, entries: int, size: int) -> bool:
        """Whether so many more entries of `size` bytes in all may be sent now."""
        self._catch_up()
        return self._entries + entries <= CREDIT_ENTRIES and self._bytes + size <= CREDIT_BYTES

    @property
    def outstanding(self) -> int:
        """How many entries were sent and not confirmed."""
        self._catch_up()
        return self._entries

    @property
    def outstanding_bytes(self) -> int:
        """The same in bytes."""
        self._catch_up()
        return self._bytes

    @property
    def unconfirmed_after(self) -> int | None:
        """The offset beyond which an entry that was sent is not confirmed; `None` where there is none."""
        self._catch_up()
        return self._pages[0].after if self._pages else None

    def page_sent(self, to: int, entries: int, size: int, *, after: int | None = None) -> None:
        """A page and its `position {…, to}` were handed to the socket. Its entries lie beyond `after`; not given,
        beyond what was `sent` before."""
        if entries:
            self.add(SentPage(to, entries, size, self._sent if after is None else after))
        else:
            self._sent = to

    def add(self, page: SentPage) -> None:
        """As `page_sent`, for a page that many clients are sent. Not for a window that follows a trail."""
        self._sent = page.to
        self._pages.append(page)
        self._entries += page.entries
        self._bytes += page.size

    def confirm(self, offset: int) -> bool:
        """The client has everything up to `offset`; true when that is news. Raises `WireError` beyond what was sent."""
        self._catch_up()
        if offset > self._sent:
            raise WireError(
                f"offset {offset} was not sent yet; the last position is {self._sent}", path="data.offset"
            )
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

    def follow(self, trail: _Pages) -> None:
        """What is added to the trail from now on was sent to this client too."""
        self._trail, self._mark = trail, trail.mark

    def stay(self) -> None:
        """No longer: the client goes on alone from here."""
        self._catch_up()
        self._trail = None

    def _catch_up(self) -> None:
        trail, mark = self._trail, self._mark
        if trail is None or trail.mark is mark:
            return
        self._pages += trail.since(mark)
        self._mark = trail.mark
        self._entries += self._mark.entries - mark.entries
        self._bytes += self._mark.size - mark.size
        self._sent = trail.sent


class _Pages:
    """The newest pages of a trail, as many as can be outstanding: each has an entry at least."""

    __slots__ = ("_kept", "mark", "sent")

    def __init__(self, sent: int) -> None:
        self.sent = sent
        self.mark = _Mark(0, 0, 0)
        self._kept: list[SentPage] = []

    def add(self, page: SentPage) -> None:
        self.sent = page.to
        pages, entries, size = self.mark
        self.mark = _Mark(pages + 1, entries + page.entries, size + page.size)
        if len(self._kept) >= 2 * CREDIT_ENTRIES:
            del self._kept[:CREDIT_ENTRIES]
        self._kept.append(page)

    def since(self, mark: _Mark) -> list[SentPage]:
        return self._kept[len(self._kept) - (self.mark.pages - mark.pages) :]


class Trail(Generic[Member]):
    """What its members are sent, alike and at once, beginning where all of them were `sent` everything up to the same
    place. Whoever has no room for a page has to leave before it is added."""

    __slots__ = ("_most", "_pages", "_windows")

    def __init__(self, sent: int) -> None:
        self._pages = _Pages(sent)
        self._windows: dict[Member, Window] = {}
        self._most = (0, 0)
        """Up to so many entries and bytes in all there is room for everybody, whether or not they confirm."""

    @property
    def sent(self) -> int:
        """Up to where the members were told that they have everything."""
        return self._pages.sent

    def join(self, member: Member, window: Window) -> None:
        """Its `window` was `sent` what the others' were."""
        assert window.sent == self.sent
        self._most = self._room(window) if not self._windows else self._less(self._room(window))
        self._windows[member] = window
        window.follow(self._pages)

    def leave(self, member: Member) -> None:
        """Its window stands for itself from now on."""
        self._windows.pop(member).stay()

    def without_room(self, page: SentPage) -> list[Member]:
        """Those who may not be sent the page now, since they have to confirm something first."""
        _, entries, size = self._pages.mark
        if entries + page.entries <= self._most[0] and size + page.size <= self._most[1]:
            return []
        self._most = (entries + CREDIT_ENTRIES, size + CREDIT_BYTES)
        full = []
        for member, window in self._windows.items():
            if window.admits(page.entries, page.size):
                self._most = self._less(self._room(window))
            else:
                full.append(member)
        return full

    def add(self, page: SentPage) -> None:
        """Every member is sent this page now."""
        self._pages.add(page)

    def _room(self, window: Window) -> tuple[int, int]:
        _, entries, size = self._pages.mark
        return entries + CREDIT_ENTRIES - window.outstanding, size + CREDIT_BYTES - window.outstanding_bytes

    def _less(self, room: tuple[int, int]) -> tuple[int, int]:
        return min(self._most[0], room[0]), min(self._most[1], room[1])
