"""Video over WebRTC, of which gateways carry the signalling alone: media ends in the engine.

    gateway                                  engine
      Offer ────────────────────────────────→         a browser, phone or program wants to send or to see a camera
      ←─────────────────────────────── Answer         the session lives in the engine from now on
      EndSession ───────────────────────────→         who opened it has had enough
      PushedPicture ────────────────────────→         a device that cannot send by WebRTC pushes pictures
      ←───────────────────────── SessionEnded         it is over: another device took its place, say

There is no trickle: offer and answer hold all candidates.
"""

from __future__ import annotations

from typing import Literal

from sightline.events.link_message import LinkMessage

__all__ = ["Answer", "EndSession", "Offer", "PeerDirection", "PushedPicture", "SessionEnded"]

PeerDirection = Literal["publish", "play"]


class Offer(LinkMessage, tag="sdp", frozen=True):
    """Somebody offers a session about a camera: `publish` brings its pictures, `play` shows them, in this `quality`.

    `session_id` names the session from now on; `offer` is SDP (RFC 8866). `fps` and `max_side` (pixels) are those of
    the quality.
    """

    request_id: str
    session_id: str
    camera_id: str
    direction: PeerDirection
    offer: str
    quality: str = "sd"
    fps: float = 10.0
    max_side: int = 960


class Answer(LinkMessage, tag="sdp", frozen=True):
    """The answer to `Offer`, SDP with its candidates; or in plain words why there is no session.

    `error_code` is `INVALID_OFFER`, `SYSTEM_FULL`, `NOT_READ_HERE`, `NOT_SUPPORTED` or `PROCESSING_ERROR`.
    """

    request_id: str
    answer: str = ""
    error: str | None = None
    error_code: str = ""


class EndSession(LinkMessage, tag="end_session", frozen=True):
    """The session of this camera is over: whoever opened it says so, or may hold it no more for this `reason`."""

    session_id: str
    camera_id: str
    reason: str = ""


class PushedPicture(LinkMessage, tag="pushed_picture", frozen=True):
    """A camera's next picture, a JPEG that its device took at `timestamp` (ms since the epoch by the device's clock).
    `EndSession` is the last word about them."""

    session_id: str
    camera_id: str
    timestamp: int
    jpeg: bytes


class SessionEnded(LinkMessage, tag="session_ended", frozen=True):
    """A session is over, for this reason; the answer to `EndSession`, too."""

    session_id: str
    reason: str
