"""`sightline enroll`: a folder of photos becomes people that are recognised."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from sightline.cli.options import Config, Home, Json, loaded
from sightline.cli.output import NOTES, OUT, print_json, say, table, warn
from sightline.cli.session import run
from sightline.client.answers import PersonInfo
from sightline.client.rest import RestClient
from sightline.exceptions import Forbidden, SightlineError, Unavailable

__all__ = ["FileOutcome", "Outcome", "enroll"]

PICTURE_SUFFIXES = frozenset({".jpeg", ".jpg", ".png", ".webp"})
ALREADY_ENROLLED = "enrolled_already"
"""The server's reason code for a photo that it has; no refusal, so that a folder may be enrolled again."""


class Outcome(enum.StrEnum):
    """What became of a file."""

    ACCEPTED = "accepted"
    ALREADY_ENROLLED = "already enrolled"
    REFUSED = "refused"
    SKIPPED = "skipped"


_ENROLLED = frozenset({Outcome.ACCEPTED, Outcome.ALREADY_ENROLLED})
_STYLES = {Outcome.ACCEPTED: "green", Outcome.ALREADY_ENROLLED: "", Outcome.REFUSED: "red", Outcome.SKIPPED: "yellow"}


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """One file of the folder, with the reasons of a refusal in sentences."""

    person: str
    file: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    quality: float | None = None


def enroll(
    folder: Annotated[
        Path, typer.Argument(help="Folder with one sub-folder for each person.", exists=True, file_okay=False)
    ],
    watch_list: Annotated[
        str, typer.Option("--list", help="Watch list for these people; made where there is none.")
    ] = "Watch list",
    no_list: Annotated[
        bool, typer.Option("--no-list", help="Put them on no list: they are recognised without an alert.")
    ] = False,
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Enrol people from photos: one sub-folder for each person, named like the person, photos inside.

    Every photo is accepted, or refused with what a better one would be. Two or three good photos a person are enough.
    Enrolling a folder again adds only what is new.

    [bold]Examples[/bold]

        ls people/*  →  people/ada-lovelace/1.jpg  people/alan-turing/1.png

        sightline enroll people

        sightline enroll --list "Banned from the shop" people

        sightline enroll --no-list staff
    """
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not folders:
        raise SightlineError(
            f"{folder} has no sub-folders; each person's photos belong in one named like the person: {folder}/ada/1.jpg"
        )
    _warn_of_loose_pictures(folder)
    list_name = None if no_list else watch_list

    async def enrol(client: RestClient) -> list[FileOutcome]:
        with _progress() as progress:
            task = progress.add_task("", total=sum(len(_files(person)) for person in folders))

            def advance(name: str) -> None:
                progress.update(task, description=name, advance=1)

            return await _enrol(client, folders, list_name, advance)

    outcomes = run(loaded(home, config), enrol)
    _report(outcomes, len(folders), as_json=as_json)
    if not any(one.outcome in _ENROLLED for one in outcomes):
        warn("sightline: nobody was enrolled")
        raise typer.Exit(1)


async def _enrol(
    client: RestClient, folders: Sequence[Path], list_name: str | None, advance: Callable[[str], None]
) -> list[FileOutcome]:
    list_id = None if list_name is None else await _list_id(client, list_name)
    outcomes: list[FileOutcome] = []
    for folder in folders:
        outcomes += await _enrol_person(client, folder, list_id, advance)
    return outcomes


async def _enrol_person(
    client: RestClient, folder: Path, list_id: str | None, advance: Callable[[str], None]
) -> list[FileOutcome]:
    known = await _person_named(client, folder.name)
    person = known or await client.create_person(first_name=folder.name)
    outcomes = []
    for file in _files(folder):
        outcomes.append(await _enrol_file(client, person, file))
        advance(folder.name)
    if known is None and not any(one.outcome is Outcome.ACCEPTED for one in outcomes):
        await client.erase_person(person.id)  # somebody without a photo would never be recognised
    elif list_id is not None:
        await client.add_to_watch_list(list_id, person.id)
    return outcomes


async def _enrol_file(client: RestClient, person: PersonInfo, file: Path) -> FileOutcome:
    if file.suffix.lower() not in PICTURE_SUFFIXES:
        return FileOutcome(person.first_name, file.name, Outcome.SKIPPED, ("not a JPEG, PNG or WebP picture",))
    try:
        result = await client.add_photo(person.id, file.name, await asyncio.to_thread(file.read_bytes))
    except (Forbidden, Unavailable):
        raise  # concerns every photo, not this one
    except SightlineError as error:
        return FileOutcome(person.first_name, file.name, Outcome.REFUSED, (str(error),))
    if result.accepted:
        return FileOutcome(person.first_name, file.name, Outcome.ACCEPTED, result.reasons, result.quality)
    outcome = Outcome.ALREADY_ENROLLED if ALREADY_ENROLLED in result.reason_codes else Outcome.REFUSED
    return FileOutcome(person.first_name, file.name, outcome, result.reasons, result.quality)


async def _list_id(client: RestClient, name: str) -> str:
    known = next((one for one in await client.watch_lists() if one.name == name), None)
    return (known or await client.create_watch_list(name)).id


async def _person_named(client: RestClient, first_name: str) -> PersonInfo | None:
    """Whoever an earlier run made of a folder of this name."""
    candidates = await client.people(query=first_name)
    return next((one for one in candidates if one.first_name == first_name and not one.last_name), None)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _warn_of_loose_pictures(folder: Path) -> None:
    loose = [path.name for path in _files(folder) if path.suffix.lower() in PICTURE_SUFFIXES]
    if loose:
        warn(f"{len(loose)} photos lie directly in {folder} and belong to nobody, like {loose[0]}: left out", "yellow")


def _progress() -> Progress:
    """A bar on standard error while somebody watches."""
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=NOTES, transient=True, disable=not NOTES.is_terminal,
    )


def _report(outcomes: Sequence[FileOutcome], folders: int, *, as_json: bool) -> None:
    totals = {outcome: sum(1 for one in outcomes if one.outcome is outcome) for outcome in Outcome}
    if as_json:
        counts = {outcome.value.replace(" ", "_"): count for outcome, count in totals.items()}
        print_json({**counts, "files": [asdict(one) for one in outcomes]})
        return
    OUT.print(table(("person", "photo", "outcome", "quality", "why"), map(_row, outcomes)))
    people = len({one.person for one in outcomes if one.outcome in _ENROLLED})
    counted = ", ".join(f"{count} {outcome.value}" for outcome, count in totals.items() if count)
    say(f"\n{people} of {folders} people enrolled; photos: {counted or 'none'}", style="bold")


def _row(one: FileOutcome) -> tuple[str | Text, ...]:
    quality = "" if one.quality is None else f"{one.quality:.2f}"
    return one.person, one.file, Text(one.outcome.value, _STYLES[one.outcome]), quality, "; ".join(one.reasons)
