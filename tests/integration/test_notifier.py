"""Web push, webhooks and Apprise of a real gateway, against real receivers: from the fact to the decrypted message."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from sightline.accounts import Role, User
from sightline.deliveries.channel import Channel, ChannelKind, NoticeEvent
from sightline.deliveries.notice import Attempt
from sightline.deliveries.notification import Notification
from sightline.events.alert import Alert, Severity
from sightline.service.gateway import open_gateway
from sightline.settings import Settings
from tests.contract.facts import alerting, event
from tests.http_receiver import HttpReceiver, Received, http_receiver
from tests.integration.gateway_app import PATIENCE_S, GatewayRun, RunningGateway
from tests.push_browser import Browser, unb64

QUICK = {
    "allow_loopback_targets": True,
    "notification_retry_seconds": 0.05,
    "notification_tries": 3,
    "notification_timeout_seconds": 5.0,
    "public_url": "https://alerts.example.org",
}


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[HttpReceiver]:
    async with http_receiver() as receiver:
        yield receiver


@pytest_asyncio.fixture
async def running(gateway_run: GatewayRun) -> RunningGateway:
    gateway_run.settings = dict(QUICK)
    return await gateway_run.start()


async def subscribed(
    running: RunningGateway, receiver: HttpReceiver, name: str = "olga", role: Role = Role.OPERATOR
) -> tuple[User, str, Browser]:
    """A user with a phone that is told by push at `/push/{name}`."""
    user, token = await running.user(name, role)
    browser = Browser()
    async with running.http(token) as http:
        body = browser.subscription(f"{receiver.url}/push/{name}")
        (await http.post("/api/push/subscriptions", json=body)).raise_for_status()
    return user, token, browser


async def webhook(running: RunningGateway, receiver: HttpReceiver, **changed: Any) -> tuple[str, str]:
    """A channel's id and secret."""
    body = {"name": "Guards", "kind": "webhook", "address": f"{receiver.url}/hook/s3cret"} | changed
    async with running.http() as http:
        made = (await http.post("/api/channels", json=body)).raise_for_status().json()
    return made["channel"]["id"], made["secret"]


async def raised(running: RunningGateway) -> Alert:
    """An alert about Ada Lovelace at the front door."""
    camera, person = await running.camera(), await running.wanted()
    async with running.engine() as engine:
        await engine.sees(person, camera)
    (alert,) = await running.gateway.store.alerts.list(tags=frozenset({"role:operator"}))
    return alert


async def settled(running: RunningGateway) -> None:
    """Nothing waits any more."""
    async with asyncio.timeout(PATIENCE_S):
        while (await running.gateway.store.notices.backlog()).waiting:  # noqa: ASYNC110  # there is no event for it
            await asyncio.sleep(0.02)


async def dead_letters(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await http.get("/api/dead-letters")).raise_for_status().json()
    return found


async def until_dead(running: RunningGateway, count: int = 1) -> list[dict[str, Any]]:
    async with running.http() as http, asyncio.timeout(PATIENCE_S):
        while len(found := await dead_letters(http)) < count:  # noqa: ASYNC110  # there is no event for it
            await asyncio.sleep(0.02)
        return found


def database_files(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.glob("sightline.db*"))


