"""Photos of the workstation's user, taken by its own camera and enrolled with an account that may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sightline.agent.webcam import Webcam
from sightline.client.answers import PersonInfo
from sightline.client.rest import RestClient
from sightline.exceptions import SightlineError

__all__ = ["enrol", "person_named"]

MOST_TRIES = 15
PAUSE_S = 1.5
"""Between two photos, so that the user turns their head a little."""


async def person_named(client: RestClient, name: str) -> PersonInfo:
    """The person of this name or id; made where nobody has this name. Raises `SightlineError` when several have it."""
    people = await client.people()
    found = [one for one in people if one.id == name] or [one for one in people if one.name == name]
    if len(found) > 1:
        raise SightlineError(f"{len(found)} people are called {name!r}: give an id of `sightline people list`")
    if found:
        return found[0]
    first_name, _, last_name = name.partition(" ")
    return await client.create_person(first_name=first_name, last_name=last_name)


async def enrol(
    client: RestClient,
    person: PersonInfo,
    webcam: Webcam,
    say: Callable[[str], None],
    *,
    photos: int,
    pause_s: float = PAUSE_S,
) -> int:
    """Takes photos until so many are accepted, or `MOST_TRIES` were taken; says what became of each, and answers how
    many were accepted.

    Raises what `RestClient.add_photo` and `Webcam.picture` raise.
    """
    accepted = 0
    for number in range(1, MOST_TRIES + 1):
        result = await client.add_photo(person.id, f"workstation-{number}.jpg", await webcam.picture())
        accepted += result.accepted
        say(f"photo {number}: {'enrolled' if result.accepted else '; '.join(result.reasons) or 'not enrolled'}")
        if accepted >= photos:
            break
        await asyncio.sleep(pause_s)
    return accepted
