"""Recordings in the console: found by day, played from any time."""

from __future__ import annotations

import time

import httpx
import pytest
from playwright.async_api import expect

from sightline.testing import ServerProcess
from tests.browser.conftest import PHONE, Visit, violations_on

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def test_a_camera_is_recorded_and_played_from_a_time(visit: Visit, demo_server: ServerProcess) -> None:
    admin = await visit(path="/cameras")
    page = admin.page
    row = page.get_by_test_id("camera-row").filter(has_text="Entrance hall")
    camera_id = await row.get_attribute("data-camera")
    await row.locator("[data-testid=tile][data-live]").wait_for()
    await row.get_by_role("button", name="More for Entrance hall").click()
    await page.get_by_role("menuitem", name="Recordings").click()
    await expect(page.get_by_text("Nothing was recorded on this day")).to_be_visible()
    headers = {"Authorization": f"Bearer {demo_server.token}"}
    async with httpx.AsyncClient(base_url=demo_server.url, headers=headers, trust_env=False, timeout=30) as http:
        path = f"/api/cameras/{camera_id}/view"
        await page.goto(f"/cameras/{camera_id}/zones")
        switch = page.get_by_role("switch", name="Record all the time")
        await switch.press("Space")  # by keyboard: alerts that pop up lie over it
        await expect(switch).to_be_checked()
        await page.get_by_role("button", name="Save").press("Enter")
        while not (await http.get(path)).json()["record"]:
            await page.wait_for_timeout(200)
        await page.wait_for_timeout(4_000)  # what is recorded
        (await http.delete(path)).raise_for_status()  # ends the piece
        while not (await http.get(f"/api/cameras/{camera_id}/footage")).json()["pieces"]:
            await page.wait_for_timeout(200)
    await page.goto(f"/cameras/{camera_id}/footage")
    slider = page.get_by_role("slider", name="Time in the recording of Entrance hall")
    await slider.focus()
    await page.keyboard.press("Home")
    video = page.locator("video[controls]")
    await expect(video).to_have_js_property("readyState", 4, timeout=30_000)
    assert await video.evaluate("video => video.videoWidth") == 1280
    shown_s = int(await slider.input_value()) / 1000
    assert abs(time.time() - shown_s) < 170, "it goes to where something was recorded"
    await admin.shot("footage-dark")
    assert await violations_on(page) == []

    olga = await visit("olga", size=PHONE, scheme="light", path=f"/cameras/{camera_id}/footage")
    await expect(olga.page.get_by_role("slider")).to_be_visible()
    await olga.shot("footage-phone-light")
    await olga.page.get_by_role("button", name="The day before").click()
    await expect(olga.page.get_by_text("Nothing was recorded on this day")).to_be_visible()
