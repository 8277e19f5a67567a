"""The past on real pictures: a stranger comes twice, is searched by photograph, enrolled, and named from then on."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from sightline.testing import ServerProcess

pytestmark = [pytest.mark.assets, pytest.mark.timeout(180)]

PATIENCE_S = 60
"""Several times what the clip takes to come round (9.2 s)."""


async def until(ask: Callable[[], Awaitable[Any]]) -> Any:
    """The first answer that is any."""
    async with asyncio.timeout(PATIENCE_S):
        while not (answer := await ask()):  # noqa: ASYNC110  # the server tells nobody of it
            await asyncio.sleep(0.25)
        return answer


async def get(http: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    return (await http.get(path, params=parameters)).raise_for_status().json()


async def search(http: httpx.AsyncClient, photo: Path) -> list[dict[str, Any]]:
    """The sightings that are of the person on a photograph, the most similar first."""
    with photo.open("rb") as file:
        answer = await http.post("/api/search", files={"image": (photo.name, file)})
    return [hit["sighting"] for hit in answer.raise_for_status().json()["hits"]]


async def test_a_stranger_is_told_apart_found_by_photograph_and_named_once_enrolled(
    server: ServerProcess, assets: Path
) -> None:
    async with server.client() as http:
        clip = str(assets / "videos" / "short_hamilton_clip.mp4")
        new = {"name": "stage", "source": clip, "alert_unknown": True}
        (await http.post("/api/cameras", json=new)).raise_for_status()

        async def came_again() -> Any:
            alerts = (await get(http, "/api/alerts"))["alerts"]
            return alerts if alerts and "stranger" in alerts[0]["why"] else None

        again, *_, first = await until(came_again)
        assert "stranger" not in first["why"], "nobody had seen them before"
        (stranger,) = (await get(http, "/api/strangers"))["strangers"]
        told = again["why"]["stranger"]
        assert (told["id"], told["number"]) == (stranger["id"], 1) and 2 <= told["seen"] <= stranger["sightings"] + 1

        photographs = assets / "images" / "people"
        found = await search(http, photographs / "lin-manuel-miranda" / "lin-manuel-miranda.png")
        assert found and {one["stranger"]["number"] for one in found} == {1}, "the face of another photograph"
        assert await search(http, photographs / "obama" / "obama.jpg") == []
        command = [sys.executable, "-m", "sightline", "search", "--home", str(server.home), "--json"]
        photo = photographs / "lin-manuel-miranda" / "lin-manuel-miranda.png"
        said = await asyncio.to_thread(subprocess.run, [*command, photo], check=True, capture_output=True, text=True)
        assert {(hit["camera"], hit["stranger"]) for hit in json.loads(said.stdout)["hits"]} == {("stage", 1)}
        picture = await http.get(found[0]["picture_url"])
        assert picture.content.startswith(b"\xff\xd8")

        answer = await http.post(
            f"/api/strangers/{stranger['id']}/enrol", json={"person": {"first_name": "Lin-Manuel"}}
        )
        person = answer.raise_for_status().json()["person"]
        before = (await get(http, f"/api/people/{person['id']}/sightings"))["sightings"]
        assert before, "what was seen of the stranger is theirs"

        async def named_again() -> Any:
            path = await get(http, f"/api/people/{person['id']}/sightings")
            return path["sightings"] if len(path["sightings"]) > len(before) else None

        newest = (await until(named_again))[0]
        assert newest["person"]["name"] == "Lin-Manuel" and newest["similarity"] > 0.5

        receipt = (await http.delete(f"/api/people/{person['id']}")).raise_for_status().json()
        assert receipt["sightings"] >= 2 and receipt["pictures"] >= 2, "with the alerts from when they were a stranger"
        assert {one["person"] for one in (await get(http, "/api/sightings"))["sightings"]} <= {None}
