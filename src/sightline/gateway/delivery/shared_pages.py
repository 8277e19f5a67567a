"""Pages of the log as they are written: chosen, framed and joined once for all clients that stand at the same place."""

from __future__ import annotations

from dataclasses import dataclass

from sightline.deliveries.audience import is_personal
from sightline.deliveries.framing import Bundle, Frame
from sightline.deliveries.window import SentPage
from sightline.events.wire import encode_message
from sightline.gateway.delivery.tail import Page, Tail

__all__ = ["Lot", "SharedPage", "SharedPages", "position"]

MAX_PAGES = 64


@dataclass(frozen=True, slots=True)
class Lot:
    """Entries with the `position` that follows them, and how they count."""

    bundle: Bundle
    page: SentPage


class SharedPage:
    """One page, and what each kind of client gets of it: of one kind are those who carry the same of the tags that the
    page is addressed to, and whose last `position` was the same."""

    __slots__ = ("_addressed", "_lots", "_page", "after", "count", "personal", "size", "to")

    def __init__(self, after: int, page: Page) -> None:
        self.after, self.to = after, page.to
        self.count = len(page.entries)
        self.size = sum(entry.size for entry in page.entries)
        self._page = page
        self._addressed: frozenset[str] = frozenset().union(*(entry.audience for entry in page.entries))
        self.personal = frozenset(tag for tag in self._addressed if is_personal(tag))
        """Whoever carries none of these gets what everybody gets with whom it shares its other tags."""
        self._lots: dict[tuple[frozenset[str], int], Lot | None] = {}

    def lot(self, tags: frozenset[str], sent: int) -> Lot | None:
        """All that is addressed to `tags`, for a client whose last `position` was `sent`; `None` for nothing."""
        key = self._addressed & tags, sent
        if key not in self._lots:
            share = self._page.share(tags, self.count, self.size)
            self._lots[key] = self._lot(share, sent) if share.entries else None
        return self._lots[key]

    def part(self, tags: frozenset[str], sent: int, max_entries: int, max_bytes: int) -> tuple[Lot | None, int]:
        """What of that may be sent now, and how far it goes."""
        share = self._page.share(tags, max_entries, max_bytes)
        return (self._lot(share, sent) if share.entries else None), share.to

    def _lot(self, share: Page, sent: int) -> Lot:
        frames = [entry.frame for entry in share.entries]
        size = sum(entry.size for entry in share.entries)
        return Lot(
            Bundle([*frames, Frame(position(sent, share.to))]),
            SentPage(share.to, len(frames), size, share.entries[0].offset - 1),
        )


class SharedPages:
    """The pages that were asked for last, as long as nothing has changed: after a commit almost everybody asks for the
    same one, and those who had to wait for something for one of few others. At most `MAX_PAGES`."""

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._kinds: dict[frozenset[str], frozenset[str]] = {}
        self._changes = -1
        self._pages: dict[int, SharedPage] = {}
        self.newest: SharedPage | None = None
        """What was prepared last, where it is one page: for everybody who had all that was there before."""

    def kind_of(self, tags: frozenset[str]) -> frozenset[str]:
        """What of `tags` others carry too; the same object for all of one kind, of which there are few."""
        shared = frozenset(tag for tag in tags if not is_personal(tag))
        return self._kinds.setdefault(shared, shared)

    def page(self, after: int) -> SharedPage | None:
        """What follows `after`, where the tail holds it."""
        if self._tail.changes != self._changes:
            self._changes = self._tail.changes
            self._pages.clear()
        page = self._pages.get(after)
        if page is None and (held := self._tail.held(after)) is not None:
            if len(self._pages) >= MAX_PAGES:
                self._pages.clear()
            page = self._pages[after] = SharedPage(after, held)
        return page

    async def prepare(self, after: int, top: int) -> None:
        """Reads and encodes what follows `after`, so that those who stand there find it. Raises `SightlineError`."""
        start = after
        while after < top:
            after = (await self._tail.page(after, top)).to
        page = self.page(start)
        self.newest = page if page is not None and page.to >= top else None

    def forget(self) -> None:
        """A name changed or was erased: nothing encoded before may be sent again."""
        self.newest = None
        self._tail.forget()

    async def read(self, after: int, top: int) -> SharedPage:
        """What follows `after` for one client that is further behind. Raises `SightlineError`."""
        return SharedPage(after, await self._tail.page(after, top))


def position(sent: int, to: int) -> str:
    """The message that says that everything in (sent, to] has been sent."""
    return encode_message("position", {"from": sent, "to": to})
