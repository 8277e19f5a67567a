"""Whoever plays a camera's video begins with what a player needs, however soon somebody else has left."""

from __future__ import annotations

from sightline.deliveries.fragments import Fragment, Opening
from sightline.deliveries.rendition import Quality, Rendition
from sightline.gateway.video.live_viewers import LiveViewer, LiveViewers

OPENING = Opening(b"opening", "video/mp4", 64, 36)
KEY, NEXT = Fragment(b"key", True, 1), Fragment(b"next", False, 2)


def viewers() -> LiveViewers:
    return LiveViewers({quality: Rendition(quality, 320, 2.0) for quality in Quality}, limit=9)


def play(live: LiveViewers) -> LiveViewer:
    return live.add("door", Quality.SD, "u1")


def shown(live: LiveViewers, *parts: Opening | Fragment) -> None:
    for part in parts:
        live.part("door", "sd", part)


async def taken(viewer: LiveViewer) -> list[bytes]:
    found = []
    while viewer.queue:
        part = await viewer.next()
        assert part is not None
        found.append(part.data)
    return found


async def test_who_comes_before_the_engine_was_told_goes_on_in_its_video() -> None:
    live = viewers()
    first = play(live)
    shown(live, OPENING, KEY)
    live.remove(first)
    shown(live, NEXT)
    assert await taken(play(live)) == [b"opening", b"key", b"next"]
    assert list(live.wished(["door"])) == [("door", Quality.SD)]


async def test_who_comes_after_it_was_told_begins_with_the_next_video() -> None:
    live = viewers()
    first = play(live)
    shown(live, OPENING, KEY)
    live.remove(first)
    assert live.wished(["door"]) == {}
    second = play(live)
    shown(live, KEY, NEXT)  # what was on its way
    assert await taken(second) == []
    shown(live, OPENING, KEY)
    assert await taken(second) == [b"opening", b"key"]


async def test_what_was_never_shown_is_not_remembered() -> None:
    live = viewers()
    live.remove(play(live))
    assert live.wished([]) == {} and len(live) == 0
    assert await taken(play(live)) == []
