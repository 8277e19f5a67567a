"""The past: a face is searched for, a stranger is ignored and enrolled, files and a camera are analysed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import FilePayload, expect

from tests.browser.conftest import PHONE, Visit, violations_on

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def _portrait(models_home: Path, name: str) -> FilePayload:
    content = (models_home / "models" / name).read_bytes()
    kind = "image/png" if name.endswith("png") else "image/jpeg"
    return FilePayload(name=name, mimeType=kind, buffer=content)


async def test_a_face_is_found_in_the_past_and_leads_to_the_day(visit: Visit, models_home: Path) -> None:
    admin = await visit("admin", path="/search")
    page = admin.page
    hits = page.get_by_test_id("sighting")
    await page.goto("/strangers")
    await page.get_by_test_id("stranger").first.wait_for(timeout=90_000)  # a first sighting is there
    await page.goto("/search")
    await page.locator("input[type=file]").first.set_input_files([_portrait(models_home, "grace_hopper.jpg")])
    await expect(hits.first).to_be_visible()
    await expect(hits.first.get_by_text("Entrance hall")).to_be_visible()
    await admin.shot("search-found")
    assert await violations_on(page) == []
    await hits.first.get_by_role("link").first.click()
    await expect(page.get_by_role("heading", name="Seen on this day")).to_be_visible()
    await expect(page.get_by_test_id("sighting").first).to_be_visible()
    await admin.shot("day-of-a-stranger")
    assert await violations_on(page) == []


async def test_a_stranger_is_ignored_and_noticed_again(visit: Visit) -> None:
    admin = await visit("admin", path="/strangers", size=PHONE, scheme="light")
    page = admin.page
    card = page.get_by_test_id("stranger").first
    await card.wait_for(timeout=90_000)
    await card.get_by_role("link").click()
    await page.get_by_role("button", name="Ignore").click()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name="Ignore")).to_be_visible()
    await admin.shot("stranger-phone")


async def test_a_picture_is_analysed_and_its_result_taken_along(visit: Visit, models_home: Path) -> None:
    admin = await visit("admin", path="/analyse")
    page = admin.page
    await page.get_by_label("Choose files").set_input_files([_portrait(models_home, "astronaut.png")])
    job = page.get_by_test_id("analysis").first
    await expect(job).to_have_attribute("data-state", "done", timeout=60_000)
    async with page.expect_download() as download:
        await job.get_by_role("button", name="Download CSV", exact=False).click()
    table = (await (await download.value).path()).read_text()
    assert table.startswith("file,time_s,what")
    assert "astronaut.png" in table
    await job.get_by_role("button", name="Show").click()
    await expect(page.get_by_alt_text("astronaut.png with boxes")).to_be_visible()
    await admin.shot("analysed-picture")
    await job.get_by_role("button", name="Delete the analysis", exact=False).click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("Nothing analysed yet")).to_be_visible()


async def test_this_device_s_camera_is_analysed(visit: Visit) -> None:
    admin = await visit("admin", path="/analyse", may=["camera"])
    page = admin.page
    await page.get_by_text("This device’s camera").click()
    await page.get_by_role("button", name="Start").click()
    await expect(page.get_by_test_id("analysed")).to_be_visible()
    await expect(page.get_by_text("in the engine", exact=False)).to_be_visible()
    await admin.shot("analysed-live")
    await page.get_by_role("button", name="Stop").click()


async def test_a_stranger_is_enrolled_and_the_past_names_them(visit: Visit) -> None:
    admin = await visit("admin", path="/strangers")
    page = admin.page
    card = page.get_by_test_id("stranger").first
    await card.wait_for(timeout=90_000)
    await card.get_by_role("link").click()
    await page.get_by_role("button", name="Enrol").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Enrol").click()
    await expect(dialog.get_by_text("Give a first name.")).to_be_visible()
    await dialog.get_by_label("First name").fill("Rear Admiral")
    await dialog.get_by_role("button", name="Enrol").click()
    await expect(page.get_by_role("heading", name="Rear Admiral")).to_be_visible()
    await expect(page.get_by_test_id("reference").first).to_be_visible()
    await expect(page.get_by_test_id("sighting").first).to_be_visible()
    await admin.shot("stranger-enrolled")
    # Whoever comes after finds the demonstration as it was.
    await page.get_by_role("button", name="Erase this person").click()
    await page.get_by_label("to erase", exact=False).fill("Rear Admiral")
    await page.get_by_role("button", name="Erase for good").click()
    await expect(page.get_by_text("Photos and templates")).to_be_visible()
