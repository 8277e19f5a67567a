"""Short ways to use a real `sightline serve`, for tests that stop, kill and start it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
PATIENCE_S = 60.0


async def until(look: Callable[[], Awaitable[T]], what: str, *, timeout_s: float = PATIENCE_S) -> T:
    """The first answer of `look` that is true; it may fail to reach the server meanwhile."""
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                try:
                    if found := await look():
                        return found
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"no {what} within {timeout_s:g} s") from None


async def admin_token(http: httpx.AsyncClient) -> str:
    """A token of the user `admin`, as `sightline token` makes it."""
    (admin, *_) = (await http.get("/api/users")).raise_for_status().json()
    return str((await http.post(f"/api/users/{admin['id']}/token")).raise_for_status().json()["access_token"])


async def demo_camera(http: httpx.AsyncClient, name: str, **changed: Any) -> str:
    """The id of a new camera that draws people; unknown ones raise alerts."""
    body = {"name": name, "source": "demo:", "alert_unknown": True} | changed
    return str((await http.post("/api/cameras", json=body)).raise_for_status().json()["id"])


async def analysed_fps(http: httpx.AsyncClient) -> float:
    """The lowest rate at which a camera is analysed."""
    cameras = (await http.get("/api/cameras")).raise_for_status().json()
    return min((float(camera["status"]["analysed_fps"]) for camera in cameras), default=0.0)


async def alerts(http: httpx.AsyncClient, **parameters: Any) -> list[dict[str, Any]]:
    """Alerts, newest first."""
    found = (await http.get("/api/alerts", params={"limit": 500} | parameters)).raise_for_status().json()["alerts"]
    return list(found)
