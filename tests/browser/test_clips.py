"""What was before and after an alert, played where the alert is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from sightline.testing import ServerProcess
from tests.browser.conftest import PHONE, Visit, demonstration

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, models_home: Path) -> Iterator[ServerProcess]:
    """Nobody is erased here, and no clip with them."""
    with demonstration(tmp_path_factory.mktemp("clips") / "home", models_home) as server:
        yield server


async def seconds_of(video: Locator, what: str) -> float:
    return float(await video.evaluate(f"video => video.{what}"))


async def test_the_clip_is_recorded_played_from_its_moment_and_downloaded(visit: Visit, server: ServerProcess) -> None:
    olga = await visit("olga", server=server)
    page = olga.page
    await page.get_by_label("Open alerts").get_by_test_id("alert-card").first.click(timeout=60_000)
    clip = page.get_by_test_id("clip")
    await expect(clip).to_have_attribute("data-state", re.compile("recording|ready"))
    await olga.shot("clip-being-recorded-dark")
    play = clip.get_by_role("button", name=re.compile("Play what happened"))
    await expect(play).to_be_visible(timeout=60_000)
    await olga.shot("clip-ready-dark")
    await play.focus()
    await page.keyboard.press("Enter")
    video = clip.locator("video")
    await expect(video).to_have_js_property("error", None)
    await expect(video).not_to_have_js_property("readyState", 0)
    assert 8 < await seconds_of(video, "duration") < 40
    moment = clip.get_by_role("button", name=re.compile(r"Moment of the alert, [\d.]+ s into the clip"))
    stated_s = float((await moment.get_attribute("aria-label") or "").split(", ")[1].split()[0])
    await video.evaluate("video => video.pause()")
    await moment.click()
    await expect(video).to_have_js_property("seeking", False)
    assert abs(await seconds_of(video, "currentTime") - stated_s) < 0.1
    await olga.shot("clip-playing-dark")
    async with page.expect_download() as download:
        await clip.get_by_role("link", name="Download").click()
    assert (await download.value).suggested_filename.endswith(".mp4")


async def test_a_phone_plays_it_too(visit: Visit, server: ServerProcess) -> None:
    rita = await visit("olga", size=PHONE, scheme="light", server=server)
    page = rita.page
    await page.get_by_label("Open alerts").get_by_test_id("alert-card").first.click(timeout=60_000)
    clip = page.get_by_test_id("clip")
    await clip.get_by_role("button", name=re.compile("Play what happened")).click(timeout=60_000)
    await expect(clip.locator("video")).not_to_have_js_property("readyState", 0)
    await clip.scroll_into_view_if_needed()
    await rita.shot("clip-phone-light")
