"""The connection's status is true when the server dies, and everything goes on when it is back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.async_api import Browser, expect

from sightline.testing import ServerProcess
from tests.conftest import ADMIN_PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def test_the_console_says_that_the_server_died_and_comes_back_by_itself(
    browser: Browser, start_server: Callable[..., ServerProcess]
) -> None:
    server = start_server()
    context = await browser.new_context(base_url=server.url, viewport={"width": 1024, "height": 768})
    page = await context.new_page()
    await page.goto("/")
    await page.get_by_label("User name").fill("admin")
    await page.get_by_label("Password", exact=True).fill(ADMIN_PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("Live", exact=True).first).to_be_visible()

    server.kill9()
    away = page.get_by_text(re.compile("Reconnecting|Offline since|Connecting")).first
    await expect(away).to_be_visible(timeout=10_000)
    await expect(page.get_by_text("Live", exact=True)).to_have_count(0)

    server.start()
    await expect(page.get_by_text("Live", exact=True).first).to_be_visible(timeout=60_000)
    await context.close()
