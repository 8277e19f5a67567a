"""The administrator's workstations: one is added, connects and is judged; its user is paused and blocked; the log."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.async_api import expect
from websockets.asyncio.client import ClientConnection, connect

from sightline.testing import ServerProcess
from tests.browser.conftest import DESK, PHONE, QuietServer, Visit, violations_on

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
PATIENCE_S = 60.0


def empty_room() -> bytes:
    ok, encoded = cv2.imencode(".jpg", np.full((480, 640, 3), 90, np.uint8))
    assert ok
    return encoded.tobytes()


def somebody_else(models_home: Path) -> bytes:
    picture = cv2.imread(str(models_home / "models" / "astronaut.png"))
    assert picture is not None
    ok, encoded = cv2.imencode(".jpg", picture)
    assert ok
    return encoded.tobytes()


async def hear(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        return dict(json.loads(await socket.recv()))


async def ask(socket: ClientConnection, user: str, image: bytes) -> dict[str, Any]:
    """The verdict on a picture, as an agent asks for it."""
    await socket.send(json.dumps({"user_name": user, "image": base64.b64encode(image).decode()}))
    return await hear(socket)


async def until_known(socket: ClientConnection, user: str, image: bytes) -> dict[str, Any]:
    """The first verdict once the engine has the user's template."""
    while True:
        answer = await ask(socket, user, image)
        if answer["reason"] != "REASON_CLIENT_NOT_AVAILABLE":
            return answer
        await asyncio.sleep(0.1)


