"""`sightline demo`: somebody enrolled, somebody not, and a camera that draws both."""

from __future__ import annotations

import asyncio
import webbrowser
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import httpx

from sightline.gateway.auth import new_password
from sightline.models.manifest import ASTRONAUT
from sightline.models.store import ModelStore
from sightline.service.banner import Started, announce
from sightline.service.gateway import ADMINISTRATOR
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
    password = asyncio.run(prepare(settings))

    def started(server: Started) -> None:
        announce(replace(server, password=password), hint=STORY)
        if open_browser:
            Thread(target=webbrowser.open, args=(server.url,), name="browser", daemon=True).start()

    serve(settings, started=started)


async def prepare(settings: Settings) -> str | None:
    """Makes the administrator, the person and the camera where there are none, through the same interface as everybody.

    The administrator's password is kept beside the keys of this home folder, whose owner may do anything in it anyway,
    so that every start of a demonstration can show it. `None` when it was changed meanwhile.
    """
    picture = ModelStore(settings.models_folder).read(ASTRONAUT)
    async with offline_api(settings) as api:
        password = await _administrator(api, settings.home / "keys" / "demo-password")
        if not any(camera["source"] == CAMERA["source"] for camera in await _get(api, "/api/cameras")):
            await _enrol(api, picture)
            await _post(api, "/api/cameras", CAMERA)
    return password


async def _administrator(api: httpx.AsyncClient, kept: Path) -> str | None:
    if not await _get(api, "/api/users"):
        password = new_password()
        _keep(kept, password)
        await _post(api, "/api/users", {"name": ADMINISTRATOR, "role": "admin", "password": password})
        return password
    return await _if_still_valid(api, _kept(kept))


async def _if_still_valid(api: httpx.AsyncClient, password: str | None) -> str | None:
    if password is None:
        return None
    response = await api.post("/api/token", data={"username": ADMINISTRATOR, "password": password})
    return password if response.is_success else None


def _keep(path: Path, password: str) -> None:
    path.touch(mode=0o600)
    path.write_text(password)


def _kept(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


async def _enrol(api: httpx.AsyncClient, picture: bytes) -> None:
    lists = {entry["name"]: entry["id"] for entry in await _get(api, "/api/watch-lists")}
    if WATCH_LIST not in lists:
        lists[WATCH_LIST] = (await _post(api, "/api/watch-lists", {"name": WATCH_LIST}))["id"]
    person = await _post(api, "/api/people", PERSON | {"watch_lists": [lists[WATCH_LIST]]})
    files = {"files": (ASTRONAUT.file, picture, "image/png")}
    (await api.post(f"/api/people/{person['id']}/references", files=files)).raise_for_status()


async def _get(api: httpx.AsyncClient, path: str) -> Any:
    return (await api.get(path)).raise_for_status().json()


async def _post(api: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    return (await api.post(path, json=body)).raise_for_status().json()
