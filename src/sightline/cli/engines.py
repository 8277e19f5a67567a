"""`sightline engines`: tokens of engines that this server does not start itself."""

from __future__ import annotations

from typing import Annotated

import typer

from sightline.cli.options import Config, Home, loaded
from sightline.cli.output import say
from sightline.cli.session import run
from sightline.client.rest import RestClient

__all__ = ["app"]

app = typer.Typer(name="engines", help="Let engines that others start connect.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the engine.")]


@app.command()
def token(engine: Name, home: Home = None, config: Config = None) -> None:
    """Print a new token for an engine. The one before it is void.

    [bold]Example[/bold]

        sightline engines token yard
    """

    async def ask(client: RestClient) -> str:
        return await client.engine_token(engine)

    say(run(loaded(home, config), ask))


@app.command()
def revoke(engine: Name, home: Home = None, config: Config = None) -> None:
    """Let an engine connect no more."""

    async def ask(client: RestClient) -> None:
        await client.revoke_engine(engine)

    run(loaded(home, config), ask)
    say(f"{engine} may not connect any more")
