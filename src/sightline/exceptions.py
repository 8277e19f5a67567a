"""Every error that Sightline raises on purpose.

    SightlineError
    ├── ConfigurationError      a setting is unknown, malformed or contradicts another
    ├── ModelError              a model file is missing, has the wrong hash, or will not load
    ├── ImageError              bytes that are not an image we accept
    ├── SourceError             a camera's source cannot be opened or read
    ├── PeerRefused             a video session that cannot begin
    ├── WireError               a message that the protocol does not allow
    ├── NotFound                no such person, camera, alert …
    ├── Conflict                the change contradicts what is stored
    ├── Forbidden               who asks may not do this
    ├── Unavailable             something needed is not there right now (engine, model, disk)
    ├── StoreError              the database refused or is damaged
    └── client.Stopped, client.AckRefused, client.AlertRefused, client.StreamRefused
                                what only users of the Python client meet

Messages are written for the person who reads them: what is wrong, then what to do next. None holds a password,
token or source credential.
"""

from __future__ import annotations

__all__ = [
    "ConfigurationError",
    "Conflict",
    "Forbidden",
    "ImageError",
    "ModelError",
    "NotFound",
    "PeerRefused",
    "SightlineError",
    "SourceError",
    "StoreError",
    "Unavailable",
    "WireError",
]


class SightlineError(Exception):
    """Base of all errors raised on purpose."""


class ConfigurationError(SightlineError):
    """A setting is unknown, malformed or contradicts another."""

    def __init__(self, message: str, *, key: str | None = None) -> None:
        super().__init__(message)
        self.key = key


class ModelError(SightlineError):
    """A model file is missing, has the wrong hash, or will not load."""

    def __init__(self, message: str, *, model: str) -> None:
        super().__init__(message)
        self.model = model


class ImageError(SightlineError):
    """Bytes that are not an image we accept; `code` is one of `INVALID_IMAGE`, `FRAME_TOO_LARGE`."""

    def __init__(self, message: str, *, code: str = "INVALID_IMAGE") -> None:
        super().__init__(message)
        self.code = code


class SourceError(SightlineError):
    """A camera's source cannot be opened or read; `reason` is in plain words and free of credentials.

    `permanent` where trying again soon cannot help; `resting` where nothing is wrong: nobody means it to work now.
    """

    def __init__(self, reason: str, *, permanent: bool = False, resting: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.resting = resting


class PeerRefused(SightlineError):
    """There will be no video session; `code` is one of those of `sightline.events.peer.Answer`."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class WireError(SightlineError):
    """A message that the protocol does not allow; `path` names the offending field, `$` for the whole.

    `request_id` is the message's own id, where it could be read; `fatal` ends the connection.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str = "$",
        code: str = "INVALID_MESSAGE",
        fatal: bool = False,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.path = path
        self.code = code
        self.fatal = fatal
        self.request_id = request_id


class NotFound(SightlineError):
    """There is no such thing; `kind` and `id` say which."""

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(f"no {kind} with id {id!r}")
        self.kind = kind
        self.id = id


class Conflict(SightlineError):
    """The change contradicts what is stored."""


class Forbidden(SightlineError):
    """Who asks may not do this."""


class Unavailable(SightlineError):
    """Something needed is not there right now."""


class StoreError(SightlineError):
    """The database refused or is damaged."""
