"""Every page, light and dark, on a desk and on a phone: no violation that axe knows."""

from __future__ import annotations

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from tests.browser.conftest import DESK, PHONE, Visit

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


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "dark"), (DESK, "light"), (PHONE, "dark"), (PHONE, "light")])
async def test_no_page_shuts_anybody_out(visit: Visit, size: tuple[int, int], scheme: str) -> None:
    admin = await visit("admin", size=size, scheme=scheme)
    violations: dict[str, list[str]] = {}
    for path, title in PAGES.items():
        await admin.page.goto(path)
        await expect(admin.page.get_by_role("heading", name=title, exact=True).first).to_be_visible()
        await admin.page.wait_for_load_state("networkidle")
        await admin.shot(f"page-{title.lower().replace(' ', '-').rstrip('?')}-{size[0]}-{scheme}")
        results = await Axe().run(admin.page)
        found = [
            f"{violation['id']}: {violation['help']} ({node['target']})"
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]
        if found:
            violations[path] = found
    assert violations == {}
