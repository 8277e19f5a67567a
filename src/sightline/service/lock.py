"""Who owns a home folder: one process at a time, a server or a command that works on the store itself.

The lock is the kernel's (`flock`): it ends with its process, however that dies, so a stale file means nothing.
Beside it a server writes where it listens and a token for the owner of the folder, readable by nobody else.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from sightline.exceptions import Unavailable

__all__ = ["RunningServer", "ServerLock", "running_server"]


class RunningServer(msgspec.Struct, frozen=True):
    """Where the server of a home folder listens for this machine; `token` opens it with the rights of the folder's
    owner. `public_url` is where others find it."""

    url: str
    pid: int
    token: str
    public_url: str = ""


class ServerLock:
    """A context manager that owns the folder while it is open. Raises `Unavailable` when somebody else does."""

    def __init__(self, run_folder: Path) -> None:
        self._folder = run_folder
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._folder / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise Unavailable(
                f"another sightline works on {self._folder.parent}: wait for it, or stop it, or use another --home"
            ) from None
        self._descriptor = descriptor
        self._withdraw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._descriptor is not None
        self._withdraw()
        os.close(self._descriptor)
        self._descriptor = None

    def publish(self, server: RunningServer) -> None:
        """Tells commands of the same owner where the server is."""
        draft = self._folder / ".server.json.new"
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(server))
        draft.rename(self._folder / "server.json")

    def _withdraw(self) -> None:
        (self._folder / "server.json").unlink(missing_ok=True)


def running_server(home: Path) -> RunningServer | None:
    """The server that runs for this home folder now, if there is one."""
    folder = home / "run"
    try:
        descriptor = os.open(folder / "server.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        pass  # somebody holds it: a server, if it has said where it listens
    else:
        return None
    finally:
        os.close(descriptor)
    try:
        return msgspec.json.decode((folder / "server.json").read_bytes(), type=RunningServer)
    except (OSError, msgspec.DecodeError):
        return None
