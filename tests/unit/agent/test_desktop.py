"""What is done to the machine, by real commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sightline.agent.desktop import CommandDesktop, DryRun, argv_of, desktop_of
from sightline.exceptions import ConfigurationError, SightlineError

YES = (sys.executable, "-c", "print('yes')")
NO = (sys.executable, "-c", "print('no')")
SILENT = (sys.executable, "-c", "")
FAILS = (sys.executable, "-c", "raise SystemExit('the screen is stuck')")


def fake_loginctl(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `loginctl` that writes down how it is called; its one session is `c7`, whose screen is locked."""
    calls = folder / "calls"
    program = folder / "loginctl"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {calls}\ncase "$1" in show-user) echo c7;; show-session) echo yes;; esac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.delenv("XDG_SESSION_ID", raising=False)
    return calls


async def test_on_linux_logind_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_loginctl(tmp_path, monkeypatch)
    desktop = desktop_of("linux", lock_command=None, sign_out_command=None)
    await desktop.lock()
    await desktop.sign_out()
    assert await desktop.locked() is True
    assert calls.read_text().splitlines() == [
        f"show-user {os.getuid()} --property=Display --value",
        "lock-session c7",
        "terminate-session c7",
        "show-session c7 --property=LockedHint --value",
    ]


async def test_a_command_that_is_given_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = fake_loginctl(tmp_path, monkeypatch)
    marked = tmp_path / "it's locked"
    desktop = desktop_of("linux", lock_command=f'touch "{marked}"', sign_out_command=None)
    await desktop.lock()
    assert marked.exists()
    assert "lock-session" not in calls.read_text()


def test_without_a_session_the_commands_have_to_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    for platform in ("darwin", "win32"):
        with pytest.raises(ConfigurationError, match="--lock-command and --sign-out-command"):
            desktop_of(platform, lock_command="true", sign_out_command=None)
    assert isinstance(desktop_of("darwin", lock_command="true", sign_out_command="true"), CommandDesktop)


@pytest.mark.parametrize("command", ["", "   ", "no-such-program-here --now", "'unbalanced"])
def test_a_command_that_cannot_work_is_refused(command: str) -> None:
    with pytest.raises(ConfigurationError, match="--lock-command"):
        argv_of(command, "--lock-command")


async def test_failures_are_told_in_words() -> None:
    with pytest.raises(SightlineError, match="failed with status 1: the screen is stuck"):
        await CommandDesktop(lock=FAILS, sign_out=YES).lock()
    with pytest.raises(SightlineError, match="cannot be started"):
        await CommandDesktop(lock=YES, sign_out=("/no/such/program",)).sign_out()


async def test_what_cannot_be_known_is_not_claimed() -> None:
    states = [
        await CommandDesktop(lock=YES, sign_out=YES, is_locked=argv).locked() for argv in (YES, NO, SILENT, FAILS, None)
    ]
    assert states == [True, False, None, None, None]


async def test_a_line_is_shown(tmp_path: Path) -> None:
    shown = tmp_path / "shown"
    notify = (sys.executable, "-c", f"import sys; open({str(shown)!r}, 'w').write(sys.argv[1])")
    await CommandDesktop(lock=YES, sign_out=YES, notify=notify).warn("--help; $(whoami)")
    assert shown.read_text() == "--help; $(whoami)"
    await CommandDesktop(lock=YES, sign_out=YES).warn("nobody sees this")


async def test_a_dry_run_only_says_what_it_would_do() -> None:
    said: list[str] = []
    desktop = DryRun(said.append)
    await desktop.lock()
    await desktop.sign_out()
    await desktop.warn("hello")
    assert said == ["would lock the screen", "would sign the user out", "would show: hello"]
    assert await desktop.locked() is None
