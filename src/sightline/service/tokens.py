"""Access tokens for the owner of an installation: what `sightline token --user NAME` prints."""

from __future__ import annotations

import httpx

from sightline.exceptions import NotFound
from sightline.service.lock import running_server
from sightline.service.offline import offline_api
from sightline.settings import Settings

__all__ = ["issue_token"]


async def issue_token(settings: Settings, user_name: str) -> str:
    """A token that speaks for this user. Raises `NotFound` when there is none of that name."""
    running = running_server(settings.home)
    if running is None:
        async with offline_api(settings) as api:
            return await _issue(api, user_name)
    headers = {"Authorization": f"Bearer {running.token}"}
    async with httpx.AsyncClient(base_url=running.url, headers=headers, trust_env=False) as api:
        return await _issue(api, user_name)


async def _issue(api: httpx.AsyncClient, user_name: str) -> str:
    users = (await api.get("/api/users")).raise_for_status().json()
    found = next((user["id"] for user in users if user["name"] == user_name), None)
    if found is None:
        raise NotFound("user", user_name)
    return str((await api.post(f"/api/users/{found}/token")).raise_for_status().json()["access_token"])
