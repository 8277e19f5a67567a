"""The operator's story: a card arrives, is compared, is taken; everybody else sees who has it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def test_an_alert_arrives_is_taken_and_turns_grey_for_the_other_operator(visit: Visit) -> None:
    olga = await visit("olga")
    otto = await visit("otto")
    cards = olga.page.get_by_role("region", name="Open alerts").or_(olga.page.get_by_label("Open alerts"))
    card = cards.get_by_text("Eileen Collins").first
    await expect(card).to_be_visible(timeout=60_000)
    await card.click()
    detail = olga.page.get_by_role("heading", name="Eileen Collins")
    await expect(detail).to_be_visible()
    await expect(olga.page.get_by_alt_text(re.compile("Face seen by the camera")).first).to_be_visible()
    await expect(olga.page.get_by_alt_text(re.compile("Enrolled reference")).first).to_be_visible()
    await olga.shot("operator-alert-dark")

    await olga.page.keyboard.press("a")
    await expect(olga.page.get_by_text("Taken by you").first).to_be_visible()
    await expect(otto.page.get_by_text("Taken by olga").first).to_be_visible(timeout=10_000)
    await otto.shot("operator-taken-by-another")


async def test_a_first_visit_is_led_and_a_verdict_can_be_changed(visit: Visit) -> None:
    admin = await visit("admin")
    page = admin.page
    steps = page.get_by_role("region", name="Three steps to begin with")
    await expect(steps.get_by_role("listitem")).to_have_count(3)
    await expect(steps.get_by_role("listitem").first).to_contain_text("Done:", timeout=60_000)
    await admin.shot("first-visit")
    await steps.get_by_role("button", name="Do not show these steps again").click()
    await expect(steps).to_have_count(0)

    cards = page.get_by_label("Open alerts").get_by_test_id("alert-card")
    await expect(cards.nth(1)).to_be_visible(timeout=60_000)
    face = cards.filter(has_text="Eileen Collins").first
    alert_id = await face.get_attribute("data-alert")
    await face.click()
    detail = page.get_by_test_id("alert-detail")
    await expect(detail).to_have_attribute("data-alert", str(alert_id))
    await page.keyboard.press("c")
    await expect(page.get_by_text("Confirmed: Eileen Collins")).to_be_visible()
    await expect(detail).not_to_have_attribute("data-alert", str(alert_id))
    await page.get_by_role("button", name="Change", exact=True).click()
    await expect(detail).to_have_attribute("data-alert", str(alert_id))
    await expect(detail.get_by_role("button", name="Confirm")).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("r")
    await expect(detail.get_by_role("button", name="Reject")).to_have_attribute("aria-pressed", "true")


async def test_the_wall_draws_boxes_and_names_over_live_pictures(visit: Visit) -> None:
    olga = await visit("olga", path="/wall")
    await expect(olga.page.get_by_text("Entrance hall").first).to_be_visible()
    named = olga.page.get_by_text(re.compile("In view: .*(Eileen Collins|Unknown)"))
    await expect(named.first).to_be_attached(timeout=60_000)
    canvas = olga.page.locator("canvas").first
    colours = await canvas.evaluate(
        """canvas => {
            const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            const seen = new Set();
            for (let i = 0; i < pixels.length; i += 4 * 97) {
                seen.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]);
            }
            return seen.size;
        }"""
    )
    assert colours > 100, "the canvas holds a photograph, not a blank"
    await olga.shot("wall-dark")


async def test_the_guard_takes_an_alert_with_a_thumb(visit: Visit) -> None:
    rita = await visit("rita", size=(390, 844), scheme="light")
    card = rita.page.get_by_label("Open alerts").get_by_text(re.compile("Eileen Collins|Unknown person")).first
    await expect(card).to_be_visible(timeout=60_000)
    await rita.shot("guard-list-light")
    await card.tap()
    await expect(rita.page.get_by_text("Nobody has taken it")).to_be_visible()
    take = rita.page.get_by_role("button", name=re.compile("^Take it"))
    await expect(take).to_be_visible()
    box = await take.bounding_box()
    assert box is not None
    assert box["height"] >= 44, "a thumb needs 44 px"
    await rita.shot("guard-alert-light")
    await take.tap()
    await expect(rita.page.get_by_text("Taken by you").first).to_be_visible()
