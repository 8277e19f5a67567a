"""The administrator's story: somebody is enrolled and erased, a camera is tried before it is added."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from playwright.async_api import FilePayload, expect

from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def _empty_room() -> FilePayload:
    ok, encoded = cv2.imencode(".jpg", np.full((480, 640, 3), 90, np.uint8))
    assert ok
    return FilePayload(name="empty-room.jpg", mimeType="image/jpeg", buffer=encoded.tobytes())


async def test_somebody_is_enrolled_recognised_and_erased_with_a_receipt(visit: Visit, models_home: Path) -> None:
    admin = await visit("admin", path="/people")
    page = admin.page
    await page.get_by_role("button", name="Add person").click()
    await page.get_by_label("First name").fill("Grace")
    await page.get_by_label("Last name").fill("Hopper")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Grace Hopper")).to_be_visible()

    portrait = (models_home / "models" / "grace_hopper.jpg").read_bytes()
    photo = FilePayload(name="grace.jpg", mimeType="image/jpeg", buffer=portrait)
    await page.locator("input[type=file]").first.set_input_files([photo, _empty_room()])
    await expect(page.get_by_alt_text("Enrolled photo of Grace Hopper: grace.jpg")).to_be_visible()
    await expect(page.get_by_text("No face was found", exact=False)).to_be_visible()
    await admin.shot("person-enrolled")

    await page.goto("/identify")
    await page.locator("input[type=file]").first.set_input_files([photo])
    await expect(page.get_by_text("Grace Hopper").first).to_be_visible()
    await admin.shot("identified")

    await page.goto("/people")
    await page.get_by_text("Grace Hopper").click()
    olga = await visit("olga", path=urlsplit(page.url).path)
    await expect(olga.page.get_by_role("heading", name="Grace Hopper")).to_be_visible()
    await olga.page.wait_for_load_state("networkidle")  # what she asks for after the erasure is answered with 404
    await page.get_by_role("button", name="Erase this person").click()
    erase = page.get_by_role("button", name="Erase for good")
    await expect(erase).to_be_disabled()
    await page.get_by_label("to erase", exact=False).fill("Grace Hopper")
    await erase.click()
    await expect(page.get_by_text("Photos and templates")).to_be_visible()
    await expect(olga.page.get_by_text("does not exist, or was erased", exact=False)).to_be_visible()
    await admin.shot("erasure-receipt")


async def test_a_camera_is_tried_added_and_removed(visit: Visit) -> None:
    admin = await visit("admin", path="/cameras")
    page = admin.page
    await page.get_by_role("button", name="Add camera").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Back door")
    await dialog.get_by_label("Source").fill("/no/such/video.mp4")
    await dialog.get_by_role("button", name="Test connection").click()
    await expect(dialog.get_by_text("does not exist", exact=False)).to_be_visible()
    await dialog.get_by_label("Source").fill("demo:")
    await dialog.get_by_role("button", name="Test connection").click()
    await expect(dialog.get_by_alt_text("First picture of the source")).to_be_visible()
    await admin.shot("camera-tested")
    await dialog.get_by_label("Turn the pictures").click()
    await page.get_by_role("option", name="90° to the left").click()
    await expect(dialog.get_by_text("lie on the turned picture", exact=False)).to_be_visible()
    await dialog.get_by_label("Blur faces").click()
    await page.get_by_role("option", name="Everybody’s").click()
    await dialog.get_by_role("button", name="Test connection").click()
    upright = "images => images.length === 1 && images[0].naturalHeight > images[0].naturalWidth"
    await expect(dialog.get_by_alt_text("First picture of the source")).to_be_visible()
    while not await dialog.get_by_alt_text("First picture").evaluate_all(upright):  # one that takes the other's place
        await page.wait_for_timeout(100)
    await admin.shot("camera-turned-and-blurred")
    await dialog.get_by_role("button", name="Save").click()
    row = page.get_by_test_id("camera-row").filter(has_text="Back door")
    await expect(row.get_by_text("Faces are blurred")).to_be_visible()

    await page.get_by_role("button", name="More for Back door").click()
    await page.get_by_role("menuitem", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(page.get_by_text("Back door")).to_have_count(0)
