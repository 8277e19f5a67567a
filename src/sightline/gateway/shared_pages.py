"""Pages of the log as they are written: chosen, framed and joined once for all clients that stand at the same place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.deliveries.framing import Bundle, Frame
from sightline.events.wire import encode_message
from sightline.gateway.tail import Encoded, Page, Tail

__all__ = ["Lot", "SharedPage", "SharedPages", "position"]


@dataclass(frozen=True, slots=True)
class Lot:
    """Entries with the `position` that follows them; the first lies beyond `after`, and they have `size` bytes."""

    bundle: Bundle
    entries: int
    size: int
    after: int


class SharedPage:
    """One page, and what each kind of client gets of it. Clients are of one kind where the same audiences of the page
    include them and their last `position` was the same."""

    __slots__ = ("_audiences", "_entries", "_lots", "_page", "count", "size", "to")

    def __init__(self, page: Page) -> None:
        self.to = page.to
        self.count = len(page.entries)
        self.size = sum(entry.size for entry in page.entries)
        self._page = page
        self._entries = [Frame(entry.text) for entry in page.entries]
        audiences = dict.fromkeys(entry.audience for entry in page.entries)
        self._audiences = tuple((1 << number, audience) for number, audience in enumerate(audiences))
        self._lots: dict[tuple[int, int], Lot] = {}

    def lot(self, tags: frozenset[str], sent: int) -> Lot | None:
        """All that is addressed to `tags`, for a client whose last `position` was `sent`; `None` for nothing."""
        kind = 0
        for bit, audience in self._audiences:
            if not audience.isdisjoint(tags):
                kind |= bit
        if not kind:
            return None
        lot = self._lots.get((kind, sent))
        if lot is None:
            addressed = [not entry.audience.isdisjoint(tags) for entry in self._page.entries]
            lot = self._lots[kind, sent] = self._lot(addressed, sent, self.to)
        return lot

    def part(self, tags: frozenset[str], sent: int, max_entries: int, max_bytes: int) -> tuple[Lot | None, int]:
        """What of that may be sent now, and how far it goes."""
        share = self._page.share(tags, max_entries, max_bytes)
        if not share.entries:
            return None, share.to
        offsets = {entry.offset for entry in share.entries}
        chosen = [entry.offset in offsets for entry in self._page.entries]
        return self._lot(chosen, sent, share.to), share.to

    def _lot(self, chosen: Sequence[bool], sent: int, to: int) -> Lot:
        entries: list[Encoded] = [entry for entry, mine in zip(self._page.entries, chosen, strict=True) if mine]
        frames = [frame for frame, mine in zip(self._entries, chosen, strict=True) if mine]
        bundle = Bundle([*frames, Frame(position(sent, to))])
        return Lot(bundle, len(entries), sum(entry.size for entry in entries), entries[0].offset - 1)


class SharedPages:
    """The page that was asked for last, as long as nothing has changed: after a commit everybody asks for the same."""

    def __init__(self, tail: Tail) -> None:
        self._tail = tail
        self._after = -1
        self._version: tuple[int, int] | None = None
        self._page: SharedPage | None = None

    def page(self, after: int) -> SharedPage | None:
        """What follows `after`, where the tail holds it."""
        if after != self._after or self._tail.version != self._version:
            page = self._tail.held(after)
            if page is None:
                return None
            self._page = SharedPage(page)
            self._after, self._version = after, self._tail.version
        return self._page

    async def prepare(self, after: int, top: int) -> None:
        """Reads and encodes what follows `after`, so that those who stand there find it. Raises `SightlineError`."""
        while after < top:
            after = (await self._tail.page(after, top)).to

    async def read(self, after: int, top: int) -> SharedPage:
        """What follows `after` for one client that is further behind. Raises `SightlineError`."""
        return SharedPage(await self._tail.page(after, top))


def position(sent: int, to: int) -> str:
    """The message that says that everything in (sent, to] has been sent."""
    return encode_message("position", {"from": sent, "to": to})
