"""`sightline people`: who is enrolled."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer
from rich.table import Table

from sightline.cli.options import Config, Home, Json, Yes, loaded
from sightline.cli.output import OUT, print_json, say, table, time_of, warn
from sightline.cli.session import run
from sightline.client.answers import EnrolledReference, ErasureReceipt, PersonInfo, WatchListInfo
from sightline.client.footage_answers import FootageSpan, PersonFootage
from sightline.client.rest import RestClient
from sightline.exceptions import SightlineError

__all__ = ["app"]

app = typer.Typer(name="people", help="List, show and erase the people who are enrolled.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(help="Name or id.")]


@app.command("list")
def list_people(
    query: Annotated[str, typer.Argument(help="Only those whose name has this in it.")] = "",
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """List the people who are enrolled."""

    async def ask(client: RestClient) -> tuple[tuple[PersonInfo, ...], tuple[WatchListInfo, ...]]:
        return await client.people(query), await client.watch_lists()

    people, lists = run(loaded(home, config), ask)
    names = {one.id: one.name for one in lists}
    if as_json:
        print_json(people)
    elif not people:
        say("nobody is enrolled; enrol a folder of photos: sightline enroll FOLDER" if not query else "nobody found")
    else:
        rows = ((one.name, str(one.references), _lists(one, names), one.id) for one in people)
        OUT.print(table(("name", "photos", "watch lists", "id"), rows))


@app.command()
def show(person: Who, as_json: Json = False, home: Home = None, config: Config = None) -> None:
    """Show what is known of a person."""

    async def ask(
        client: RestClient,
    ) -> tuple[PersonInfo, tuple[EnrolledReference, ...], tuple[WatchListInfo, ...]]:
        found = await _find(client, person)
        return found, await client.references(found.id), await client.watch_lists()

    found, references, lists = run(loaded(home, config), ask)
    if as_json:
        print_json({"person": found, "references": references})
        return
    facts = [
        ("name", found.name),
        ("id", found.id),
        ("age", "–" if found.age is None else str(found.age)),
        ("description", found.description or "–"),
        ("enrolled", time_of(found.created_at)),
        ("watch lists", _lists(found, {one.id: one.name for one in lists})),
    ]
    OUT.print(table(("", ""), facts))
    if references:
        rows = ((one.file_name, f"{one.quality:.2f}", time_of(one.created_at)) for one in references)
        OUT.print(table(("photo", "quality", "enrolled"), rows))


Recordings = Annotated[
    bool, typer.Option("--recordings", help="Delete the recordings that show them as well: they show others too.")
]


@app.command()
def remove(
    person: Who,
    recordings: Recordings = False,
    yes: Yes = False,
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Erase a person: photos, templates, clips, and their place in every alert and event. This cannot be undone.

    What is printed at the end is the receipt. It names nobody and may be kept. Below it is what still shows them.
    """

    async def find(client: RestClient) -> tuple[PersonInfo, PersonFootage]:
        person_found = await _find(client, person)
        return person_found, await client.person_footage(person_found.id)

    async def erase(client: RestClient) -> ErasureReceipt:
        return await client.erase_person(found.id, footage=recordings)

    settings = loaded(home, config)
    found, footage = run(settings, find)
    if not yes:
        if footage.pieces:
            warn(f"recordings that show {found.name}, {_amount(footage)}, {_fate(recordings)}")
        typer.confirm(f"Erase {found.name} with {found.references} photos, for ever?", abort=True, err=True)
    receipt = run(settings, erase)
    if as_json:
        print_json(receipt)
        return
    facts = (
        ("erased", time_of(receipt.erased_at)),
        ("person", receipt.person_id),
        ("photos and templates", str(receipt.references)),
        ("sightings", str(receipt.sightings)),
        ("alerts made anonymous", str(receipt.alerts)),
        ("events made anonymous", str(receipt.events)),
        ("pictures destroyed", str(receipt.pictures)),
        ("pieces of recordings deleted", str(receipt.recordings)),
    )
    OUT.print(table(("receipt", ""), facts))
    _say_what_is_left(receipt.footage)


def _say_what_is_left(footage: PersonFootage) -> None:
    if footage.spans:
        say(f"\nstill shown by recordings, {_amount(footage)}")
        OUT.print(_times(footage.spans))
    if footage.unreached_engines:
        engines = ", ".join(footage.unreached_engines)
        warn(f"\nnot asked for recordings, and may have some of these times: {engines}")
        OUT.print(_times(footage.seen))


def _times(spans: Iterable[FootageSpan]) -> Table:
    rows = ((span.camera or span.camera_id, time_of(span.starts_at), time_of(span.ends_at)) for span in spans)
    return table(("camera", "from", "to"), rows)


def _amount(footage: PersonFootage) -> str:
    return f"{footage.pieces} pieces of {footage.size_bytes / 1_000_000:.1f} MB"


def _fate(deleted: bool) -> str:
    return "go too" if deleted else "stay (--recordings deletes them, and with them others who are in them)"


async def _find(client: RestClient, wanted: str) -> PersonInfo:
    """The person of this id, else the only one of this name."""
    people = await client.people()
    found = [one for one in people if one.id == wanted] or [one for one in people if one.name == wanted]
    if not found:
        raise SightlineError(f"nobody is called {wanted!r}; `sightline people list` shows who is enrolled")
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise SightlineError(f"{len(found)} people are called {wanted!r}; use an id: {ids}")
    return found[0]


def _lists(person: PersonInfo, names: dict[str, str]) -> str:
    return ", ".join(names.get(id, id) for id in person.watch_lists) or "–"
