"""`sightline users` and `sightline token`: who may sign in."""

from __future__ import annotations

import enum
import sys
from typing import Annotated

import typer

from sightline.cli.options import Config, Home, Json, loaded
from sightline.cli.output import OUT, print_json, say, table, time_of
from sightline.cli.session import run
from sightline.client.answers import Account
from sightline.client.rest import RestClient
from sightline.exceptions import SightlineError

__all__ = ["HumanRole", "app", "token"]

app = typer.Typer(name="users", help="Add and list users, and set their passwords.", no_args_is_help=True)

FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it.")
]


class HumanRole(enum.StrEnum):
    """The roles that a person may have."""

    ADMIN = "admin"
    OPERATOR = "operator"
    RESPONDER = "responder"
    VIEWER = "viewer"


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The name to sign in with.")],
    role: Annotated[HumanRole, typer.Option(help="What this user is here for.")] = HumanRole.OPERATOR,
    password_stdin: FromStdin = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Add a user. The password has ten characters or more.

    [bold]Examples[/bold]

        sightline users add ada

        pass show sightline/guard | sightline users add guard --role responder --password-stdin
    """
    password = _password(password_stdin)

    async def create(client: RestClient) -> Account:
        return await client.create_user(name=name, role=role.value, password=password)

    account = run(loaded(home, config), create)
    say(f"added {account.name} as {account.role}")


@app.command("list")
def list_users(as_json: Json = False, home: Home = None, config: Config = None) -> None:
    """List the users and their roles."""

    async def ask(client: RestClient) -> tuple[Account, ...]:
        return await client.users()

    accounts = run(loaded(home, config), ask)
    if as_json:
        print_json(accounts)
    elif not accounts:
        say("no users; add one: sightline users add NAME --role admin")
    else:
        rows = ((one.name, one.role, "disabled" if one.disabled else "", time_of(one.created_at)) for one in accounts)
        OUT.print(table(("name", "role", "", "since"), rows))


@app.command()
def passwd(
    name: Annotated[str, typer.Argument(help="Whose password.")],
    password_stdin: FromStdin = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Set a user's password, for somebody who forgot it as well. It ends every session of that user."""
    password = _password(password_stdin)

    async def change(client: RestClient) -> None:
        await client.set_password((await _find(client, name)).id, password)

    run(loaded(home, config), change)
    say(f"the password of {name} is changed")


def token(
    user: Annotated[str, typer.Option("--user", help="Whose rights the token has.")],
    home: Home = None,
    config: Config = None,
) -> None:
    """Print an access token of a user, for scripts on this machine. Whoever may read the home folder may do this.

    [bold]Example[/bold]

        curl -H "Authorization: Bearer $(sightline token --user ada)" http://127.0.0.1:8000/api/cameras
    """

    async def ask(client: RestClient) -> str:
        return await client.token_of((await _find(client, user)).id)

    say(run(loaded(home, config), ask))


async def _find(client: RestClient, name: str) -> Account:
    found = next((one for one in await client.users() if one.name == name), None)
    if found is None:
        raise SightlineError(f"there is no user {name!r}; `sightline users list` shows those there are")
    return found


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
