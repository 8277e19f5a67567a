"""The past: a face is searched for, a stranger is ignored and enrolled, files and a camera are analysed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import FilePayload, Route, expect

from sightline.testing import ServerProcess
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


@pytest.fixture
async def another_camera(demo_server: ServerProcess) -> AsyncIterator[None]:
    """It begins with the demonstration's opening, in which everybody comes by: sooner than by chance."""
    async with demo_server.client() as http:
        made = await http.post("/api/cameras", json={"name": "Side entrance", "source": "demo:"})
        camera = made.raise_for_status().json()["id"]
        yield
        (await http.delete(f"/api/cameras/{camera}")).raise_for_status()


async def test_strangers_are_parted_merged_and_erased(visit: Visit, another_camera: None) -> None:
    admin = await visit("admin", path="/strangers")
    page = admin.page
    cards = page.get_by_test_id("stranger")
    await cards.first.get_by_role("link").click(timeout=90_000)
    kept = await page.get_by_role("heading", name=re.compile(r"Stranger \d+"), level=1).inner_text()
    somebody_else = page.get_by_role("button", name="Somebody else")
    await somebody_else.first.click(timeout=120_000)  # once there is a second sighting
    made = page.get_by_text("This sighting is now stranger")
    await expect(made).to_be_visible()
    parted = "Stranger " + (await made.inner_text()).rpartition("stranger ")[2].partition(".")[0]

    await page.goto("/strangers")
    await page.get_by_label(f"Choose {kept.lower()}", exact=True).check()
    await expect(page.get_by_text("Choose one more.")).to_be_visible()
    await page.get_by_label(f"Choose {parted.lower()}", exact=True).check()
    await admin.shot("strangers-chosen")
    await page.get_by_role("button", name="Merge", exact=True).click()
    await expect(page.get_by_text(f"is now part of {kept.lower()}")).to_be_visible()
    await expect(page.get_by_role("link", name=parted, exact=True)).to_have_count(0)
    await page.get_by_role("radiogroup", name="Which").get_by_text("Merged", exact=True).click()
    await cards.filter(has_text=parted).get_by_role("button", name="Part again").click()
    await expect(page.get_by_text(f"{parted} is a group of its own again.")).to_be_visible()

    await page.get_by_role("radiogroup", name="Which").get_by_text("Open", exact=True).click()
    await page.get_by_role("link", name=parted, exact=True).click()
    await page.get_by_role("button", name="Erase this stranger").click()
    await admin.shot("stranger-erase")
    await page.get_by_role("dialog").get_by_role("button", name="Erase for good").click()
    await expect(page.get_by_text(f"{parted} is erased")).to_be_visible()
    await expect(page.get_by_role("heading", name="Strangers", exact=True)).to_be_visible()
    await expect(page.get_by_role("link", name=parted, exact=True)).to_have_count(0)


async def _answer_late(route: Route) -> None:
    """Longer than the page waits before it reads again who was where: there is no such stranger any more."""
    answer = await route.fetch()
    await asyncio.sleep(11)
    await route.fulfill(response=answer)


async def test_a_stranger_is_enrolled_and_the_past_names_them(visit: Visit) -> None:
    admin = await visit("admin", path="/strangers")
    page = admin.page
    await page.route("**/enrol", _answer_late)
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


async def test_an_alert_named_the_wrong_person_and_that_is_taken_back(visit: Visit) -> None:
    admin = await visit("admin", path="/history")
    page = admin.page
    await page.get_by_role("link", name="Eileen Collins").first.click(timeout=90_000)
    await page.get_by_role("button", name="This is not", exact=False).click()
    await expect(page.get_by_text("Said not to be", exact=True)).to_be_visible()
    await admin.shot("alert-rejected")

    await page.goto("/people")
    await page.get_by_text("Eileen Collins").first.click()
    said = page.get_by_test_id("rejection")
    await expect(said).to_have_count(1)
    await expect(said.get_by_text("said by admin")).to_be_visible()
    await expect(said.get_by_role("img", name="A face that was taken for Eileen Collins")).to_be_visible()
    await admin.shot("person-rejections")
    assert await violations_on(page) == []
    await said.get_by_role("link", name="In an alert").click()
    await expect(page.get_by_role("heading", name="Eileen Collins").first).to_be_visible()
    await page.go_back()
    await said.get_by_role("button", name="Take it back").click()
    await expect(said).to_have_count(0)
