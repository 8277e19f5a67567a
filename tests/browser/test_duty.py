"""Who is on duty when, what is kept quiet, and the test of the way to people: an operator's week in two minutes."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from sightline.testing import ServerProcess
from tests.browser.conftest import QuietServer, Visit
from tests.conftest import ADMIN_PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def _violations(page: Page) -> list[str]:
    results = await Axe().run(page)
    return [
        f"{violation['id']}: {node['target']}"
        for violation in results.response["violations"]
        for node in violation["nodes"]
    ]


async def test_a_schedule_is_made_and_says_who_is_on_duty_now_and_next(
    visit: Visit, quiet_server: ServerProcess, quiet: QuietServer
) -> None:
    new = {"name": "hugo", "role": "responder", "password": ADMIN_PASSWORD}
    hugo = (await quiet.http.post("/api/users", json=new)).raise_for_status().json()
    olga = await visit("olga", path="/duty", server=quiet_server)
    page = olga.page
    await expect(page.get_by_text("Nobody is on duty")).to_be_visible()
    await expect(page.get_by_text("There is no schedule yet", exact=False)).to_be_visible()
    row = page.get_by_test_id("duty-row").filter(has_text="hugo")

    await row.get_by_role("button", name="Edit the schedule of hugo").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Add a shift").click()
    shift = dialog.get_by_role("group", name="Shift 1")
    for day in ("Sat", "Sun"):
        await shift.get_by_text(day, exact=True).click()
    await shift.get_by_label("From").fill("00:00")
    await shift.get_by_label("To").fill("00:00")
    await expect(shift.get_by_text("ends on the next day")).to_be_visible()
    await dialog.get_by_role("button", name="Add an exception").click()
    exception = dialog.get_by_role("group", name="Exceptions 1")
    await exception.get_by_label("Begins").fill("2030-12-24T08:00")
    await exception.get_by_label("Ends").fill("2030-12-24T07:00")
    await exception.get_by_label("Reason").fill("leave")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_text("It must end after it begins.")).to_be_visible()
    await exception.get_by_label("Ends").fill("2030-12-27T08:00")
    await dialog.get_by_label("Latitude").fill("52.5186")
    await dialog.get_by_label("Longitude").fill("13.3762")
    await olga.shot("duty-roster")
    assert await _violations(page) == []
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)

    await expect(row.get_by_text("On duty", exact=True)).to_be_visible()
    await expect(row.get_by_text("by schedule", exact=False)).to_be_visible()
    await expect(row.get_by_text("Duty post", exact=True)).to_be_visible()
    await expect(page.get_by_text("Somebody is planned at every hour.")).to_be_visible()
    await expect(page.get_by_text("Nobody on duty can be reached")).to_be_visible()
    (duty,) = [one for one in await quiet.get("/api/duty") if one["name"] == "hugo"]
    assert [shift["weekday"] for shift in duty["roster"]["shifts"]] == list(range(7))
    assert duty["roster"]["exceptions"][0]["reason"] == "leave"
    await olga.shot("duty")

    await row.get_by_role("switch", name="hugo is on duty").click(force=True)
    await expect(row.get_by_text("switched by hand", exact=False)).to_be_visible()
    await row.get_by_role("button", name="Edit the schedule of hugo").click()
    await dialog.get_by_role("button", name="Remove the schedule").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)  # the removal was answered: hugo is still needed for that
    await expect(page.get_by_text("There is no schedule yet", exact=False)).to_be_visible()
    (await quiet.http.delete(f"/api/users/{hugo['id']}")).raise_for_status()


async def test_a_test_alert_shows_who_was_told(visit: Visit, quiet_server: ServerProcess, quiet: QuietServer) -> None:
    await quiet.on_duty("tom")
    olga = await visit("olga", path="/duty", server=quiet_server)
    page = olga.page
    await page.get_by_role("button", name="Test alert").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("goes the whole way", exact=False)).to_be_visible()
    assert await _violations(page) == []
    await dialog.get_by_role("button", name="Send the test").click()
    await expect(page.get_by_role("heading", name="Test alert")).to_be_visible()
    story = page.get_by_test_id("delivery-entry")
    await expect(story.filter(has_text="nobody on duty could be reached")).to_be_visible()
    await expect(story.filter(has_text="Waiting for an answer")).to_be_visible()
    address = page.url
    await page.get_by_role("button", name=re.compile("^Take it")).click()
    await page.goto(address)  # where another alert was open, that came up by itself
    await expect(story.filter(has_text="Taken by olga")).to_be_visible()
    await olga.shot("delivery-timeline")


async def test_a_camera_is_kept_quiet_and_raises_alerts_again(
    visit: Visit, quiet_server: ServerProcess, quiet: QuietServer
) -> None:
    olga = await visit("olga", path="/cameras", server=quiet_server)
    page = olga.page
    await page.get_by_role("button", name="More for Front door").click()
    await page.get_by_role("menuitem", name="Keep quiet").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_text("4 h", exact=True).click()
    await dialog.get_by_label("Why").fill("painters")
    assert await _violations(page) == []
    await dialog.get_by_role("button", name="Keep quiet").click()
    await page.get_by_role("link", name=re.compile("^Quiet until")).click()

    row = page.get_by_test_id("quiet-row").filter(has_text="Front door")
    await expect(row.get_by_text("Snooze · painters · by olga")).to_be_visible()
    await row.get_by_role("button", name="End it for Front door").click()
    await expect(row).to_have_count(0)
    await page.get_by_role("button", name="Undo").click()
    await expect(row).to_be_visible()
    (period,) = await quiet.get("/api/snoozes")
    assert (period["kind"], period["reason"]) == ("snooze", "painters")

    await page.get_by_role("button", name="Plan maintenance").click()
    await dialog.get_by_label("From").fill("2030-01-01T10:00")
    await dialog.get_by_label("Until").fill("2030-01-01T09:00")
    await dialog.get_by_role("button", name="Plan it").click()
    await expect(dialog.get_by_text("It must end after it begins", exact=False)).to_be_visible()
    await dialog.get_by_label("Until").fill("2030-01-01T12:00")
    await dialog.get_by_role("button", name="Plan it").click()
    await expect(page.get_by_test_id("quiet-row").filter(has_text="All cameras")).to_be_visible()
    await olga.shot("duty-quiet")
    await page.get_by_role("link", name="Alerts").click()
    await expect(page.get_by_role("link", name="1 camera is kept quiet")).to_be_visible()


async def test_a_responder_sees_to_their_own_duty_only(
    visit: Visit, quiet_server: ServerProcess, quiet: QuietServer
) -> None:
    rita = await visit("rita", size=(390, 844), path="/duty", server=quiet_server)
    await expect(rita.page.get_by_role("heading", name="My duty")).to_be_visible()
    await expect(rita.page.get_by_test_id("duty-row")).to_have_count(1)
    await expect(rita.page.get_by_role("button", name="Test alert")).to_have_count(0)
    assert await _violations(rita.page) == []
