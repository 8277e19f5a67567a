"""`sightline serve` and `sightline demo`."""

from __future__ import annotations

import threading
import webbrowser
from typing import TYPE_CHECKING, Annotated

import typer

from sightline import settings as settings_module
from sightline.cli.models import pull_missing
from sightline.cli.options import Config, Home, settings_as_flags
from sightline.cli.output import say, warn
from sightline.settings import Loaded

if TYPE_CHECKING:
    from sightline.service import Started

__all__ = ["demo", "serve"]

ADMINISTRATOR = "admin"


@settings_as_flags
def serve(loaded: Loaded) -> None:
    """Start the server and the engine that reads the cameras, until Ctrl-C.

    Every setting is a flag here; each is also a variable of the environment (SIGHTLINE_PORT) and a line of the
    YAML file.

    [bold]Examples[/bold]

        sightline serve

        sightline serve --host 0.0.0.0 --port 9000 --home /srv/sightline

        SIGHTLINE_LOG_FORMAT=json sightline serve --config /etc/sightline.yaml
    """
    # Imported here because the service brings everything with it, and `sightline --help` shall not wait for that.
    from sightline import service

    service.serve(loaded.settings, started=_announce)


def demo(
    no_open: Annotated[bool, typer.Option("--no-open", help="Do not open the console in a browser.")] = False,
    port: Annotated[int | None, typer.Option(help="Port to listen on. 0 takes a free one.", show_default=False)] = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Start everything with a demonstration camera, and print where the console is and how to sign in.

    A drawn camera shows two people; one of them is on a watch list. It keeps its data in a folder of its own, `demo` in
    the home folder, so that nothing is mixed with yours. Nothing is canned: the frames go through the real pipeline.

    [bold]Examples[/bold]

        sightline demo

        sightline demo --port 0 --no-open --home /tmp/sightline-demo
    """
    # Imported here because the service brings everything with it, and `sightline --help` shall not wait for that.
    from sightline import service

    usual = settings_module.load({"home": home, "port": port}, config=config).settings
    # A database of your own is for your data, so the demonstration never uses it.
    chosen = usual.model_copy(update={"home": usual.home if home else usual.home / "demo", "database_url": None})
    pull_missing(chosen)
    warn(f"preparing the demonstration in {chosen.home}", "dim")

    def started(server: Started) -> None:
        _announce(server)
        if server.password is None:
            say(f"Forgot its password? sightline users passwd {ADMINISTRATOR} --home {chosen.home}")
        say("Two people walk through the hall; the one on the watch list raises an alert within 20 seconds.")
        say("Ctrl-C stops it.", style="dim")
        if not no_open:
            # Finding a browser may take long, and the event loop that called this is busy serving.
            threading.Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()

    service.demo(chosen, started=started)


def _announce(server: Started) -> None:
    """Where the console is, and how to sign in."""
    say(f"\nSightline is at {server.url}", style="bold")
    if server.password is None:
        say(f"Sign in as {ADMINISTRATOR}, or as another user.")
    else:
        say(f"Sign in as {ADMINISTRATOR} with the password {server.password}")
        say("It is shown this once. To choose another: sightline users passwd admin", style="dim")
