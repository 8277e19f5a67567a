"""`sightline search`: was this face here before?"""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from sightline.cli.options import Config, Home, Json, loaded
from sightline.cli.output import OUT, print_json, say, table, time_of, warn
from sightline.cli.session import run
from sightline.client.answers import PastHit, PastSearch
from sightline.client.rest import RestClient
from sightline.exceptions import NotFound

__all__ = ["search"]

ASK_AGAIN_S = 0.5
When = datetime | None


def search(
    photo: Annotated[Path, typer.Argument(help="A picture: JPEG, PNG or WebP.", exists=True, dir_okay=False)],
    camera: Annotated[list[str] | None, typer.Option(help="Only this camera, by name or id; may be repeated.")] = None,
    since: Annotated[When, typer.Option(help="Only what was seen from then on.", show_default=False)] = None,
    until: Annotated[When, typer.Option(help="Only what was seen up to then.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(help="At most so many hits.", min=1, max=200)] = 20,
    threshold: Annotated[float, typer.Option(help="Least similarity of a hit.", min=0, max=1)] = 0.5,
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Search everything that the cameras saw for a face. Nothing of the picture is stored; that it was searched is.

    Every finished track leaves its best sample for as many days as the setting `sighting_days` says. A hit is a lead,
    not proof: look at its picture in the console.

    [bold]Examples[/bold]

        sightline search visitor.jpg

        sightline search visitor.jpg --camera "Front door" --since 2026-03-01 --threshold 0.7

        sightline search --json visitor.jpg | jq '.hits[].camera'
    """
    content = photo.read_bytes()

    async def ask(client: RestClient) -> PastSearch:
        cameras = await _camera_ids(client, camera or [])
        told = False
        while True:
            found = await client.search(
                photo.name, content, cameras=cameras, from_ms=_ms(since), to_ms=_ms(until), limit=limit,
                threshold=threshold,
            )  # fmt: skip
            if found.indexing is None:
                return found
            if not told:
                warn(f"reading the past: {found.indexing.indexed} of {found.indexing.total} sightings", "dim")
                told = True
            await asyncio.sleep(ASK_AGAIN_S)

    found = run(loaded(home, config), ask)
    if as_json:
        print_json({"hits": [_plain(hit) for hit in found.hits]})
    elif not found.hits:
        say("nobody like this was seen")
    else:
        OUT.print(table(("seen", "camera", "who", "similarity", "sighting"), map(_row, found.hits)))


async def _camera_ids(client: RestClient, named: list[str]) -> list[str]:
    """Raises `NotFound` for a camera that there is not."""
    if not named:
        return []
    cameras = await client.cameras()
    ids = []
    for name in named:
        known = next((one.id for one in cameras if name in (one.id, one.name)), None)
        if known is None:
            raise NotFound("camera", name)
        ids.append(known)
    return ids


def _ms(at: When) -> int | None:
    return None if at is None else int(at.astimezone().timestamp() * 1000)


def _plain(hit: PastHit) -> dict[str, Any]:
    seen = hit.sighting
    return {
        "sighting_id": seen.id,
        "similarity": hit.similarity,
        "camera": seen.camera.name,
        "camera_id": seen.camera.id,
        "first_seen": seen.first_seen,
        "last_seen": seen.last_seen,
        "person": seen.person.name if seen.person else None,
        "stranger": seen.stranger.number if seen.stranger else None,
        "picture_url": seen.picture_url,
    }


def _row(hit: PastHit) -> tuple[str, ...]:
    seen = hit.sighting
    who = seen.person.name if seen.person else f"stranger {seen.stranger.number}" if seen.stranger else "–"
    return (time_of(seen.first_seen), seen.camera.name or seen.camera.id, who, f"{hit.similarity:.2f}", seen.id)