async def test_a_workstation_is_added_watched_paused_and_blocked(
    visit: Visit, quiet_server: ServerProcess, quiet: QuietServer, models_home: Path
) -> None:
    grace = (models_home / "models" / "grace_hopper.jpg").read_bytes()
    made = await quiet.http.post("/api/people", json={"first_name": "Grace", "last_name": "Hopper"})
    person = made.raise_for_status().json()["id"]
    admin = await visit("admin", path="/workstations", server=quiet_server)
    page = admin.page
    await expect(page.get_by_text("No workstation yet")).to_be_visible()

    await page.get_by_role("button", name="Add workstation").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Add").click()
    await expect(dialog.get_by_text("Give the workstation a name.")).to_be_visible()
    await dialog.get_by_label("Name").fill("Front desk")
    await dialog.get_by_role("combobox", name="Who may sit there").click()
    await page.get_by_role("option", name="Grace Hopper").click()
    await page.keyboard.press("Escape")
    await dialog.get_by_role("button", name="Add").click()
    token = await page.get_by_test_id("secret").inner_text()
    assert token.startswith("slm_")
    await page.get_by_role("button", name="I have it").click()

    row = page.get_by_test_id("workstation").filter(has_text="Front desk")
    await expect(row.get_by_text("Not connected")).to_be_visible()
    await expect(row.get_by_text("No photo: cannot be recognised")).to_be_visible()
    await expect(row.get_by_role("link", name="Enrol Grace Hopper")).to_have_attribute("href", f"/people/{person}")
    await admin.shot("workstation-added")
    files = {"files": ("grace.jpg", grace)}
    (await quiet.http.post(f"/api/people/{person}/references", files=files)).raise_for_status()
    await expect(row.get_by_text("1 photo")).to_be_visible()

    url = f"{quiet_server.url.replace('http', 'ws', 1)}/ws/verify"
    headers = {"Authorization": f"Bearer {token}"}
    async with connect(url, additional_headers=headers, proxy=None) as socket:
        assert (await until_known(socket, "Grace Hopper", grace))["action"] == "NO_ACTION"
        await expect(row.get_by_test_id("verdict")).to_contain_text("The right person")
        await expect(row.get_by_text("Connected since")).to_be_visible()
        for _ in range(2):
            assert (await ask(socket, "Grace Hopper", empty_room()))["action"] == "ACTION_LOCK_SCREEN"
        assert (await ask(socket, "Grace Hopper", somebody_else(models_home)))["reason"] == "REASON_WRONG_USER"
        await expect(row.get_by_test_id("verdict")).to_contain_text("Somebody else · Locked")
        await admin.shot("workstation-connected")

        await row.get_by_role("button", name="Pause Grace Hopper").click()
        await dialog.get_by_role("button", name="Pause").click()
        await expect(dialog.get_by_text("Say why.")).to_be_visible()
        assert await violations_on(page) == []
        await dialog.get_by_label("Why").fill("a presentation")
        await page.keyboard.press("Enter")
        told = await hear(socket)
        assert (told["action"], told["reason"]) == ("ACTION_WARNING", "REASON_PAUSED_CLIENT")
        await expect(row.get_by_text("a presentation")).to_be_visible()
        await row.get_by_role("button", name="Let Grace Hopper work again").click()
        await dialog.get_by_label("Why").fill("it is over")
        await dialog.get_by_role("button", name="Resume").click()
        await expect(row.get_by_role("button", name="Pause Grace Hopper")).to_be_visible()
        assert (await ask(socket, "Grace Hopper", grace))["action"] == "NO_ACTION"

        await row.get_by_role("button", name="Block Grace Hopper").click()
        await dialog.get_by_label("Why").fill("left the company")
        await admin.shot("workstation-block")
        await dialog.get_by_role("button", name="Block").click()
        assert (await hear(socket))["reason"] == "REASON_BLOCKED_CLIENT"
        async with asyncio.timeout(PATIENCE_S):
            await socket.wait_closed()
        assert socket.close_code == 4503
    await expect(row.get_by_text("Blocked", exact=True)).to_be_visible()
    await expect(row.get_by_text("Not connected")).to_be_visible()
    said = [one["action"] for one in await quiet.get("/api/audit")]
    assert [one for one in said if one.startswith("workstation_user_")][:3] == [
        f"workstation_user_{step}" for step in ("block", "resume", "pause")
    ]

    await page.get_by_role("link", name="Action log").click()
    entries = page.get_by_test_id("action")
    await expect(entries.filter(has_text="Refused: Blocked")).to_be_visible()
    locked = entries.filter(has_text="Locked: Nobody there")
    await expect(locked.get_by_text("2 times in a row")).to_be_visible()
    await admin.shot("workstation-actions")
    await page.get_by_role("combobox", name="Action", exact=True).click()
    await page.get_by_role("option", name="Locked").click()
    await expect(entries).to_have_count(2)
    await entries.filter(has_text="Somebody else").get_by_role("button", name="Evidence of").click()
    await expect(dialog.get_by_role("img", name="Somebody else at Front desk")).to_be_visible()
    assert await violations_on(page) == []
    await admin.shot("workstation-evidence")
    await page.keyboard.press("Escape")
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export as CSV").click()
    table = await asyncio.to_thread((await (await download.value).path()).read_text)
    assert table.count("ACTION_LOCK_SCREEN,REASON_NO_FACE") == 2
    assert "BLOCKED" not in table, "the filters hold for the table too"

    await shown_to_everybody(visit, quiet_server)

    await page.goto("/workstations")
    await row.get_by_role("button", name="Grace Hopper may not sit at Front desk any more").click()
    await expect(row.get_by_text("Nobody may sit here yet.")).to_be_visible()
    others = page.get_by_role("region", name="Others")
    await others.get_by_role("button", name="Unblock Grace Hopper").click()
    await dialog.get_by_label("Why").fill("a mistake")
    await dialog.get_by_role("button", name="Unblock").click()
    await expect(others).to_have_count(0)
    await page.get_by_role("button", name="More for Front desk").click()
    await page.get_by_role("menuitem", name="Remove").click()
    await dialog.get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("No workstation yet")).to_be_visible()
    (await quiet.http.delete(f"/api/people/{person}")).raise_for_status()


async def shown_to_everybody(visit: Visit, server: ServerProcess) -> None:
    """Both pages, filled, on a desk in the light and on a phone in the dark."""
    for size, scheme in ((DESK, "light"), (PHONE, "dark")):
        visitor = await visit("admin", size=size, scheme=scheme, path="/workstations", server=server)
        await expect(visitor.page.get_by_test_id("workstation")).to_be_visible()
        assert await violations_on(visitor.page) == []
        await visitor.shot(f"workstations-{size[0]}-{scheme}")
        await visitor.page.goto("/workstations/actions")
        await expect(visitor.page.get_by_test_id("action").first).to_be_visible()
        assert await violations_on(visitor.page) == []
        await visitor.shot(f"workstation-actions-{size[0]}-{scheme}")
