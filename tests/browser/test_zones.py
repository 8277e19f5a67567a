"""Zones, masks and rules are drawn over the live picture; a person in a zone raises an alert."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from sightline.testing import ServerProcess
from tests.assets import assets_folder
from tests.browser.conftest import PHONE, Visit, violations_on
from tests.conftest import ADMIN_PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

CLIP = "videos/one-by-one-person-detection.mp4"
MODEL = "models/FastestDet.onnx"


async def _tap(page: Page, x: float, y: float) -> None:
    box = await page.get_by_test_id("stage").bounding_box()
    assert box is not None
    await page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


async def _open(page: Page, camera: str) -> None:
    await page.get_by_role("button", name=f"More for {camera}").click()
    await page.get_by_role("menuitem", name="Zones and rules").click()
    await expect(page.get_by_role("heading", name="Zones and rules")).to_be_visible()


async def test_a_zone_is_drawn_moved_by_keys_undone_and_kept(visit: Visit) -> None:
    admin = await visit("admin", path="/cameras")
    page = admin.page
    await _open(page, "Entrance hall")
    await page.get_by_role("button", name="Zone", exact=True).click()
    for x, y in ((0.2, 0.3), (0.8, 0.3), (0.8, 0.9), (0.2, 0.9), (0.2, 0.3)):
        await _tap(page, x, y)
    name = page.get_by_label("Name of the zone")
    await name.fill("Carpet")
    await expect(page.get_by_test_id("corner")).to_have_count(4)
    corner = page.get_by_role("button", name="Corner 1 of Carpet", exact=False)
    before = await corner.get_attribute("aria-label")
    await corner.focus()
    await page.keyboard.press("ArrowRight")
    await expect(corner).not_to_have_attribute("aria-label", before or "")
    await page.keyboard.press("Control+z")
    await expect(corner).to_have_attribute("aria-label", before or "")

    await page.get_by_role("link", name="People").click()
    await expect(page.get_by_text("Leave without saving?")).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()

    await page.get_by_role("button", name="Mask", exact=True).click()
    await page.get_by_role("button", name="Put one in the middle").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("watches for this from now on", exact=False)).to_be_visible()
    await admin.shot("zones-drawn")
    assert await violations_on(page) == []

    await page.reload()
    await expect(page.get_by_role("button", name="Carpet")).to_be_visible()
    await expect(page.get_by_test_id("shape-mask")).to_have_count(1)
    await page.get_by_role("button", name="Back to the settings").click()
    await page.get_by_role("dialog").get_by_role("button", name="Back to the settings").click()
    await expect(page.get_by_role("button", name="Carpet")).to_have_count(0)


async def test_edges_that_cross_are_told_before_anything_is_sent(visit: Visit) -> None:
    admin = await visit("admin", path="/cameras", size=PHONE, scheme="light")
    page = admin.page
    await _open(page, "Entrance hall")
    await page.get_by_role("button", name="Zone", exact=True).click()
    for x, y in ((0.2, 0.2), (0.8, 0.8), (0.8, 0.2), (0.2, 0.8)):
        await _tap(page, x, y)
    await page.get_by_role("button", name="Finish").click()
    await expect(page.get_by_text("Its edges cross or touch", exact=False)).to_be_visible()
    await admin.shot("zones-phone")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_test_id("shape-zone")).to_have_count(0)


@pytest.fixture
def corridor(tmp_path: Path, models_home: Path) -> Iterator[ServerProcess]:
    """A server that looks for persons, with a camera that shows some."""
    assets = assets_folder()
    if assets is None or not (assets / MODEL).is_file() or not (assets / CLIP).is_file():
        pytest.skip(f"needs {MODEL} and {CLIP} of the test assets")
    home = tmp_path / "home"
    home.mkdir()
    (home / "models").symlink_to(models_home / "models", target_is_directory=True)
    server = ServerProcess(home, {"object_model": assets / MODEL})
    server.start()
    with httpx.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}, trust_env=False
    ) as http:
        (admin,) = http.get("/api/users").raise_for_status().json()
        http.put(f"/api/users/{admin['id']}/password", json={"password": ADMIN_PASSWORD}).raise_for_status()
        camera = {"name": "Corridor", "source": str(assets / CLIP), "analysis_fps": 4}
        http.post("/api/cameras", json=camera).raise_for_status()
    yield server
    server.stop()


async def test_a_person_in_a_drawn_zone_raises_an_alert(visit: Visit, corridor: ServerProcess) -> None:
    admin = await visit("admin", path="/cameras", server=corridor)
    page = admin.page
    await _open(page, "Corridor")
    await page.get_by_role("button", name="Zone", exact=True).click()
    for x, y in ((0.02, 0.3), (0.98, 0.3), (0.98, 0.99), (0.02, 0.99)):
        await _tap(page, x, y)
    await page.keyboard.press("Enter")
    await page.get_by_label("Name of the zone").fill("Floor")
    await page.get_by_role("button", name="Add a rule").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("watches for this from now on", exact=False)).to_be_visible()
    await page.goto("/")
    await page.get_by_test_id("alert-detail").wait_for(timeout=90_000)
    await expect(page.get_by_text("Person seen in “Floor”", exact=False)).to_be_visible()
    await admin.shot("person-in-zone")
