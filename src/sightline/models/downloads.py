"""Fetching a file from a web address, so that a broken connection costs only what was not there yet.

What came lies in a partial file named after the hash it must have in the end. The next attempt asks for the rest
(RFC 9110, section 14); a server that sends everything again is taken at its word.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import httpx

from sightline.exceptions import ModelError

__all__ = ["fetch"]

_ATTEMPTS = 4
_PAUSE_S = 0.5
_TIMEOUT_S = 30.0

Report = Callable[[str, int, int | None], None]
"""Called with (`download`, bytes done, bytes in all)."""


def fetch(url: str, partial: Path, *, name: str, size: int, report: Report) -> bytes:
    """The `size` bytes at `url`; its hash is left to the caller. Raises `ModelError`.

    Never keeps more than `size` + 1 bytes. `partial` is removed once everything is there, and stays after a failure.
    """
    partial.parent.mkdir(parents=True, exist_ok=True)
    problem = ""
    with httpx.Client(timeout=_TIMEOUT_S, follow_redirects=True) as http:
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(_PAUSE_S * 2 ** (attempt - 1))
            try:
                if _continue(http, url, partial, name, size, report):
                    content = partial.read_bytes()
                    partial.unlink()
                    return content
                problem = "the connection ended early"
            except httpx.TransportError as error:
                problem = str(error) or type(error).__name__
    raise ModelError(
        f"cannot fetch {name}: {problem}, {_ATTEMPTS} times. What came is kept: the same command goes on from there",
        model=name,
    )


def _continue(http: httpx.Client, url: str, partial: Path, name: str, size: int, report: Report) -> bool:
    """One attempt; whether everything is there now."""
    have = partial.stat().st_size if partial.exists() else 0
    if have >= size:
        return True
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with http.stream("GET", url, headers=headers) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            partial.unlink()
            return False
        if answer.is_server_error:
            raise httpx.TransportError(f"the server answered {answer.status_code}")
        if answer.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise ModelError(f"cannot fetch {name}: {url} answered {answer.status_code}", model=name)
        with partial.open("ab" if answer.status_code == httpx.codes.PARTIAL_CONTENT else "wb") as file:
            _copy(answer, file, size, report)
            return file.tell() >= size


def _copy(answer: httpx.Response, file: BinaryIO, size: int, report: Report) -> None:
    """Writes what comes, up to one byte more than the manifest promises: a longer file then fails its hash."""
    done = file.tell()
    for chunk in answer.iter_raw():  # as it comes: what waited to fill a chunk would be lost with the connection
        taken = chunk[: size + 1 - done]
        file.write(taken)
        done += len(taken)
        report("download", min(done, size), size)
        if done > size:
            return
