"""libav's errors in plain words, free of credentials.

libav puts the whole URL, password included, into its messages, so nothing of them is repeated: each kind of error is
told anew about `shown`, the redacted name of the source.
"""

from __future__ import annotations

import errno
import socket
from urllib.parse import urlsplit

import av
import av.error

from sightline.exceptions import SourceError

__all__ = ["explain", "host_and_port"]

_DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}

_BY_KIND: tuple[tuple[type[Exception], str], ...] = (
    (av.error.HTTPUnauthorizedError, "the camera refused the user name or password"),
    (av.error.HTTPForbiddenError, "the camera forbids access to this stream (403)"),
    (av.error.HTTPNotFoundError, "the camera has no stream at this path (404)"),
    (av.error.HTTPTooManyRequestsError, "the camera says there are too many viewers (429)"),
    (av.error.HTTPBadRequestError, "the camera does not understand the request (400): check the address"),
    (av.error.HTTPClientError, "the camera refused the request: check the address"),
    (av.error.HTTPServerError, "the camera answered with an error of its own (5xx)"),
    (av.error.DecoderNotFoundError, "this build has no decoder for the camera's video"),
    (av.error.ProtocolNotFoundError, "this kind of address is not supported here"),
    (av.error.DemuxerNotFoundError, "this kind of video is not supported here"),
)

_NO_VIDEO = (av.error.InvalidDataError, av.error.ArgumentError)
"""What is there is no video, or is of a kind that is not let in (playlists)."""

_BY_ERRNO = {
    errno.ECONNREFUSED: "nothing listens at {at}",
    errno.EHOSTUNREACH: "{at} cannot be reached: no route to it",
    errno.ENETUNREACH: "{at} cannot be reached: no network leads there",
    errno.ECONNRESET: "the camera closed the connection",
    errno.EPIPE: "the camera closed the connection",
    errno.ECONNABORTED: "the camera closed the connection",
    errno.ENOENT: "there is no file or device {at}",
    errno.EISDIR: "{at} is a folder, not a video",
    errno.EACCES: "the server may not read {at}: check its permissions",
    errno.EPERM: "the server may not read {at}: check its permissions",
    errno.EBUSY: "{at} is in use by another program",
    errno.ENODEV: "there is no device {at}",
}


def host_and_port(url: str) -> str:
    """`host:port` of a network source (with the scheme's usual port), else the source as it is."""
    parts = urlsplit(url)
    if not parts.hostname:
        return url
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return f"{host}:{port}" if port else host


def _input_output(shown: str) -> str:
    """libav gives this one error for a name that does not resolve and for an answer it can make nothing of."""
    host = urlsplit(shown).hostname
    if host:
        try:
            socket.getaddrinfo(host, None)
        except OSError:
            return f"the name {host} is not known"
    return f"what {host_and_port(shown)} sends is not a video"


def explain(error: Exception, *, shown: str, timeout_s: float, begun: bool, waited_s: float = 0.0) -> SourceError:
    """What libav's `error` means for the person who looks after the camera.

    `shown` is the redacted source; `begun` says whether pictures have come before, `waited_s` how long it was waited
    for an answer: of an RTSP server that says nothing, libav speaks as of one that talks nonsense.
    """
    at = host_and_port(shown)
    for kind, sentence in _BY_KIND:
        if isinstance(error, kind):
            return SourceError(sentence)
    ran_out = isinstance(error, _NO_VIDEO) and 0 < timeout_s <= waited_s
    if ran_out or isinstance(error, (av.error.ExitError, TimeoutError)):
        return SourceError(f"{at} sent nothing for {timeout_s:g} s")
    unreadable = isinstance(error, _NO_VIDEO) or getattr(error, "errno", None) == errno.EIO
    if isinstance(error, EOFError) or (begun and unreadable):
        return SourceError("the stream ended")
    if isinstance(error, _NO_VIDEO):
        return SourceError(f"what {at} sends is not a video")
    if getattr(error, "errno", None) == errno.EIO:
        return SourceError(_input_output(shown))
    sentence = _BY_ERRNO.get(getattr(error, "errno", None) or 0, "")
    if sentence:
        return SourceError(sentence.format(at=at))
    return SourceError(f"{at} cannot be read ({type(error).__name__})")
