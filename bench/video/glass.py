"""From glass to glass: a clock in the picture of a device that publishes by WebRTC, read from the console's canvas.

The console runs in Chromium, in each of its ways to show live video. What is measured is everything: the device's
encoder, the way in, the engine, the way out, the browser's decoder, and the console's own holding back of pictures
until their boxes are there (`webrtc` is with that, `webrtc, not held back` without).
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, async_playwright

from bench.figures import percentile
from bench.video.film import CLOCK_PERIOD_MS
from bench.video.house import ADMIN_PASSWORD, House

__all__ = ["WAYS", "Delay", "chromium", "delay_of"]

WINDOW = (1000, 760)
SETTLE_S = 5.0
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
NOT_WEBRTC = "delete window.RTCPeerConnection;"
NOT_MP4 = "delete window.MediaSource;"
NOT_HELD_BACK = "Object.defineProperty(RTCRtpReceiver.prototype, 'jitterBufferTarget', { set() {}, get: () => null });"
WAYS: Mapping[str, tuple[str, str]] = {
    "WebRTC": ("webrtc", ""),
    "WebRTC, not held back": ("webrtc", NOT_HELD_BACK),
    "MP4": ("mp4", NOT_WEBRTC),
    "JPEG": ("jpeg", NOT_WEBRTC + NOT_MP4),
}
"""By name: the console's own name of the way, and what keeps it from taking another."""

READ_CLOCK = """
async ([seconds, period]) => {
  const canvas = document.querySelector('canvas');
  const context = canvas.getContext('2d');
  const delays = [];
  let last = null;
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    await new Promise(requestAnimationFrame);
    const now = Date.now();
    const step = Math.floor(canvas.width / 16);
    const { data } = context.getImageData(0, canvas.height >> 1, canvas.width, 1);
    let shown = 0;
    for (let bit = 0; bit < 16; bit += 1) {
      if (data[4 * (bit * step + (step >> 1))] > 128) shown += 2 ** bit;
    }
    if (shown !== last && last !== null) delays.push((((now - shown) % period) + period) % period);
    last = shown;
  }
  return delays;
}
"""


@dataclass(frozen=True, slots=True)
class Delay:
    """Of the pictures that came into view, ms."""

    p50_ms: float
    p99_ms: float
    pictures_a_second: float


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser | None]:
    """The machine's Chromium; None where there is none."""
    found = shutil.which("chromium")
    if found is None:
        yield None
        return
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        await browser.close()


async def delay_of(browser: Browser, house: House, camera_id: str, name: str, seconds: float) -> Delay:
    """Measures one of `WAYS`."""
    way, script = WAYS[name]
    context = await browser.new_context(viewport={"width": WINDOW[0], "height": WINDOW[1]}, base_url=house.url)
    try:
        await context.add_init_script(script)
        page = await context.new_page()
        await page.goto(f"/wall/{camera_id}")
        await page.get_by_label("User name").fill("admin")
        await page.get_by_label("Password", exact=True).fill(ADMIN_PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.locator(f"[data-testid=tile][data-way={way}]").wait_for()
        await page.wait_for_timeout(SETTLE_S * 1000)
        delays: list[float] = await page.evaluate(READ_CLOCK, [seconds, CLOCK_PERIOD_MS])
    finally:
        await context.close()
    return Delay(percentile(delays, 0.5), percentile(delays, 0.99), len(delays) / seconds)
