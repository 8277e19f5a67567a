"""What waits for one reader of a video: a few pictures, and never the middle of a group that has lost its beginning.

Bounds: `MAX_BYTES` and `MAX_FRAGMENTS`. Policy when full: everything that waits is dropped (counted), and what comes
next is the next keyframe. The newest opening always stays.
"""

from __future__ import annotations

from collections import deque

from sightline.deliveries.fragments import Fragment, Opening

__all__ = ["MAX_GROUP_BYTES", "MAX_GROUP_FRAGMENTS", "FragmentQueue", "OpenGroup"]

MAX_BYTES = 2 * 2**20
MAX_FRAGMENTS = 256
MAX_GROUP_BYTES = 8 * 2**20
MAX_GROUP_FRAGMENTS = 900
"""30 s at 30 pictures a second."""


class FragmentQueue:
    """One reader's."""

    def __init__(self, *, max_bytes: int = MAX_BYTES, max_fragments: int = MAX_FRAGMENTS) -> None:
        self.skipped = 0
        self._max_bytes = max_bytes
        self._max_fragments = max_fragments
        self._opening: Opening | None = None
        self._fragments: deque[Fragment] = deque()
        self._bytes = 0
        self._at_keyframe = True

    def __bool__(self) -> bool:
        return self._opening is not None or bool(self._fragments)

    def put(self, part: Opening | Fragment) -> None:
        """The next part of the video."""
        if isinstance(part, Opening):
            self._drop()  # of the video before
            self._opening = part
            return
        if self._at_keyframe and not part.keyframe:
            self.skipped += 1
            return
        if self._bytes + len(part.data) > self._max_bytes or len(self._fragments) >= self._max_fragments:
            self._drop()
            if not part.keyframe:
                self.skipped += 1
                return
        self._at_keyframe = False
        self._fragments.append(part)
        self._bytes += len(part.data)

    def catch_up(self, group: OpenGroup) -> None:
        """Begins with what a newcomer needs, whatever its size: it is read at once, or dropped as a whole."""
        if group.opening is not None:
            self.put(group.opening)
        for fragment in group.fragments:
            self._fragments.append(fragment)
            self._bytes += len(fragment.data)
            self._at_keyframe = False

    def take(self) -> Opening | Fragment | None:
        """The next part, `None` where nothing waits."""
        if self._opening is not None:
            opening, self._opening = self._opening, None
            return opening
        if not self._fragments:
            return None
        fragment = self._fragments.popleft()
        self._bytes -= len(fragment.data)
        return fragment

    def _drop(self) -> None:
        self.skipped += len(self._fragments)
        self._fragments.clear()
        self._bytes = 0
        self._at_keyframe = True


class OpenGroup:
    """The pictures since the last keyframe, for whoever comes next; a group that grows too long is not kept."""

    def __init__(self) -> None:
        self.opening: Opening | None = None
        self.fragments: list[Fragment] = []
        self._bytes = 0

    def add(self, part: Opening | Fragment) -> None:
        """The next part of the video."""
        if isinstance(part, Opening):
            self.opening = part
            self._begin()
            return
        if part.keyframe:
            self._begin()
        elif not self.fragments:
            return
        self.fragments.append(part)
        self._bytes += len(part.data)
        if self._bytes > MAX_GROUP_BYTES or len(self.fragments) > MAX_GROUP_FRAGMENTS:
            self._begin()

    def _begin(self) -> None:
        self.fragments = []
        self._bytes = 0
