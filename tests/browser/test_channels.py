"""The administrator's outside channels: a webhook with its secret, a test in plain words, dead letters; connections."""

from __future__ import annotations

import json
import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from sightline.testing import ServerProcess
from tests.browser.conftest import QuietServer, Visit
from tests.http_receiver import http_receiver

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def test_a_webhook_is_added_tried_and_its_dead_letters_are_seen_to(
    visit: Visit, quiet_server: ServerProcess, quiet: QuietServer
) -> None:
    admin = await visit("admin", path="/channels", server=quiet_server)
    page = admin.page
    await expect(page.get_by_text("No channel yet")).to_be_visible()
    async with http_receiver() as receiver:
        await page.get_by_role("button", name="Add channel").click()
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog.get_by_text("Give an address.")).to_be_visible()
        await dialog.get_by_label("Name").fill("Guard room")
        await dialog.get_by_label("Address").fill(f"{receiver.url}/hook/s3cret")
        await dialog.get_by_label("Alerts that nobody took in time").uncheck()
        await dialog.get_by_role("combobox", name="From severity").click()
        await page.get_by_role("option", name="Critical").click()
        await admin.shot("channel-dialog")
        results = await Axe().run(page)
        assert [violation["id"] for violation in results.response["violations"]] == []
        await dialog.get_by_role("button", name="Save").click()
        await expect(page.get_by_test_id("secret")).to_have_text(re.compile(r"^whsec_[\w-]{43}$"))
        await admin.shot("channel-secret")
        await page.get_by_role("button", name="I have it").click()
        row = page.get_by_test_id("channel-row").filter(has_text="Guard room")
        await expect(row.get_by_text(f"{receiver.url}/…")).to_be_visible()
        await expect(row.get_by_text("Delivers")).to_be_visible()

        await row.get_by_role("button", name="Send a test over Guard room").click()
        await expect(row.get_by_role("status")).to_have_text("the message was taken")
        assert json.loads(receiver.requests[0].body)["type"] == "test"
        receiver.status = 500
        await row.get_by_role("button", name="Send a test over Guard room").click()
        await expect(row.get_by_role("status")).to_have_text("the server answered 500")

        receiver.status = 400
        first = await quiet.raise_alert()
        await quiet.raise_alert()
        letters = page.get_by_test_id("dead-letter")
        await expect(letters).to_have_count(2, timeout=20_000)
        await expect(row.get_by_text("2 dead letters")).to_be_visible()
        await expect(letters.first.get_by_text("the server answered 400")).to_be_visible()
        await admin.shot("channels-dead-letters")
        receiver.status = 201
        await letters.last.get_by_role("button", name="Try again: Guard room").click()
        await expect(letters).to_have_count(1)
        assert json.loads(receiver.requests[-1].body)["data"]["alert_id"] == first
        await letters.get_by_role("button", name="Discard: Guard room").click()
        await page.get_by_role("dialog").get_by_role("button", name="Discard").click()
        await expect(page.get_by_text("Everything was told", exact=False)).to_be_visible()

        await page.get_by_role("button", name="More for Guard room").click()
        await page.get_by_role("menuitem", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(page.get_by_text("No channel yet")).to_be_visible()


async def test_who_is_connected_is_seen(visit: Visit, quiet_server: ServerProcess) -> None:
    await visit("rita", size=(390, 844), server=quiet_server)
    admin = await visit("admin", path="/connections", server=quiet_server)
    rows = admin.page.get_by_test_id("connection-row")
    await expect(rows.filter(has_text="rita")).to_contain_text("Phone")
    await expect(rows.filter(has_text="admin")).to_contain_text("Browser")
