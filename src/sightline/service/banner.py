"""What a person at a terminal is told when the server answers."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

__all__ = ["Started", "announce"]


@dataclass(frozen=True, slots=True)
class Started:
    """What whoever starts a server wants to know. `password` is that of a new `admin`, shown this once."""

    url: str
    password: str | None


def announce(started: Started, *, hint: str = "") -> None:
    """Where the console is, and how to sign in. A generated password is shown this once."""
    text = Text()
    text.append("Console   ").append(started.url, style="bold cyan link " + started.url)
    if started.password is not None:
        text.append("\nUser      ").append("admin", style="bold")
        text.append("\nPassword  ").append(started.password, style="bold")
        text.append("\n          shown only now; change it in the console", style="dim")
    else:
        text.append("\nSign in with your account. Forgotten? ", style="dim").append("sightline users passwd admin")
    if hint:
        text.append("\n\n" + hint, style="dim")
    Console().print(Panel(text, title="Sightline", expand=False, padding=(1, 2)))
