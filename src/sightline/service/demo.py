"""`sightline demo`: somebody enrolled, somebody not, and a camera that draws both."""

from __future__ import annotations

import asyncio
import webbrowser
from typing import Any

import httpx

from sightline.models.manifest import ASTRONAUT
from sightline.models.store import ModelStore
from sightline.service.banner import Started, announce
from sightline.service.offline import offline_api
from sightline.service.server import serve
from sightline.settings import Settings

__all__ = ["demo", "prepare"]

CAMERA = {
    "name": "Entrance hall",
    "source": "demo:",
    "latitude": 52.5186,
    "longitude": 13.3762,
    "alert_unknown": True,
}
PERSON = {
    "first_name": "Eileen",
    "last_name": "Collins",
    "age": 42,
    "description": "Enrolled by the demonstration from a photograph by NASA. The other visitor, Grace Hopper, is not.",
}
WATCH_LIST = "Watch list"
STORY = """1  Watch the first card arrive: Eileen Collins passes the entrance hall.
2  Take it: press A, or the button on the card.
3  Enrol yourself under People, and look into a camera of your own."""


def demo(settings: Settings, *, open_browser: bool) -> None:
    """Prepares the home folder once, then serves it. The models must be there: `sightline models pull`.

    Raises what `serve` raises, and `ModelError` when a file of the demonstration is missing.
    """

    def started(server: Started) -> None:
        announce(server, hint=STORY)
        if open_browser:
            webbrowser.open(server.url)

    asyncio.run(prepare(settings))
    serve(settings, started=started)


async def prepare(settings: Settings) -> None:
    """Enrols the person and adds the camera where there is none yet, through the same interface as everybody."""
    picture = ModelStore(settings.models_folder).read(ASTRONAUT)
    async with offline_api(settings) as api:
        if any(camera["source"] == CAMERA["source"] for camera in await _get(api, "/api/cameras")):
            return
        lists = {entry["name"]: entry["id"] for entry in await _get(api, "/api/watch-lists")}
        if WATCH_LIST not in lists:
            lists[WATCH_LIST] = (await _post(api, "/api/watch-lists", {"name": WATCH_LIST}))["id"]
        person = await _post(api, "/api/people", PERSON | {"watch_lists": [lists[WATCH_LIST]]})
        response = await api.post(
            f"/api/people/{person['id']}/references", files={"files": (ASTRONAUT.file, picture, "image/png")}
        )
        response.raise_for_status()
        await _post(api, "/api/cameras", CAMERA)


async def _get(api: httpx.AsyncClient, path: str) -> Any:
    return (await api.get(path)).raise_for_status().json()


async def _post(api: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    return (await api.post(path, json=body)).raise_for_status().json()
