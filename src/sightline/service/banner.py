"""What a person at a terminal is told when the server answers."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from sightline.service.certificates import OwnCertificate

__all__ = ["Started", "announce"]


@dataclass(frozen=True, slots=True)
class Started:
    """What whoever starts a server wants to know; `password` is that of `admin` where it is known, `certificate` what
    the server made itself."""

    url: str
    home: Path
    password: str | None
    certificate: OwnCertificate | None = None


def announce(started: Started, *, hint: str = "") -> None:
    """Where the console is, and how to sign in."""
    text = Text()
    text.append("Console   ").append(started.url, style="bold cyan link " + started.url)
    if started.password is not None:
        text.append("\nUser      ").append("admin", style="bold")
        text.append("\nPassword  ").append(started.password, style="bold")
    else:
        text.append("\nSign in with your account. Forgotten the password?\n", style="dim")
        text.append(f"sightline users passwd admin --home {shlex.quote(str(started.home))}")
    if started.certificate is not None:
        text.append("\n\nThe certificate is this server's own. Who connects is to trust its authority:", style="dim")
        text.append(f"\n{started.certificate.authority}")
        text.append(f"\nSHA-256 {started.certificate.fingerprint}", style="dim")
    if hint:
        text.append("\n\n" + hint, style="dim")
    Console().print(Panel(text, title="Sightline", expand=False, padding=(1, 2)))
