"""`sightline tokens`: what engines, workstations and cameras connect with."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Annotated

import typer

from sightline.cli.options import Config, Home, Json, loaded
from sightline.cli.output import OUT, print_json, say, table
from sightline.cli.session import run
from sightline.client.answers import MachineToken
from sightline.client.rest import RestClient
from sightline.exceptions import SightlineError

__all__ = ["app"]

app = typer.Typer(
    name="tokens", help="Let engines, workstations and cameras connect, or no more.", no_args_is_help=True
)


class _Owner(enum.StrEnum):
    """What a token is for."""

    ENGINE = "engine"
    WORKSTATION = "workstation"
    CAMERA = "camera"


Name = Annotated[str, typer.Argument(help="Name of the engine, workstation or camera. A camera's id will do.")]
For = Annotated[_Owner, typer.Option("--for", help="What connects with it.")]


@app.command()
def create(name: Name, owner: For, home: Home = None, config: Config = None) -> None:
    """Print a new token, this once. The one before it is void, and a connection made with it ends.

    A workstation of a new name is added; a camera must be there.

    [bold]Examples[/bold]

        sightline tokens create yard --for engine

        sightline tokens create "Front desk" --for workstation
    """

    async def ask(client: RestClient) -> str:
        match owner:
            case _Owner.ENGINE:
                return await client.engine_token(name)
            case _Owner.WORKSTATION:
                stations = {one.name: one.id for one in await client.workstations()}
                return await client.workstation_token(stations.get(name) or (await client.create_workstation(name)).id)
            case _Owner.CAMERA:
                return await client.camera_token(await _camera(client, name))

    say(run(loaded(home, config), ask))


@app.command("list")
def list_tokens(as_json: Json = False, home: Home = None, config: Config = None) -> None:
    """List the tokens there are, never the tokens themselves."""

    async def ask(client: RestClient) -> tuple[MachineToken, ...]:
        return await client.tokens()

    found = run(loaded(home, config), ask)
    if as_json:
        print_json(found)
    elif not found:
        say("no tokens; make one: sightline tokens create NAME --for engine")
    else:
        OUT.print(table(("for", "name", "since"), ((one.owner, one.name, _since(one)) for one in found)))


@app.command()
def revoke(name: Name, owner: For, home: Home = None, config: Config = None) -> None:
    """Void a token. What is connected with it is disconnected at once, and told not to come back."""

    async def ask(client: RestClient) -> None:
        match owner:
            case _Owner.ENGINE:
                await client.revoke_engine(name)
            case _Owner.WORKSTATION:
                stations = {one.name: one.id for one in await client.workstations()}
                if name not in stations:
                    raise SightlineError(f"there is no workstation {name!r}; see: sightline tokens list")
                await client.revoke_workstation_token(stations[name])
            case _Owner.CAMERA:
                await client.revoke_camera_token(await _camera(client, name))

    run(loaded(home, config), ask)
    say(f"{name} may not connect any more")


async def _camera(client: RestClient, name: str) -> str:
    found = [camera.id for camera in await client.cameras() if name in (camera.id, camera.name)]
    if len(found) != 1:
        problem = "there is no camera of this name" if not found else "several cameras have this name: give an id"
        raise SightlineError(f"{name!r}: {problem}; `sightline cameras list` shows them")
    return found[0]


def _since(token: MachineToken) -> str:
    if token.created_at is None:
        return ""
    return datetime.fromtimestamp(token.created_at / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
