"""`sightline workstations`: machines that lock themselves, and who may sit there."""

from __future__ import annotations

from typing import Annotated

import typer

from sightline.cli.options import Config, Home, Json, loaded
from sightline.cli.output import OUT, print_json, say, table
from sightline.cli.session import run
from sightline.client.answers import WorkstationInfo
from sightline.client.rest import RestClient
from sightline.exceptions import SightlineError

__all__ = ["app"]

app = typer.Typer(name="workstations", help="Let workstations connect; say who may sit there.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the workstation.")]


@app.command()
def add(name: Name, home: Home = None, config: Config = None) -> None:
    """Add a workstation. It may connect once it has a token.

    [bold]Example[/bold]

        sightline workstations add "Front desk"
    """

    async def create(client: RestClient) -> WorkstationInfo:
        return await client.create_workstation(name)

    say(f"added {run(loaded(home, config), create).name}")


@app.command("list")
def list_workstations(as_json: Json = False, home: Home = None, config: Config = None) -> None:
    """List the workstations."""

    async def ask(client: RestClient) -> tuple[WorkstationInfo, ...]:
        return await client.workstations()

    found = run(loaded(home, config), ask)
    if as_json:
        print_json(found)
    elif not found:
        say("no workstations; add one: sightline workstations add NAME")
    else:
        rows = (
            (one.name, str(len(one.people)), "yes" if one.has_token else "no", "yes" if one.connected else "no")
            for one in found
        )
        OUT.print(table(("name", "people", "token", "connected"), rows))


@app.command()
def token(name: Name, home: Home = None, config: Config = None) -> None:
    """Print a new token for a workstation. The one before it is void."""

    async def ask(client: RestClient) -> str:
        return await client.workstation_token((await _find(client, name)).id)

    say(run(loaded(home, config), ask))


@app.command()
def allow(
    name: Name,
    person: Annotated[str, typer.Argument(help="Name or id of somebody who is enrolled.")],
    home: Home = None,
    config: Config = None,
) -> None:
    """Let somebody sit at a workstation.

    [bold]Example[/bold]

        sightline workstations allow "Front desk" "Ada Lovelace"
    """

    async def ask(client: RestClient) -> None:
        workstation = await _find(client, name)
        people = await client.people(person)
        found = [one for one in people if person in (one.id, one.name)] or [
            one for one in await client.people() if one.id == person
        ]
        if len(found) != 1:
            problem = "nobody of this name is enrolled" if not found else "several people have this name: give an id"
            raise SightlineError(f"{person!r}: {problem}; `sightline people list` shows them")
        await client.allow_at_workstation(workstation.id, found[0].id)

    run(loaded(home, config), ask)
    say(f"{person} may sit at {name}")


async def _find(client: RestClient, name: str) -> WorkstationInfo:
    found = next((one for one in await client.workstations() if one.name == name), None)
    if found is None:
        raise SightlineError(f"there is no workstation {name!r}; `sightline workstations list` shows those there are")
    return found
