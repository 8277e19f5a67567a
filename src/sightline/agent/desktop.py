"""What the agent does to the machine: locks it, signs its user out, tells them something. By commands, not by a shell.

On Linux the session is systemd-logind's (`loginctl(1)`), which also says whether it is locked; on every other platform
the commands are given by whoever sets the agent up.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from typing import Protocol

from sightline.exceptions import ConfigurationError, SightlineError

__all__ = ["CommandDesktop", "Desktop", "DryRun", "argv_of", "desktop_of", "logind_session"]

COMMAND_TIMEOUT_S = 10.0


class Desktop(Protocol):
    """The workstation's screen and session. Every method raises `SightlineError` when it could not be done."""

    async def lock(self) -> None: ...
    async def sign_out(self) -> None: ...

    async def locked(self) -> bool | None:
        """Whether the screen is locked; `None` when that cannot be known."""

    async def warn(self, words: str) -> None:
        """Shows the user a line."""


class DryRun:
    """Says what would be done, and does nothing."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    async def lock(self) -> None:
        self._say("would lock the screen")

    async def sign_out(self) -> None:
        self._say("would sign the user out")

    async def locked(self) -> bool | None:
        return None

    async def warn(self, words: str) -> None:
        self._say(f"would show: {words}")


class CommandDesktop:
    """Each deed is a command. `is_locked` prints `yes` or `no`; `notify` gets the line as its last argument; `None`:
    the platform cannot do that."""

    def __init__(
        self,
        *,
        lock: Sequence[str],
        sign_out: Sequence[str],
        is_locked: Sequence[str] | None = None,
        notify: Sequence[str] | None = None,
    ) -> None:
        self._lock = lock
        self._sign_out = sign_out
        self._is_locked = is_locked
        self._notify = notify

    async def lock(self) -> None:
        await _run(self._lock)

    async def sign_out(self) -> None:
        await _run(self._sign_out)

    async def locked(self) -> bool | None:
        if self._is_locked is None:
            return None
        try:
            said = (await _run(self._is_locked)).strip()
        except SightlineError:  # the session may be about to end; what is not known is not claimed
            return None
        return {"yes": True, "no": False}.get(said)

    async def warn(self, words: str) -> None:
        if self._notify is not None:
            await _run((*self._notify, words))


def argv_of(command: str, option: str) -> tuple[str, ...]:
    """The words of a command as it was typed. Raises `ConfigurationError`."""
    try:
        argv = tuple(shlex.split(command, posix=os.name == "posix"))
    except ValueError as problem:
        raise ConfigurationError(f"{option}: {problem}", key=option) from None
    if not argv or shutil.which(argv[0]) is None:
        raise ConfigurationError(f"{option}: there is no program {argv[0] if argv else ''!r}", key=option)
    return argv


def desktop_of(platform: str, *, lock_command: str | None, sign_out_command: str | None) -> Desktop:
    """The desktop of this machine; `platform` as `sys.platform` has it. A command that is given is used. Raises
    `ConfigurationError` where there is neither a command nor a session that logind knows."""
    session = logind_session() if platform == "linux" else None
    lock = argv_of(lock_command, "--lock-command") if lock_command else None
    sign_out = argv_of(sign_out_command, "--sign-out-command") if sign_out_command else None
    if session is None and (lock is None or sign_out is None):
        raise ConfigurationError(
            "how this machine is locked is not known: give --lock-command and --sign-out-command, or --dry-run",
            key="--lock-command",
        )
    notify = shutil.which("notify-send") if platform == "linux" else None
    return CommandDesktop(
        lock=lock or ("loginctl", "lock-session", str(session)),
        sign_out=sign_out or ("loginctl", "terminate-session", str(session)),
        is_locked=("loginctl", "show-session", session, "--property=LockedHint", "--value") if session else None,
        notify=(notify, "--app-name=Sightline", "--urgency=critical", "--", "Sightline") if notify else None,
    )


def logind_session() -> str | None:
    """The graphical session of this user; `None` without one, or without logind. A service of the user is in no session
    itself, so logind is asked for the one with the display."""
    if (named := os.environ.get("XDG_SESSION_ID", "")) and shutil.which("loginctl"):
        return named
    argv = ("loginctl", "show-user", str(os.getuid()), "--property=Display", "--value")
    try:
        said = subprocess.run(argv, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.strip() or None


async def _run(argv: Sequence[str]) -> str:
    """What the command printed. Raises `SightlineError` when it cannot be started, fails, or does not end."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as problem:
        raise SightlineError(f"{argv[0]} cannot be started: {problem}") from problem
    try:
        async with asyncio.timeout(COMMAND_TIMEOUT_S):
            out, errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise SightlineError(f"{argv[0]} did not end in {COMMAND_TIMEOUT_S:g} s") from None
    if process.returncode:
        words = errors.decode(errors="replace").strip() or "it said nothing"
        raise SightlineError(f"{argv[0]} failed with status {process.returncode}: {words}")
    return out.decode(errors="replace")
