"""What a gateway asks of an engine's live video. The video itself goes over `/ws/engine/frames`."""

from __future__ import annotations

from sightline.events.link_message import LinkMessage

__all__ = ["HideVideo", "ShowVideo"]


class ShowVideo(LinkMessage, tag="show_video", frozen=True):
    """Somebody looks: send this camera's video from a keyframe on, longest side at most `max_side` pixels. Where it has
    to be encoded for that, it has at most `fps` pictures a second. Said again, it begins with a keyframe again.
    """

    camera_id: str
    quality: str
    fps: float
    max_side: int


class HideVideo(LinkMessage, tag="hide_video", frozen=True):
    """Nobody looks at this quality any more."""

    camera_id: str
    quality: str
