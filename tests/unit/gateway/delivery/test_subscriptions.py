from __future__ import annotations

import pytest

from sightline.deliveries.session import Watch
from sightline.gateway.delivery.subscriptions import Subscriptions


def watch(camera_id: str, *, max_fps: float | None = None, frames: bool = False) -> Watch:
    return Watch(camera_id, max_fps, frames, None)


def test_one_camera_goes_before_all() -> None:
    subscriptions = Subscriptions()
    subscriptions.add(watch("*"))
    subscriptions.add(watch("a", max_fps=1.0))
    one, other = subscriptions.of("a"), subscriptions.of("b")
    assert one is not None and other is not None
    assert (one.max_fps, other.max_fps) == (1.0, None)
    subscriptions.remove("*")
    assert subscriptions.of("b") is None


@pytest.mark.parametrize(
    ("watches", "everything"),
    [
        ([], False),
        ([watch("a")], False),
        ([watch("*")], True),
        ([watch("*"), watch("a")], True),
        ([watch("*"), watch("a", max_fps=5.0)], False),
        ([watch("*", max_fps=5.0)], False),
        ([watch("*", frames=True)], False),
        ([watch("*", frames=True), watch("*")], True),
    ],
)
def test_everything_is_known_to_be_wanted(watches: list[Watch], everything: bool) -> None:
    subscriptions = Subscriptions()
    for one in watches:
        subscriptions.add(one)
    assert subscriptions.everything is everything
    subscriptions.remove("*")
    assert not subscriptions.everything
