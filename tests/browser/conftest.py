"""A demonstration server, started once, whose alerts come by themselves, and a real Chromium."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Geolocation, Page, async_playwright, expect

from sightline.service.demo import prepare
from sightline.settings import Settings
from sightline.testing import ServerProcess
from tests.conftest import ADMIN_PASSWORD

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
DESK = (1440, 900)
PHONE = (390, 844)

SHOTS = Path("test-results/screenshots")

expect.set_options(timeout=30_000)  # several browsers and servers share two cores


def chromium() -> str:
    """Debian's Chromium."""
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("there is no chromium: `make test` installs it")
    return found


QUIET_CAMERA = {"name": "Front door", "source": "/no/such/video.mp4", "latitude": 52.5186, "longitude": 13.3762}


@contextlib.contextmanager
def running(server: ServerProcess, accounts: dict[str, str]) -> Iterator[httpx.Client]:
    """Starts it, and makes accounts of these names and roles with `ADMIN_PASSWORD`, which the administrator has too.

    Gives a client with the rights of the installation's owner.
    """
    try:
        server.start()
        headers = {"Authorization": f"Bearer {server.token}"}
        with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=30) as http:
            (admin,) = http.get("/api/users").raise_for_status().json()
            http.put(f"/api/users/{admin['id']}/password", json={"password": ADMIN_PASSWORD}).raise_for_status()
            for name, role in accounts.items():
                body = {"name": name, "role": role, "password": ADMIN_PASSWORD}
                http.post("/api/users", json=body).raise_for_status()
            yield http
    finally:
        server.stop()


@pytest.fixture(scope="package")
def demo_server(tmp_path_factory: pytest.TempPathFactory, models_home: Path) -> Iterator[ServerProcess]:
    """`sightline serve` on a home that was prepared as `sightline demo` prepares it."""
    with demonstration(tmp_path_factory.mktemp("browser") / "home", models_home) as server:
        yield server


@contextlib.contextmanager
def demonstration(home: Path, models_home: Path) -> Iterator[ServerProcess]:
    """What `demo_server` is, for tests that others would disturb."""
    home.mkdir()
    (home / "models").symlink_to(models_home / "models", target_is_directory=True)
    asyncio.run(prepare(Settings(home=home)))
    server = ServerProcess(home)
    with running(server, {"olga": "operator", "otto": "operator", "rita": "responder"}):
        yield server


@pytest.fixture(scope="package")
def quiet_server(tmp_path_factory: pytest.TempPathFactory, models_home: Path) -> Iterator[ServerProcess]:
    """A server on which nothing happens by itself: its one camera is switched off, and workstations are not given up.
    What cannot be told is given up at the first try."""
    home = tmp_path_factory.mktemp("quiet") / "home"
    home.mkdir()
    (home / "models").symlink_to(models_home / "models", target_is_directory=True)
    settings = {"notification_tries": 1, "restart_grace_seconds": 1, "workstation_timeout_seconds": 300}
    server = ServerProcess(home, {"allow_loopback_targets": True} | settings)
    with running(server, {"olga": "operator", "rita": "responder", "tom": "responder"}) as http:
        http.post("/api/cameras", json=QUIET_CAMERA | {"enabled": False}).raise_for_status()
        yield server


@dataclass
class QuietServer:
    """What its owner asks of it."""

    http: httpx.AsyncClient

    async def get(self, path: str) -> Any:
        return (await self.http.get(path)).raise_for_status().json()

    async def on_duty(self, name: str) -> None:
        (user,) = [one for one in await self.get("/api/duty") if one["name"] == name]
        (await self.http.put(f"/api/duty/{user['user_id']}/switch", json={"on": True})).raise_for_status()

    async def raise_alert(self) -> str:
        """A test alert, as if of its camera: the id."""
        (camera,) = await self.get("/api/cameras")
        made = await self.http.post("/api/alerts/test", json={"camera_id": camera["id"], "severity": "critical"})
        return str(made.raise_for_status().json()["alert_id"])

    async def calm(self) -> None:
        """Nobody is on duty, nothing is planned or kept quiet, and no alert is open."""
        for one in await self.get("/api/duty"):
            await self.http.put(f"/api/duty/{one['user_id']}/switch", json={"on": False})
            await self.http.delete(f"/api/duty/{one['user_id']}/roster")
        for period in await self.get("/api/snoozes"):
            await self.http.delete(f"/api/snoozes/{period['id']}")
        for alert in (await self.get("/api/alerts?state=open"))["alerts"]:
            (await self.http.post(f"/api/alerts/{alert['alert_id']}/ack", json={})).raise_for_status()


@pytest.fixture
async def quiet(quiet_server: ServerProcess) -> AsyncIterator[QuietServer]:
    """`quiet_server` as it was at its start."""
    async with quiet_server.client() as http:
        server = QuietServer(http)
        await server.calm()
        yield server


@dataclass
class Visitor:
    """Somebody before a page: their context, and everything the page complained about."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    async def shot(self, name: str) -> None:
        """Keeps a picture of the page, for people to look at."""
        await self.page.screenshot(path=SHOTS / f"{name}.png")


Visit = Callable[..., Awaitable[Visitor]]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        yield launched
        await launched.close()


@pytest.fixture
async def visit(browser: Browser, demo_server: ServerProcess) -> AsyncIterator[Visit]:
    """Opens the console as a user on a screen of some size; afterwards no page may have complained."""
    visitors: list[Visitor] = []

    async def open_console(
        user: str = "admin",
        *,
        size: tuple[int, int] = DESK,
        scheme: str = "dark",
        path: str = "/",
        server: ServerProcess = demo_server,
        at: Geolocation | None = None,
        may: Sequence[str] = (),
    ) -> Visitor:
        phone = size == PHONE
        context = await browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,  # type: ignore[arg-type]
            base_url=server.url,
            geolocation=at,
            permissions=list(may),
            has_touch=phone,
            is_mobile=phone,
            reduced_motion="reduce",
        )
        page = await context.new_page()
        page.set_default_timeout(30_000)
        visitor = Visitor(page, context)
        page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                visitor.complaints.append(f"{message.text} ({message.location['url']})")
                if message.type in ("error", "warning")
                else None
            ),
        )
        visitors.append(visitor)
        await page.goto(path)
        await page.get_by_label("User name").fill(user)
        await page.get_by_label("Password", exact=True).fill(ADMIN_PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.get_by_text("Live", exact=True).first.wait_for()
        return visitor

    yield open_console
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        await visitor.context.close()
    assert complaints == []


async def violations_on(page: Page) -> list[str]:
    """What axe knows to shut people out of the page as it is."""
    results = await Axe().run(page)
    return [
        f"{one['id']}: {one['help']} ({node['target']})"
        for one in results.response["violations"]
        for node in one["nodes"]
    ]
