"""Live video in the console: another quality without a black picture, a tab that nobody sees, ways that are blocked."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from sightline.testing import ServerProcess
from tests.browser.conftest import PHONE, Visit, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PATIENCE_MS = 45_000
WATCH_CANVAS = """
() => {
  const canvas = document.querySelector('canvas');
  const small = document.createElement('canvas');
  small.width = small.height = 8;
  const context = small.getContext('2d', { willReadFrequently: true });
  window.looks = [];
  const look = () => {
    context.drawImage(canvas, 0, 0, 8, 8);
    const { data } = context.getImageData(0, 0, 8, 8);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += data[i] + data[i + 1] + data[i + 2];
    window.looks.push([canvas.width, sum / (3 * 64)]);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""
"""Notes the width of the canvas and its mean level (0 black, 255 white) at every frame of the screen."""
SET_VISIBILITY = """
(state) => {
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}
"""
NOT_WEBRTC = "delete window.RTCPeerConnection;"
NOT_MP4 = "delete window.MediaSource;"


@pytest.fixture
def camera_id(demo_server: ServerProcess) -> str:
    with owner(demo_server) as http:
        return next(camera["id"] for camera in http.get("/api/cameras").json() if camera["name"] == "Entrance hall")


def owner(server: ServerProcess) -> httpx.Client:
    headers = {"Authorization": f"Bearer {server.token}"}
    return httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=30)


async def playing(page: Page, way: str) -> None:
    await page.locator(f"[data-testid=tile][data-live][data-way={way}]").wait_for(timeout=PATIENCE_MS)


async def size_is(page: Page, width: int) -> None:
    await page.wait_for_function(
        "width => document.querySelector('canvas').width === width", arg=width, timeout=PATIENCE_MS
    )


async def looks_at(visitor: Visitor) -> list[tuple[int, float]]:
    looks: list[Any] = await visitor.page.evaluate("window.looks")
    return [(int(width), float(level)) for width, level in looks]


async def test_another_quality_comes_without_a_black_picture(visit: Visit, camera_id: str) -> None:
    olga = await visit("olga", path=f"/wall/{camera_id}")
    page = olga.page
    await playing(page, "webrtc")
    quality = page.get_by_role("radiogroup", name="Quality")
    await quality.get_by_text("SD").click()
    await size_is(page, 960)
    await page.evaluate(WATCH_CANVAS)
    for name, width in (("HD", 1280), ("Small", 320), ("SD", 960)):
        await quality.get_by_text(name).click()
        await size_is(page, width)
        await playing(page, "webrtc")
    looks = await looks_at(olga)
    assert {width for width, _ in looks} == {960, 1280, 320}
    assert min(level for _, level in looks) > 30, "no moment was black"
    await olga.shot("live-video-dark")


async def test_a_tab_that_nobody_sees_plays_nothing_and_goes_on_where_it_was(visit: Visit, camera_id: str) -> None:
    olga = await visit("olga", path=f"/wall/{camera_id}", size=PHONE, scheme="light")
    page = olga.page
    await playing(page, "webrtc")
    await page.evaluate(WATCH_CANVAS)
    await page.evaluate(SET_VISIBILITY, "hidden")
    await expect(page.locator("video")).to_have_count(0)
    await page.evaluate(SET_VISIBILITY, "visible")
    await page.wait_for_function("() => document.querySelector('video')?.currentTime > 0", timeout=PATIENCE_MS)
    await playing(page, "webrtc")
    assert min(level for _, level in await looks_at(olga)) > 30, "the last picture stayed until the next"
    await olga.shot("live-video-phone-light")


async def test_where_webrtc_and_mp4_are_blocked_there_is_a_picture_all_the_same(
    visit: Visit, camera_id: str, demo_server: ServerProcess
) -> None:
    olga = await visit("olga", path=f"/wall/{camera_id}", scheme="light")
    page = olga.page
    await olga.context.add_init_script(NOT_WEBRTC)
    await page.reload()
    await playing(page, "mp4")
    await page.evaluate(WATCH_CANVAS)
    await olga.shot("live-video-mp4-light")
    with owner(demo_server) as http:
        http.patch(f"/api/cameras/{camera_id}", json={"enabled": False}).raise_for_status()
        try:
            await expect(page.get_by_test_id("tile").get_by_text("Switched off", exact=True)).to_be_visible()
            await expect(page.get_by_test_id("tile")).not_to_have_attribute("data-live", "true")
            await olga.shot("live-video-off-light")
        finally:
            http.patch(f"/api/cameras/{camera_id}", json={"enabled": True}).raise_for_status()
    await playing(page, "mp4")
    await olga.context.add_init_script(NOT_MP4)
    await page.reload()
    await playing(page, "jpeg")
    await olga.shot("live-video-pictures-light")