def check_signature(request: Received, secret: str) -> None:
    """As `docs/howto/webhooks.md` tells a receiver to."""
    fields = dict(part.split("=", 1) for part in request.headers["sightline-signature"].split(","))
    wanted = hmac.new(secret.encode(), f"{fields['t']}.".encode() + request.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(fields["v1"], wanted)


# ── web push ──


async def test_a_phone_is_told_of_an_alert_without_a_name(running: RunningGateway, receiver: HttpReceiver) -> None:
    _, _, browser = await subscribed(running, receiver)
    alert = await raised(running)
    (request,) = await receiver.first()
    message = browser.read(request.body)
    assert message["title"] == "Alert at Front door"
    assert (message["alert_id"], message["url"]) == (alert.id, f"/alerts/{alert.id}")
    assert "Ada" not in json.dumps(message)
    assert b"Front door" not in request.body


async def test_a_name_is_sent_where_the_administrator_wants_it(
    gateway_run: GatewayRun, receiver: HttpReceiver
) -> None:
    gateway_run.settings = QUICK | {"notification_names": True}
    running = await gateway_run.start()
    _, _, browser = await subscribed(running, receiver)
    await raised(running)
    (request,) = await receiver.first()
    assert browser.read(request.body)["title"] == "Ada Lovelace at Front door"


async def test_only_those_whom_the_alert_is_for_are_told(gateway_run: GatewayRun, receiver: HttpReceiver) -> None:
    gateway_run.settings = QUICK | {"alert_roles": ("operator",)}
    running = await gateway_run.start()
    await subscribed(running, receiver)
    await subscribed(running, receiver, "viktor", Role.VIEWER)
    _, _, _ = await subscribed(running, receiver, "otto")
    await raised(running)
    await settled(running)
    assert {request.path for request in receiver.requests} == {"/push/olga", "/push/otto"}


async def test_a_device_that_is_gone_is_forgotten(running: RunningGateway, receiver: HttpReceiver) -> None:
    user, _, _ = await subscribed(running, receiver)
    receiver.status = 410
    await raised(running)
    await settled(running)
    assert await running.gateway.store.push_subscriptions.of_user(user.id) == []
    assert len(receiver.requests) == 1
    async with running.http() as http:
        assert await dead_letters(http) == []


@pytest.mark.parametrize("meanwhile", ["somebody took it", "the account was disabled"])
async def test_a_phone_is_not_woken_for_nothing(
    gateway_run: GatewayRun, receiver: HttpReceiver, meanwhile: str
) -> None:
    gateway_run.settings = QUICK | {"notification_retry_seconds": 1.0}
    running = await gateway_run.start()
    user, _, _ = await subscribed(running, receiver)
    receiver.status = 503
    alert = await raised(running)
    await receiver.first()
    if meanwhile == "somebody took it":
        await running.gateway.take_alert(user, alert.id, None)
    else:
        await running.gateway.store.users.update(user.id, disabled=True)
    receiver.status = 201
    await settled(running)
    assert len(receiver.requests) == 1
    assert (await running.gateway.store.notices.backlog()).dead == 0


async def test_escalation_pushes_to_one_user(running: RunningGateway, receiver: HttpReceiver) -> None:
    alert = await raised(running)
    user, _, browser = await subscribed(running, receiver)
    await subscribed(running, receiver, "otto")
    assert user.id in await running.gateway.notifier.reachable()
    await running.gateway.notifier.push_user(user.id, alert)
    await settled(running)
    (request,) = receiver.requests
    assert request.path == "/push/olga"
    assert browser.read(request.body)["alert_id"] == alert.id


async def test_subscribing_and_unsubscribing(running: RunningGateway, receiver: HttpReceiver) -> None:
    _, token, browser = await subscribed(running, receiver)
    _, stranger = await running.user("otto")
    async with running.http(token) as http, running.http(stranger) as other, running.http() as local:
        key = (await http.get("/api/push/key")).json()["key"]
        assert len(unb64(key)) == 65
        (device,) = (await http.get("/api/push/subscriptions")).json()
        assert set(device) == {"id", "device", "created_at"}
        assert device["device"] == "phone"
        assert (await other.get("/api/push/subscriptions")).json() == []
        assert (await other.delete("/api/push/subscriptions", params={"device": "phone"})).status_code == 404
        mine = browser.subscription(f"{receiver.url}/push")
        assert (await local.post("/api/push/subscriptions", json=mine)).status_code == 403
        for broken in (
            mine | {"endpoint": "ftp://x"}, mine | {"keys": {"p256dh": "AA", "auth": "AA"}}, mine | {"extra": 1},
            mine | {"device": ""},
        ):  # fmt: skip
            assert (await http.post("/api/push/subscriptions", json=broken)).status_code == 422
        assert (await http.delete("/api/push/subscriptions", params={"device": "phone"})).status_code == 204
    await raised(running)
    await settled(running)
    assert receiver.requests == []


async def test_the_key_stays_the_same_over_restarts(gateway_run: GatewayRun) -> None:
    keys = []
    for _ in range(2):
        running = await gateway_run.start()
        _, token = await running.user(f"user {len(keys)}")
        async with running.http(token) as http:
            keys.append((await http.get("/api/push/key")).json()["key"])
        await gateway_run.stop()
    assert keys[0] == keys[1]


async def test_a_push_service_on_this_machine_is_refused(gateway_run: GatewayRun, receiver: HttpReceiver) -> None:
    gateway_run.settings = QUICK | {"allow_loopback_targets": False}
    running = await gateway_run.start()
    _, token = await running.user("olga")
    async with running.http(token) as http:
        body = Browser().subscription(receiver.url)
        assert (await http.post("/api/push/subscriptions", json=body)).status_code == 422
        body = Browser().subscription(receiver.url.replace("http:", "https:"))
        assert (await http.post("/api/push/subscriptions", json=body)).status_code == 201
    await raised(running)
    (letter,) = await until_dead(running)
    assert letter["kind"] == "web_push"
    assert "allow_loopback_targets" in letter["problem"]
    assert receiver.connections == 0


# ── webhooks ──


async def test_a_webhook_gets_the_alert_signed(running: RunningGateway, receiver: HttpReceiver) -> None:
    _, secret = await webhook(running, receiver)
    alert = await raised(running)
    (request,) = await receiver.first()
    check_signature(request, secret)
    message = json.loads(request.body)
    assert (message["type"], message["id"]) == ("alert_triggered", request.headers["sightline-delivery"])
    assert message["url"] == f"https://alerts.example.org/alerts/{alert.id}"
    assert message["data"] == await running.gateway.views.alert(alert)
    assert message["data"]["person"]["first_name"] == "Ada"


async def test_a_failed_delivery_is_tried_again_under_the_same_id(
    running: RunningGateway, receiver: HttpReceiver
) -> None:
    _, secret = await webhook(running, receiver)
    receiver.answers.extend([500, 429])
    await raised(running)
    requests = await receiver.first(3)
    assert len({request.headers["sightline-delivery"] for request in requests}) == 1
    for request in requests:
        check_signature(request, secret)
    await settled(running)
    assert len(receiver.requests) == 3
    async with running.http() as http:
        figures = (await http.get("/metrics")).text
    assert 'sightline_notifications_sent_total{kind="webhook"} 1.0' in figures
    assert 'sightline_notification_failures_total{kind="webhook"} 2.0' in figures


async def test_after_the_last_try_it_is_a_dead_letter(running: RunningGateway, receiver: HttpReceiver) -> None:
    channel_id, _ = await webhook(running, receiver)
    receiver.status = 500
    alert = await raised(running)
    (letter,) = await until_dead(running)
    assert len(receiver.requests) == 3
    assert (letter["kind"], letter["target"], letter["target_id"]) == ("webhook", "Guards", channel_id)
    assert (letter["alert_id"], letter["event"], letter["attempts"]) == (alert.id, "alert_triggered", 3)
    assert letter["problem"] == "the server answered 500"

    receiver.status = 200
    async with running.http() as http:
        assert (await http.post(f"/api/dead-letters/{letter['id']}/retry")).status_code == 202
        await receiver.first(4)
        await settled(running)
        assert await dead_letters(http) == []
        assert (await http.post(f"/api/dead-letters/{letter['id']}/retry")).status_code == 404
    assert receiver.requests[3].headers["sightline-delivery"] == letter["id"]


async def test_a_dead_letter_is_dropped(running: RunningGateway, receiver: HttpReceiver) -> None:
    await webhook(running, receiver)
    receiver.status = 400
    await raised(running)
    (letter,) = await until_dead(running)
    assert len(receiver.requests) == 1
    async with running.http() as http:
        (channel,) = (await http.get("/api/channels")).json()
        assert (channel["waiting"], channel["waiting_since"], channel["given_up"]) == (0, None, 1)
        assert channel["problem"] == letter["problem"]
        assert (await http.delete(f"/api/dead-letters/{letter['id']}")).status_code == 204
        assert await dead_letters(http) == []
        assert "sightline_notifications_given_up_total" in (await http.get("/metrics")).text


async def test_a_target_that_never_answers_holds_up_nobody(
    gateway_run: GatewayRun, receiver: HttpReceiver
) -> None:
    gateway_run.settings = QUICK | {"notification_timeout_seconds": 60.0}
    running = await gateway_run.start()
    async with http_receiver() as black_hole:
        black_hole.silent = True
        await webhook(running, black_hole, name="black hole")
        await webhook(running, receiver)
        camera, person = await running.camera(), await running.wanted()
        async with running.engine() as engine:
            await engine.sees(person, camera, 5)
        await receiver.first(5)
        assert len(black_hole.requests) == 2
        await gateway_run.stop()


async def test_an_unanswered_alert_goes_outside(running: RunningGateway, receiver: HttpReceiver) -> None:
    await webhook(running, receiver, events=["alert_unanswered"])
    alert = await raised(running)
    await running.gateway.notifier.outside(alert)
    await settled(running)
    (request,) = receiver.requests
    assert json.loads(request.body)["type"] == "alert_unanswered"


async def test_a_pocketed_phone_is_pushed_to_and_then_the_outside_channels_hear_of_it(
    gateway_run: GatewayRun, receiver: HttpReceiver
) -> None:
    """Nobody has a connection: the nearest on duty is woken by push, does not take it, and the webhook is told."""
    gateway_run.settings = QUICK | {"receipt_seconds": 0.2, "acknowledge_seconds": 0.4, "restart_grace_seconds": 0}
    running = await gateway_run.start()
    user, token, browser = await subscribed(running, receiver, "ana", Role.RESPONDER)
    await webhook(running, receiver, events=["alert_unanswered"])
    camera = await running.camera()
    async with running.http(token) as mine, running.http() as http:
        (await mine.put("/api/duty/me/roster", json={"latitude": 52.501, "longitude": 13.4})).raise_for_status()
        (await mine.put("/api/duty/me/switch", json={"on": True})).raise_for_status()
        raised = (await http.post("/api/alerts/test", json={"camera_id": camera.id})).raise_for_status().json()
    await receiver.until(lambda: any(request.path.startswith("/hook") for request in receiver.requests))
    push, *others = receiver.requests
    assert push.path == "/push/ana"
    assert browser.read(push.body)["alert_id"] == raised["alert_id"]
    outside = json.loads(others[-1].body)
    assert (outside["type"], outside["data"]["alert_id"]) == ("alert_unanswered", raised["alert_id"])
    assert outside["data"]["state"] == "open"


async def test_an_erased_name_is_not_sent(gateway_run: GatewayRun, receiver: HttpReceiver) -> None:
    gateway_run.settings = QUICK | {"notification_retry_seconds": 1.0}
    running = await gateway_run.start()
    await webhook(running, receiver)
    receiver.answers.append(503)
    alert = await raised(running)
    await receiver.first()
    async with running.http() as http:
        (await http.delete(f"/api/people/{alert.person_id}")).raise_for_status()
    _, after = await receiver.first(2)
    assert b"Ada" in receiver.requests[0].body
    assert b"Ada" not in after.body


# ── Apprise ──


async def test_apprise_tells_without_a_name(running: RunningGateway, receiver: HttpReceiver) -> None:
    receiver.status = 200
    body = {"name": "ntfy", "kind": "apprise", "address": f"ntfy://127.0.0.1:{receiver.port}/alerts"}
    async with running.http() as http:
        made = (await http.post("/api/channels", json=body)).raise_for_status().json()
    assert made["secret"] is None
    assert made["channel"]["address"] == "ntfy://…"
    alert = await raised(running)
    (request,) = await receiver.first()
    message = json.loads(request.body)
    assert message["title"] == "Alert at Front door"
    assert message["message"].endswith(f"\nhttps://alerts.example.org/alerts/{alert.id}")
    assert b"Ada" not in request.body


# ── what breaks ──


class BrokenSender:
    """A plugin with a fault of its own."""

    async def check(self, address: str) -> None:
        """Everything is an address."""

    async def send(self, channel: Channel, notification: Notification, *, now_ms: int) -> Attempt:
        raise KeyError(channel.address)


async def test_a_sender_with_a_fault_ends_as_a_dead_letter_that_tells_no_address(
    running: RunningGateway, receiver: HttpReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    await webhook(running, receiver)
    senders = running.gateway.notifier.senders.channels
    assert isinstance(senders, dict)
    senders[ChannelKind.WEBHOOK] = BrokenSender()
    await raised(running)
    (letter,) = await until_dead(running)
    assert (letter["attempts"], letter["problem"]) == (3, "the sender broke (KeyError)")
    assert "s3cret" not in caplog.text


async def test_what_ends_the_server_each_time_is_not_tried_for_ever(tmp_path: Path, receiver: HttpReceiver) -> None:
    """Attempts are counted when they begin, so one that kills the process is counted as well."""
    settings = Settings(home=tmp_path, port=0, timezone="Europe/Berlin", **QUICK)
    async with open_gateway(settings, local_token="local") as gateway:
        notices, now_ms = gateway.store.notices, gateway.clock.now_ms()
        await gateway.store.channels.create(
            name="Guards", kind=ChannelKind.WEBHOOK, address=receiver.url, secret="secret", enabled=True,
            events=(NoticeEvent.ALERT_TRIGGERED,), min_severity=Severity.INFO, now_ms=now_ms,
        )  # fmt: skip
        await gateway.store.alerts.accept(event("1"), alerting(), blobs={}, now_ms=now_ms)
        for _ in range(3):
            (notice,) = await notices.due(now_ms=now_ms, busy=(), limit=1)
            assert await notices.claim(notice, now_ms=now_ms, lease_ms=0)
        worker = asyncio.create_task(gateway.notifier.run())
        async with asyncio.timeout(PATIENCE_S):
            while not (dead := await notices.dead(limit=1)):  # noqa: ASYNC110  # there is no event for it
                await asyncio.sleep(0.02)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    assert dead[0].problem == "the server ended each time while it was sending this"
    assert receiver.requests == []


# ── administration ──


async def test_channels_are_listed_changed_tried_and_removed(
    running: RunningGateway, receiver: HttpReceiver
) -> None:
    channel_id, secret = await webhook(running, receiver)
    async with running.http() as http:
        (shown,) = (await http.get("/api/channels")).json()
        assert shown["address"] == f"{receiver.url}/…"
        assert shown["events"] == ["alert_triggered", "alert_unanswered"]
        assert (await http.post(f"/api/channels/{channel_id}/test")).json() == {
            "ok": True, "message": "the message was taken"
        }  # fmt: skip
        (request,) = receiver.requests
        check_signature(request, secret)
        assert json.loads(request.body)["type"] == "test"
        receiver.status = 500
        tried = (await http.post(f"/api/channels/{channel_id}/test")).json()
        assert tried == {"ok": False, "message": "the server answered 500"}

        path = f"/api/channels/{channel_id}"
        assert (await http.patch(path, json={"address": "https://elsewhere.example.org/"})).status_code == 422
        changed = {"address": f"{receiver.url}/new", "secret": "a new secret of its own", "events": ["alert_updated"]}
        changed_to = (await http.patch(path, json=changed | {"min_severity": "info", "enabled": False})).json()
        assert (changed_to["events"], changed_to["enabled"]) == (["alert_updated"], False)
        assert (await running.gateway.store.channels.get(channel_id)).secret == "a new secret of its own"
        assert (await http.delete(path)).status_code == 204
        assert (await http.delete(path)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x", "kind": "web_push", "address": "https://example.org/"},
        {"name": "x", "kind": "webhook", "address": "ftp://example.org/"},
        {"name": "x", "kind": "webhook", "address": "https://user:pw@example.org/"},
        {"name": "x", "kind": "webhook", "address": "https://example.org/", "secret": "short"},
        {"name": "x", "kind": "webhook", "address": "https://example.org/", "events": []},
        {"name": "x", "kind": "webhook", "address": "https://example.org/", "events": ["test"]},
        {"name": "x", "kind": "apprise", "address": "json://example.org/"},
        {"name": "x", "kind": "apprise", "address": "ntfy://example.org/x", "secret": "long enough to be one"},
        {"name": " ", "kind": "webhook", "address": "https://example.org/"},
    ],
)
async def test_what_is_no_channel_is_refused(running: RunningGateway, body: dict[str, Any]) -> None:
    async with running.http() as http:
        answer = await http.post("/api/channels", json=body)
        assert answer.status_code == 422, answer.text
        assert (await http.get("/api/channels")).json() == []


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.RESPONDER, Role.VIEWER])
async def test_channels_are_for_administrators_only(running: RunningGateway, role: Role) -> None:
    _, token = await running.user("olga", role)
    async with running.http(token) as http, running.http(None) as nobody:
        for method, path in (
            ("GET", "/api/channels"), ("POST", "/api/channels"), ("PATCH", "/api/channels/1"),
            ("DELETE", "/api/channels/1"), ("POST", "/api/channels/1/test"), ("GET", "/api/dead-letters"),
            ("POST", "/api/dead-letters/1/retry"), ("DELETE", "/api/dead-letters/1"),
        ):  # fmt: skip
            body = {"name": "x", "kind": "webhook", "address": "https://example.org/"} if method == "POST" else {}
            assert (await http.request(method, path, json=body)).status_code == 403, path
            assert (await nobody.request(method, path, json=body)).status_code == 401, path


async def test_no_secret_is_shown_again_logged_or_readable_on_the_disk(
    gateway_run: GatewayRun, receiver: HttpReceiver, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level("DEBUG", "sightline")
    gateway_run.settings = dict(QUICK)
    running = await gateway_run.start()
    _, token, browser = await subscribed(running, receiver)
    _, secret = await webhook(running, receiver)
    receiver.status = 500
    await raised(running)
    letters = await until_dead(running, 2)
    async with running.http() as http, running.http(token) as mine:
        pages = [
            (await http.get(path)).text
            for path in ("/api/channels", "/api/dead-letters", "/metrics", "/api/openapi.json")
        ]
        pages.append((await mine.get("/api/push/subscriptions")).text)
    await gateway_run.stop()
    disk = database_files(tmp_path)
    assert len(letters) == 2
    for hidden in (secret, "hook/s3cret", "/push/olga", browser.keys["auth"], browser.keys["p256dh"]):
        assert hidden.encode() not in disk
        assert not any(hidden in page for page in pages)
        assert hidden not in caplog.text
