"""`sightline identify`: who is on a picture?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sightline.cli.options import Config, Home, Json, loaded
from sightline.cli.output import OUT, print_json, say, table
from sightline.cli.session import run
from sightline.client.answers import FoundFace, Identification
from sightline.client.rest import RestClient

__all__ = ["identify"]


def identify(
    image: Annotated[
        Path, typer.Argument(help="A picture: JPEG, PNG or WebP.", exists=True, dir_okay=False)
    ],
    as_json: Json = False,
    home: Home = None,
    config: Config = None,
) -> None:
    """Say who is on a picture. Nothing of it is stored.

    A person is named when the face is similar enough, and clearly more similar than to anybody else; otherwise it is
    unknown.

    [bold]Examples[/bold]

        sightline identify visitor.jpg

        sightline identify --json visitor.jpg | jq '.faces[].person'
    """
    content = image.read_bytes()

    async def ask(client: RestClient) -> Identification:
        return await client.identify(image.name, content)

    found = run(loaded(home, config), ask)
    if as_json:
        print_json({"faces": [_plain(face) for face in found.faces]})
    elif not found.faces:
        say("no face found")
    else:
        OUT.print(table(("person", "similarity", "quality", "where", "remarks"), map(_row, found.faces)))


def _plain(face: FoundFace) -> dict[str, Any]:
    return {
        "bbox": face.bbox,
        "confidence": face.confidence,
        "person": face.person.name if face.person else None,
        "similarity": face.similarity,
        "quality": face.quality,
    }


def _row(face: FoundFace) -> tuple[str, ...]:
    x1, y1, x2, y2 = face.bbox
    return (
        face.person.name if face.person else "unknown",
        "–" if face.similarity is None else f"{face.similarity:.2f}",
        f"{face.quality:.2f}",
        f"{x2 - x1:.0f} × {y2 - y1:.0f} px at {x1:.0f}, {y1:.0f}",
        "; ".join(face.reasons),
    )
