"""Seed 003's whole flow from a browser's camera: a phone goes on air, somebody is recognised, is told, and takes it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from websockets.asyncio.client import connect

from sightline.images import encode_jpeg
from sightline.ingest.demo import DemoScene
from sightline.service.demo import prepare
from sightline.settings import Settings
from sightline.testing import ServerProcess
from tests.browser.conftest import CHROMIUM_FLAGS, PHONE, SHOTS, Visit, chromium, running, violations_on
from tests.conftest import ADMIN_PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

SCENE_S = 12
FILM_FPS = 10
PLAYED_FPS = 30
"""As Chromium plays a file of JPEGs."""
NO_UDP = "--webrtc-ip-handling-policy=disable_non_proxied_udp"
"""Chromium opens no UDP socket for WebRTC: what is left of it where a firewall lets no UDP pass."""
ONLY_VP8 = """
const prefer = RTCRtpTransceiver.prototype.setCodecPreferences;
RTCRtpTransceiver.prototype.setCodecPreferences = function (codecs) {
  prefer.call(this, codecs.filter(({ mimeType }) => mimeType === 'video/VP8'));
};
"""
"""As a browser that was built without H.264 offers it."""
PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, models_home: Path) -> Iterator[ServerProcess]:
    """People are enrolled, and there is no camera."""
    home = tmp_path_factory.mktemp("device") / "home"
    home.mkdir()
    (home / "models").symlink_to(models_home / "models", target_is_directory=True)
    asyncio.run(prepare(Settings(home=home)))
    server = ServerProcess(home)
    with running(server, {"olga": "operator"}) as http:
        for camera in http.get("/api/cameras").raise_for_status().json():
            http.delete(f"/api/cameras/{camera['id']}").raise_for_status()
        yield server
    print(server.log_tail())


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory, models_home: Path) -> Path:
    """What the fake camera shows: people with real faces walk through a hall."""
    scene = DemoScene(models_home / "models")
    pictures = [encode_jpeg(scene.render(n / FILM_FPS), quality=80) for n in range(SCENE_S * FILM_FPS)]
    path = tmp_path_factory.mktemp("film") / "hall.mjpeg"
    path.write_bytes(b"".join(picture * (PLAYED_FPS // FILM_FPS) for picture in pictures))
    return path


class Device:
    """A phone whose camera shows the film, signed in as the administrator."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self.complaints: list[str] = []
        self.expected = re.compile("^$")
        """What the page may complain of, because the test makes it."""

    async def open(self, server: ServerProcess, *, scheme: str = "light", script: str = "", **options: Any) -> Page:
        context: BrowserContext = await self._browser.new_context(
            viewport={"width": PHONE[0], "height": PHONE[1]},
            color_scheme=scheme,  # type: ignore[arg-type]
            has_touch=True,
            is_mobile=True,
            reduced_motion="reduce",
            **{"base_url": server.url} | options,
        )
        await context.add_init_script(script)
        page = await context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self._complained(str(error)))
        page.on("console", lambda said: self._complained(said.text) if said.type in ("error", "warning") else None)
        await page.goto("/this-device")
        await page.get_by_label("User name").fill("admin")
        await page.get_by_label("Password", exact=True).fill(ADMIN_PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_role("heading", name="Use this device").wait_for()
        return page

    def _complained(self, words: str) -> None:
        if self.expected.search(words) is None:
            self.complaints.append(words)


@contextlib.asynccontextmanager
async def device_with(*flags: str) -> AsyncIterator[Device]:
    """A Chromium of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=flags)
        device = Device(browser)
        yield device
        await browser.close()


@pytest.fixture
async def device(film: Path) -> AsyncIterator[Device]:
    """Its camera is a flag."""
    async with device_with(*CHROMIUM_FLAGS, f"--use-file-for-fake-video-capture={film}") as device:
        yield device
    assert device.complaints == []


async def go_on_air(page: Page, name: str, way: str) -> None:
    await page.get_by_role("button", name="Turn the camera on").click()
    await expect(page.get_by_label("What this device’s camera shows")).to_be_visible()
    own = page.get_by_label("Camera", exact=True)
    if await own.count():
        await own.select_option(label="A new camera")
    await page.get_by_label("Its name").fill(name)
    await page.screenshot(path=SHOTS / f"this-device-before-{way}.png", full_page=True)
    await page.get_by_role("button", name="Go on air").click()
    state = page.get_by_test_id("air-state")
    await expect(state).to_have_attribute("data-phase", "live", timeout=PATIENCE_MS)
    await expect(state).to_have_attribute("data-way", way)


async def camera_called(http: httpx.AsyncClient, name: str) -> dict[str, Any]:
    cameras = (await http.get("/api/cameras")).raise_for_status().json()
    (found,) = [camera for camera in cameras if camera["name"] == name]
    return dict(found)


async def until_online(http: httpx.AsyncClient, camera_id: str) -> None:
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while True:
            status = (await http.get(f"/api/cameras/{camera_id}")).raise_for_status().json()["status"]
            if status["state"] == "online":
                return
            await asyncio.sleep(0.1)


async def first_anomaly(server: ServerProcess, http: httpx.AsyncClient) -> dict[str, Any]:
    """What a client written from seed 003 alone hears first."""
    (olga,) = [one for one in (await http.get("/api/users")).json() if one["name"] == "olga"]
    token = (await http.post(f"/api/users/{olga['id']}/token")).raise_for_status().json()["access_token"]
    address = f"{server.url.replace('http', 'ws')}/ws/alerts/{olga['id']}?token={token}"
    async with connect(address, proxy=None, max_size=None) as socket:
        async for text in socket:
            message: dict[str, Any] = json.loads(text)
            if message["type"] == "anomaly_detected":
                return message
    raise AssertionError("the server closed before anything was told")


async def test_a_phones_camera_from_going_on_air_to_the_acknowledgement(
    device: Device, server: ServerProcess, visit: Visit
) -> None:
    place = {"latitude": 52.5186, "longitude": 13.3762, "accuracy": 12}
    page = await device.open(server, geolocation=place, permissions=["geolocation"])
    assert await violations_on(page) == []
    async with server.client() as http:
        anomaly = asyncio.create_task(first_anomaly(server, http))
        await go_on_air(page, "Ada’s phone", "webrtc")
        camera = await camera_called(http, "Ada’s phone")
        seen = page.get_by_test_id("seen")
        await expect(seen).to_have_attribute("aria-label", re.compile("Eileen Collins|Unknown"), timeout=PATIENCE_MS)
        await expect(page.get_by_text("Location told, within 12 m")).to_be_visible()
        await page.screenshot(path=SHOTS / "this-device-on-air.png", full_page=True)
        assert await violations_on(page) == []

        olga = await visit("olga", server=server)
        card = olga.page.get_by_label("Open alerts").get_by_test_id("alert-card").first
        await expect(card).to_contain_text("Ada’s phone", timeout=PATIENCE_MS)
        told = await asyncio.wait_for(anomaly, 60)
        assert told["stream_id"] == camera["id"]
        assert base64.b64decode(told["frame"]).startswith(b"\xff\xd8")

        await olga.page.goto(f"/wall/{camera['id']}")
        tile = olga.page.locator(f"[data-testid=tile][data-camera='{camera['id']}']")
        await expect(tile).to_have_attribute("data-live", "true", timeout=PATIENCE_MS)
        await expect(olga.page.get_by_text(re.compile("In view: .*(Eileen Collins|Unknown)")).first).to_be_attached(
            timeout=PATIENCE_MS
        )
        await olga.shot("this-device-seen-live")
        await olga.page.goto("/")
        await card.click()
        await olga.page.keyboard.press("a")
        await expect(olga.page.get_by_text("Taken by you").first).to_be_visible()
        await olga.shot("this-device-alert-taken")
        (taken,) = [
            alert
            for alert in (await http.get("/api/alerts")).json()["alerts"]
            if alert["state"] == "acknowledged"
        ]
        assert (taken["by"], taken["camera"]["latitude"]) == ("olga", place["latitude"])

        # Hung up on its side: the preview shows what the server sees.
        shape = "canvas => canvas.width / canvas.height"
        assert await seen.evaluate(shape) > 1
        turned = {"rotation": 90}
        (await http.patch(f"/api/cameras/{camera['id']}", json=turned)).raise_for_status()
        await expect(page.get_by_test_id("finder")).to_have_attribute("data-turned", "true", timeout=PATIENCE_MS)
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while await seen.evaluate(shape) > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await page.screenshot(path=SHOTS / "this-device-turned.png", full_page=True)

        await page.get_by_role("button", name="Stop").click()
        await expect(page.get_by_test_id("on-air")).to_have_count(0)
        await olga.page.goto("/cameras")
        row = olga.page.locator(f"[data-testid=camera-row][data-camera='{camera['id']}']")
        await expect(row).to_contain_text("the device stopped")


async def test_pictures_are_pushed_where_udp_is_blocked(film: Path, server: ServerProcess) -> None:
    flags = (*CHROMIUM_FLAGS, NO_UDP, f"--use-file-for-fake-video-capture={film}")
    async with device_with(*flags) as device, server.client() as http:
        page = await device.open(server, scheme="dark")
        await go_on_air(page, "Blocked phone", "pictures")
        await expect(page.get_by_test_id("seen")).to_have_attribute(
            "aria-label", re.compile("Eileen Collins|Unknown"), timeout=PATIENCE_MS
        )
        await expect(page.get_by_text("The screen stays on")).to_be_visible()
        await page.screenshot(path=SHOTS / "this-device-pictures.png", full_page=True)
        camera = await camera_called(http, "Blocked phone")
        assert camera["status"]["state"] == "online"
        (await http.delete(f"/api/cameras/{camera['id']}")).raise_for_status()
        await stopped_because(page, "This camera was removed.")


async def test_another_network_and_a_camera_that_is_switched_off(device: Device, server: ServerProcess) -> None:
    page = await device.open(server, script=ONLY_VP8)
    offers: list[str] = []
    page.on("request", lambda asked: offers.append(asked.post_data or "") if "/whip/" in asked.url else None)
    async with server.client() as http:
        await go_on_air(page, "Travelling phone", "webrtc")
        assert len(offers) == 1 and "VP8" in offers[0] and "H264" not in offers[0]
        device.expected = re.compile("ERR_INTERNET_DISCONNECTED")  # of whatever the page asks for in that moment
        await page.context.set_offline(True)
        await page.context.set_offline(False)
        state = page.get_by_test_id("air-state")
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while len(offers) < 2:  # noqa: ASYNC110  # the page says nothing of it
                await asyncio.sleep(0.1)
        await expect(state).to_have_attribute("data-phase", "live", timeout=PATIENCE_MS)
        camera = await camera_called(http, "Travelling phone")
        await until_online(http, camera["id"])
        device.expected = re.compile("409|ERR_INTERNET_DISCONNECTED")
        change = {"enabled": False}
        (await http.patch(f"/api/cameras/{camera['id']}", json=change)).raise_for_status()
        await stopped_because(page, "is switched off")


async def stopped_because(page: Page, reason: str) -> None:
    """The page has given up, and says why."""
    state = page.get_by_test_id("air-state")
    await expect(state).to_have_attribute("data-phase", "refused", timeout=PATIENCE_MS)
    await page.screenshot(path=SHOTS / "this-device-stopped.png", full_page=True)
    await expect(state).to_contain_text(reason)
    await expect(page.get_by_test_id("on-air")).to_have_text("Stopped")
    assert await violations_on(page) == []
    await page.get_by_role("button", name="Begin anew").press("Enter")
    await expect(page.get_by_role("button", name="Go on air")).to_be_visible()


@pytest.mark.parametrize(
    ("problem", "without", "host", "title"),
    [
        ("denied", "--use-fake-ui-for-media-stream", "127.0.0.1", "The camera was refused"),
        ("none", "--use-fake-device-for-media-stream", "127.0.0.1", "No camera was found"),
        ("insecure", "", "camera.example", "This page needs HTTPS"),
    ],
)
async def test_a_camera_that_is_not_given_is_explained(
    server: ServerProcess, problem: str, without: str, host: str, title: str
) -> None:
    flags = [flag for flag in CHROMIUM_FLAGS if flag != without]
    async with device_with(*flags, "--host-resolver-rules=MAP camera.example 127.0.0.1") as device:
        page = await device.open(server, base_url=server.url.replace("127.0.0.1", host))
        await page.get_by_role("button", name="Turn the camera on").click()
        refused = page.get_by_role("alert")
        await expect(refused).to_contain_text(title)
        await expect(refused).to_have_attribute("data-problem", problem)
        await page.screenshot(path=SHOTS / f"this-device-{problem}.png", full_page=True)
