"""The guard's story, on a phone: on duty, asked, unable, taking one on a network that is gone; woken by push."""

from __future__ import annotations

import json
import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Geolocation, Page, expect

from sightline.testing import ServerProcess
from tests.browser.conftest import PHONE, QuietServer, Visit
from tests.conftest import ADMIN_PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

NEARBY = Geolocation(latitude=52.5160, longitude=13.3762, accuracy=8)
"""289 m south of the camera."""


async def test_a_guard_is_asked_cannot_and_takes_the_next(
    visit: Visit, quiet_server: ServerProcess, quiet: QuietServer
) -> None:
    rita = await visit("rita", size=PHONE, server=quiet_server, at=NEARBY, may=["geolocation"])
    page = rita.page
    await expect(page.get_by_role("switch", name="On duty")).not_to_be_checked()
    await expect(page.get_by_test_id("sharing")).to_have_text("Your position is not shared while you are off duty.")
    (before,) = [one for one in await quiet.get("/api/duty") if one["name"] == "rita"]
    assert (before["on_duty"], before["fix_age_ms"]) == (False, None), "nothing is shared before"
    await page.get_by_role("switch", name="On duty").tap()
    await expect(page.get_by_test_id("sharing")).to_have_attribute("data-shared", "true")
    await expect(page.get_by_text("You said so")).to_be_visible()

    first = await quiet.raise_alert()
    card = page.get_by_test_id("guard-card").and_(page.locator(f"[data-alert='{first}']"))
    await expect(card.get_by_text("Front door")).to_be_visible()
    await expect(card.get_by_test_id("distance")).to_have_text("290 m north")
    await expect(card.get_by_text("You are asked")).to_be_visible()
    take = await card.get_by_role("button", name="Taking it").bounding_box()
    assert take is not None and take["height"] >= 48, "a thumb finds it"
    await rita.shot("guard-asked")
    found = (await Axe().run(page)).response["violations"]
    assert [(violation["id"], violation["nodes"]) for violation in found] == []

    await card.get_by_role("button", name="Cannot").tap()
    reason = page.get_by_role("button", name="Too far away")
    await expect(reason).to_be_visible()
    await rita.shot("guard-cannot")
    await reason.tap()
    declined = page.get_by_label("You cannot take these").locator(f"[data-alert='{first}']")
    await expect(declined.get_by_role("button", name="Take it after all")).to_be_visible()
    story = await quiet.get(f"/api/alerts/{first}/escalation")
    assert [(one["name"], one["reason"]) for one in story["declines"]] == [("rita", "Too far away")]
    assert [(step["name"], step["outcome"]) for step in story["steps"]][0] == ("rita", "declined")
    (now,) = [one for one in await quiet.get("/api/duty") if one["name"] == "rita"]
    assert now["connected"] and now["fix_age_ms"] is not None

    second = await quiet.raise_alert()
    card = page.locator(f"[data-alert='{second}']")
    await card.get_by_role("button", name="Taking it").tap()
    mine = page.get_by_label("You have these").locator(f"[data-alert='{second}']")
    await expect(mine.get_by_text("Taken by you")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("You cannot take these").locator(f"[data-alert='{first}']")).to_be_visible()

    await page.get_by_role("switch", name="On duty").tap()
    await expect(page.get_by_test_id("sharing")).to_have_text("Your position is not shared while you are off duty.")


async def _sign_in(page: Page, name: str) -> None:
    await page.get_by_label("User name").fill(name)
    await page.get_by_label("Password", exact=True).fill(ADMIN_PASSWORD)
    await expect(page.get_by_label("Stay signed in on this device")).to_be_checked()
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_text("Live", exact=True).first.wait_for()


async def test_a_tap_survives_a_network_that_is_gone_and_the_shell_opens_without_one(
    browser: Browser, quiet_server: ServerProcess, quiet: QuietServer
) -> None:
    context = await browser.new_context(
        base_url=quiet_server.url, viewport={"width": PHONE[0], "height": PHONE[1]}, is_mobile=True, has_touch=True
    )
    page = await context.new_page()
    await page.goto("/")
    await _sign_in(page, "rita")
    assert await page.evaluate("navigator.serviceWorker.ready.then(one => one.active.scriptURL)") == (
        f"{quiet_server.url}/sw.js"
    )
    alert_id = await quiet.raise_alert()
    card = page.locator(f"[data-alert='{alert_id}']")
    await expect(card.get_by_role("button", name="Taking it")).to_be_visible()

    quiet_server.kill9()
    await card.get_by_role("button", name="Taking it").tap()
    await expect(card.get_by_text("Waiting for the connection")).to_be_visible()
    await expect(page.get_by_role("alert").first).to_contain_text("what you tap is kept")
    await page.screenshot(path="test-results/screenshots/guard-offline.png")
    await page.reload()
    await expect(page.get_by_role("switch", name="On duty")).to_be_visible()
    await expect(page.get_by_text("The server cannot be reached.").first).to_be_visible()

    quiet_server.start()
    mine = page.get_by_label("You have these").locator(f"[data-alert='{alert_id}']")
    await expect(mine.get_by_text("Taken by you")).to_be_visible(timeout=60_000)
    async with quiet_server.client() as owner:  # whose token is a new one after each start
        taken = (await owner.get(f"/api/alerts/{alert_id}")).json()
    assert (taken["state"], taken["by"]) == ("acknowledged", "rita")

    await page.close()
    page = await context.new_page()
    await page.goto("/")
    await expect(page.get_by_role("switch", name="On duty")).to_be_visible()
    await page.get_by_role("button", name="Account of rita").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_label("User name")).to_be_visible()
    await page.reload()
    await expect(page.get_by_label("User name")).to_be_visible()
    await context.close()


async def test_a_push_message_wakes_the_phone_and_leads_to_the_alert(
    visit: Visit, quiet_server: ServerProcess, quiet: QuietServer
) -> None:
    rita = await visit("rita", size=PHONE, server=quiet_server, may=["notifications"])
    page = rita.page
    await expect(page.get_by_text("Wake this phone for alerts?")).to_be_visible()
    await page.get_by_role("button", name="Not now").tap()
    await expect(page.get_by_text("Wake this phone for alerts?")).to_have_count(0)

    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    (worker,) = rita.context.service_workers
    alert_id = await quiet.raise_alert()
    message = {
        "type": "alert_triggered", "alert_id": alert_id, "severity": "critical", "title": "Alert at Front door",
        "body": "Test, critical", "url": f"/alerts/{alert_id}", "timestamp": 1_767_265_205_000,
    }  # fmt: skip
    await worker.evaluate("data => { self.dispatchEvent(new PushEvent('push', {data})); }", json.dumps(message))
    await page.wait_for_function(
        "navigator.serviceWorker.ready.then(one => one.getNotifications()).then(shown => shown.length === 1)"
    )
    title, body = await worker.evaluate(
        """async () => {
            let shown;
            while (shown === undefined) [shown] = await self.registration.getNotifications();
            self.dispatchEvent(new NotificationEvent('notificationclick', {notification: shown}));
            return [shown.title, shown.body];
        }"""
    )
    assert (title, body) == ("Alert at Front door", "Test, critical")
    await expect(page).to_have_url(re.compile(f"/alerts/{alert_id}$"))
    detail = page.get_by_test_id("alert-detail")
    await expect(detail.get_by_role("heading", name="Test alert")).to_be_visible()
    await expect(detail.get_by_role("heading", name="Who was told")).to_be_visible()
    assert await worker.evaluate("self.registration.getNotifications().then(shown => shown.length)") == 0
