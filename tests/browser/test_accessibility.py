"""Every page, light and dark, on a desk and on a phone: no violation that axe knows."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import DESK, PHONE, Visit, violations_on

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PAGES = {
    "/": "Alerts",
    "/wall": "Wall",
    "/history": "History",
    "/people": "People",
    "/identify": "Who is this?",
    "/watch-lists": "Watch lists",
    "/cameras": "Cameras",
    "/duty": "Duty",
    "/this-device": "Use this device",
    "/channels": "Channels",
    "/users": "Users",
    "/connections": "Connections",
    "/workstations": "Workstations",
    "/workstations/actions": "Action log",
    "/system": "System",
    "/search": "Search the past",
    "/strangers": "Strangers",
    "/figures": "Figures",
    "/analyse": "Analyse",
}


@pytest.mark.parametrize("size", [DESK, PHONE])
async def test_no_page_shuts_anybody_out(visit: Visit, size: tuple[int, int]) -> None:
    admin = await visit("admin", size=size)
    violations: dict[str, list[str]] = {}
    for path, title in PAGES.items():
        await admin.page.goto(path)
        await expect(admin.page.get_by_role("heading", name=title, exact=True).first).to_be_visible()
        await admin.page.wait_for_load_state("networkidle")
        for scheme in ("dark", "light"):
            await admin.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await admin.shot(f"page-{title.lower().replace(' ', '-').rstrip('?')}-{size[0]}-{scheme}")
            if found := await violations_on(admin.page):
                violations[f"{path} {scheme}"] = found
    assert violations == {}
