"""`sightline serve` and `sightline demo`."""

from __future__ import annotations

from typing import Annotated

import typer

from sightline import settings_sources
from sightline.cli.models import pull_missing
from sightline.cli.options import Config, Home, settings_as_flags
from sightline.cli.output import warn
from sightline.settings import LOOPBACK_HOSTS
from sightline.settings_sources import Loaded

__all__ = ["demo", "serve"]


@settings_as_flags
def serve(loaded: Loaded) -> None:
    """Start the server and the engine that reads the cameras, until Ctrl-C.

    Every setting is a flag here; each is also a variable of the environment (SIGHTLINE_PORT) and a line of the
    YAML file.

    [bold]Examples[/bold]

        sightline serve

        sightline serve --host 0.0.0.0 --port 9000 --home /srv/sightline

        sightline serve --gateways 4 --database-url postgresql://sightline@db.internal/sightline

        SIGHTLINE_LOG_FORMAT=json sightline serve --config /etc/sightline.yaml
    """
    # Imported here because the service brings everything with it, and `sightline --help` shall not wait for that.
    from sightline import service

    service.serve(loaded.settings)


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
    from sightline.service import demo as demonstration

    usual = settings_sources.load({"home": home, "port": port}, config=config).settings
    # A database of your own is for your data, so the demonstration never uses it.
    # Clients without a token may look at it as long as they are on this machine.
    chosen = usual.model_copy(
        update={
            "home": usual.home if home else usual.home / "demo",
            "database_url": None,
            "redis_url": None,
            "gateways": 1,
            "anonymous_dialects": usual.anonymous_dialects or usual.host in LOOPBACK_HOSTS,
        }
    )
    pull_missing(chosen)
    warn(f"preparing the demonstration in {chosen.home}", "dim")
    demonstration.demo(chosen, open_browser=not no_open)
