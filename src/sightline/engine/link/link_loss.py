"""Why there is no link, in words, and whether it shows that no gateway runs at that address."""

from __future__ import annotations

import errno
import re
import ssl

from websockets.exceptions import ConnectionClosed, InvalidStatus

__all__ = ["nobody_listens", "why"]

_NUMBER = re.compile(r"\[Errno (\d+)\]")


def why(lost: BaseException) -> str:
    """The first reason in a group of errors, in words."""
    error = _first(lost)
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        if status in (401, 403):
            return f"the gateway refuses this engine's token ({status})"
        return f"the gateway answered {status}"
    if isinstance(error, ConnectionClosed) and error.rcvd is not None and error.rcvd.reason:
        return f"the gateway closed the link ({error.rcvd.code}): {error.rcvd.reason}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the gateway's certificate is not trusted ({error.verify_message}): give its authority with --ca-file"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def nobody_listens(lost: BaseException) -> bool:
    """Whether the machine there refused the connection at every address that its name has. Silence shows nothing."""
    error = _first(lost)
    if isinstance(error, ConnectionRefusedError):
        return True
    if not isinstance(error, OSError) or error.errno is not None:
        return False
    numbers = _NUMBER.findall(str(error))  # asyncio tells of several addresses in one error's text
    return bool(numbers) and set(numbers) == {str(errno.ECONNREFUSED)}


def _first(lost: BaseException) -> BaseException:
    while isinstance(lost, BaseExceptionGroup):
        lost = lost.exceptions[0]
    return lost
