"""Alerts on their way from the nearest responder to everybody, over real sockets and a real store."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sightline.accounts import Role
from sightline.cameras import Camera
from sightline.events.fact import Fact, SourceState
from sightline.identities.subject import Person
from tests.http_receiver import http_receiver
from tests.integration.gateway_app import (
    GatewayRun,
    NativeClient,
    RunningGateway,
    ScriptedEngine,
    identified,
)
from tests.push_browser import Browser

NEAR = {"latitude": 52.501, "longitude": 13.4}
FAR = {"latitude": 52.6, "longitude": 13.4}
PATIENT = {"receipt_seconds": 600, "acknowledge_seconds": 600, "restart_grace_seconds": 0}
QUICK = {"receipt_seconds": 0.3, "acknowledge_seconds": 0.6, "restart_grace_seconds": 0}


@contextlib.asynccontextmanager
async def mobile(
    gateway: RunningGateway, name: str, *, on: bool = True, role: Role = Role.RESPONDER, **location: float
) -> AsyncIterator[NativeClient]:
    """A phone of a new user, who says where they are and that they are on duty."""
    _, token = await gateway.user(name, role)
    async with phone(gateway, token, name, **location) as client:
        if on:
            await client.send("duty", id="duty", on=True)
            assert await client.data("duty_status")
        yield client


@contextlib.asynccontextmanager
async def phone(gateway: RunningGateway, token: str, device: str, **location: float) -> AsyncIterator[NativeClient]:
    async with gateway.newcomer() as client:
        where = {"location": location} if location else {}
        await client.send("client_identify", client_type="mobile_app", auth_token=token, device=device, **where)
        await client.next("identification_success")
        yield client


def now(gateway: RunningGateway, fact: Fact) -> Fact:
    """The fact as if it had been seen just now: what comes late is not routed."""
    at_ms = gateway.gateway.clock.now_ms()
    what: Any = fact.what
    return type(fact)(**{
        **{name: getattr(fact, name) for name in fact.__struct_fields__},
        "timestamp": at_ms,
        "what": type(what)(**{
            **{name: getattr(what, name) for name in what.__struct_fields__}, "first_seen": at_ms
        }),
    })  # fmt: skip


async def sees(
    gateway: RunningGateway, engine: ScriptedEngine, person: Person, camera: Camera, number: int = 1
) -> None:
    await engine.tell(now(gateway, identified(person.id, camera.id, number)))


async def confirm(client: NativeClient) -> None:
    """Says that what came is on the device."""
    position = client.all("position")[-1] if client.all("position") else await client.data("position")
    await client.send("received", offset=position["to"])


async def steps(gateway: RunningGateway, alert_id: str) -> list[tuple[str | None, str | None]]:
    async with gateway.http() as http:
        answer = (await http.get(f"/api/alerts/{alert_id}/escalation")).raise_for_status().json()
    return [(step["name"], step["outcome"]) for step in answer["steps"]]


async def test_the_nearest_is_told_and_nobody_else_but_the_operators(gateway_run: GatewayRun) -> None:
    gateway_run.settings = PATIENT
    gateway = await gateway_run.start()
    _, operator = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with (
        gateway.client(operator) as console,
        mobile(gateway, "far", **FAR) as far,
        mobile(gateway, "near", **NEAR) as near,
        gateway.engine() as engine,
    ):
        await sees(gateway, engine, person, camera)
        told = await near.data("alert_triggered")
        assert (told["type"], told["escalation_level"], told["person"]["first_name"]) == ("watchlist_match", 0, "Ada")
        update = await near.data("alert_updated")
        assert (update["escalation_level"], update["responder"]["name"]) == (0, "near")
        assert (await console.data("alert_triggered"))["alert_id"] == told["alert_id"]
        assert (await console.data("alert_updated"))["responder"]["name"] == "near"
        await far.send("heartbeat")
        await far.next("heartbeat_ack")
        assert far.all("alert_triggered") == far.all("alert_updated") == []
        async with gateway.http() as http:
            (step,) = (await http.get(f"/api/alerts/{told['alert_id']}/escalation")).json()["steps"]
        assert step["distance_m"] == pytest.approx(111, abs=1) and step["reason"] == "nearest"


async def test_who_does_not_receive_it_is_followed_and_then_who_does_not_take_it(gateway_run: GatewayRun) -> None:
    gateway_run.settings = QUICK
    gateway = await gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    async with (
        mobile(gateway, "near", **NEAR) as near,
        mobile(gateway, "far", **FAR) as far,
        mobile(gateway, "idle", on=False, **NEAR) as idle,
        gateway.engine() as engine,
    ):
        await sees(gateway, engine, person, camera)
        alert_id = (await near.data("alert_triggered"))["alert_id"]
        assert (await far.data("alert_triggered"))["escalation_level"] == 1
        await confirm(far)
        everybody = await idle.data("alert_triggered")
        assert (everybody["alert_id"], everybody["escalation_level"]) == (alert_id, 2)
        assert await steps(gateway, alert_id) == [("near", "not_received"), ("far", "not_acknowledged"), (None, None)]
        while near.all("alert_updated")[-1:] == [] or near.all("alert_updated")[-1]["escalation_level"] < 2:
            await near.data("alert_updated")
        assert [update["escalation_level"] for update in near.all("alert_updated")] == [0, 1, 2]


async def test_who_takes_it_ends_it(gateway_run: GatewayRun) -> None:
    gateway_run.settings = QUICK
    gateway = await gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    async with (
        mobile(gateway, "near", **NEAR) as near,
        mobile(gateway, "far", **FAR) as far,
        gateway.engine() as engine,
    ):
        await sees(gateway, engine, person, camera)
        alert_id = (await near.data("alert_triggered"))["alert_id"]
        await near.send("ack", id="mine", alert_id=alert_id)
        assert (await near.data("recorded"))["by"] == "near"
        await asyncio.sleep(1.0)
        await far.send("heartbeat")
        await far.next("heartbeat_ack")
        assert far.all("alert_triggered") == []
        assert await steps(gateway, alert_id) == [("near", "ended")]


async def test_who_declines_hands_it_on_at_once(gateway_run: GatewayRun) -> None:
    gateway_run.settings = PATIENT
    gateway = await gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    async with (
        mobile(gateway, "near", **NEAR) as near,
        mobile(gateway, "far", **FAR) as far,
        gateway.engine() as engine,
    ):
        await sees(gateway, engine, person, camera)
        alert_id = (await near.data("alert_triggered"))["alert_id"]
        await near.send("decline", id="no", alert_id=alert_id, reason="ill")
        answer = await near.next("recorded")
        assert (answer["id"], answer["data"]["state"], answer["data"]["declined"]) == ("no", "open", True)
        assert (await far.data("alert_triggered"))["escalation_level"] == 1
        async with gateway.http() as http:
            await http.post(f"/api/alerts/{alert_id}/decline", json={})
            declined, _ = (await http.get(f"/api/alerts/{alert_id}/escalation")).json()["declines"]
        assert (declined["name"], declined["reason"]) == ("near", "ill")
        await near.send("decline", id="what", alert_id="nothing")
        error = await near.next("error")
        assert (error["id"], error["data"]["details"]["path"]) == ("what", "data.alert_id")


async def test_where_somebody_is_now_counts(gateway_run: GatewayRun) -> None:
    gateway_run.settings = PATIENT
    gateway = await gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    async with (
        mobile(gateway, "ana", **FAR) as ana,
        mobile(gateway, "bo", **NEAR) as bo,
        gateway.engine() as engine,
    ):
        await ana.send("location_update", latitude=52.5, longitude=13.4, accuracy_m=8)
        await ana.send("heartbeat")
        await ana.next("heartbeat_ack")
        await sees(gateway, engine, person, camera)
        await ana.data("alert_triggered")
        assert bo.all("alert_triggered") == []


async def test_without_a_fresh_fix_the_duty_post_counts(gateway_run: GatewayRun) -> None:
    gateway_run.settings = PATIENT | {"fix_seconds": 0.2}
    gateway = await gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    async with (
        mobile(gateway, "ana", **FAR) as ana,
        mobile(gateway, "bo", **NEAR) as bo,
        gateway.engine() as engine,
        gateway.http() as http,
    ):
        people = {state["name"]: state["user_id"] for state in (await http.get("/api/duty")).json()}
        for name, post in (("ana", NEAR), ("bo", FAR)):
            (await http.put(f"/api/duty/{people[name]}/roster", json=post)).raise_for_status()
        await asyncio.sleep(0.3)
        await sees(gateway, engine, person, camera)
        await ana.data("alert_triggered")
        assert bo.all("alert_triggered") == []


async def test_a_camera_without_a_position_tells_everybody(gateway_run: GatewayRun) -> None:
    gateway_run.settings = PATIENT
    gateway = await gateway_run.start()
    camera, person = await gateway.camera(latitude=None, longitude=None), await gateway.wanted()
    async with (
        mobile(gateway, "ana", **NEAR) as ana,
        mobile(gateway, "bo", on=False) as bo,
        gateway.engine() as engine,
    ):
        await sees(gateway, engine, person, camera)
        assert (await ana.data("alert_triggered"))["alert_id"] == (await bo.data("alert_triggered"))["alert_id"]


async def test_nobody_on_duty_is_said_once_and_taken_back(
    gateway_run: GatewayRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.gateway.routing.escalation.WATCH_S", 0.05)
    gateway_run.settings = PATIENT
    gateway = await gateway_run.start()
    _, operator = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    async with (
        gateway.client(operator) as console,
        mobile(gateway, "ana", **NEAR) as ana,
        gateway.engine() as engine,
    ):
        await ana.send("duty", on=False)
        warning = await console.data("alert_triggered")
        assert (warning["type"], warning["severity"], warning["camera"]["id"]) == ("nobody_on_duty", "warning", "")
        for number in range(2):
            await sees(gateway, engine, person, camera, number)
            await asyncio.sleep(0.3)
        assert {alert["type"] for alert in ana.all("alert_triggered")} <= {"nobody_on_duty", "watchlist_match"}
        await ana.send("duty", on=True)
        while (update := await console.data("alert_updated"))["state"] != "closed":
            pass
        assert update["alert_id"] == warning["alert_id"]
        assert [alert["type"] for alert in console.all("alert_triggered")].count("nobody_on_duty") == 1


async def test_what_comes_late_is_told_to_all_and_sends_nobody(gateway_run: GatewayRun) -> None:
    gateway_run.settings = PATIENT
    gateway = await gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    async with mobile(gateway, "far", **FAR) as far, mobile(gateway, "near", **NEAR), gateway.engine() as engine:
        await engine.tell(identified(person.id, camera.id, 1))
        told = await far.data("alert_triggered")
        assert told["why"]["late"] and told["escalation_level"] == 0
        assert await steps(gateway, told["alert_id"]) == []


async def test_without_a_duty_roster_everybody_is_told_at_once(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    async with mobile(gateway, "ana", on=False) as ana, gateway.engine() as engine:
        await sees(gateway, engine, person, camera)
        assert await steps(gateway, (await ana.data("alert_triggered"))["alert_id"]) == []


async def test_timers_outlive_the_gateway(gateway_run: GatewayRun) -> None:
    gateway_run.settings = QUICK | {"receipt_seconds": 3}
    gateway = await gateway_run.start()
    camera, person = await gateway.camera(), await gateway.wanted()
    async with mobile(gateway, "near", **NEAR) as near, gateway.engine() as engine:
        async with mobile(gateway, "far", **FAR):
            pass
        await sees(gateway, engine, person, camera)
        alert_id = (await near.data("alert_triggered"))["alert_id"]
    await gateway_run.stop()
    gateway_run.settings = QUICK | {"restart_grace_seconds": 2}
    gateway = await gateway_run.start()
    far_user = await gateway.gateway.store.users.by_name("far")
    assert far_user is not None
    async with phone(gateway, gateway.gateway.tokens.issue(far_user)[0], "far", **FAR) as far:
        assert (await far.heard_or_next("alert_triggered"))["alert_id"] == alert_id
        assert (await steps(gateway, alert_id))[:2] == [("near", "not_received"), ("far", None)]


async def test_a_flood_is_counted_and_told_as_one(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"flood_alerts": 3, "unseen_seconds": 0, "realert_seconds": 0}
    gateway = await gateway_run.start()
    _, operator = await gateway.user("olga")
    camera = await gateway.camera()
    async with gateway.client(operator) as console, gateway.engine() as engine:
        for number in range(10):
            await sees(gateway, engine, await gateway.wanted(f"Ada{number}"), camera, number)
        while not any(update.get("count") == 8 for update in console.all("alert_updated")):
            await console.data("alert_updated")
        assert len(console.all("alert_triggered")) == 3
        head = console.all("alert_triggered")[-1]["alert_id"]
        async with gateway.http() as http:
            assert (await http.get(f"/api/alerts/{head}")).json()["count"] == 8


async def test_a_snooze_keeps_alerts_from_being_raised(gateway: RunningGateway) -> None:
    user, token = await gateway.user("olga")
    camera, person = await gateway.camera(), await gateway.wanted()
    until_ms = gateway.gateway.clock.now_ms() + 3_600_000
    async with gateway.client(token) as console, gateway.engine() as engine, gateway.http(token) as http:
        made = await http.post("/api/snoozes", json={"camera_id": camera.id, "until_ms": until_ms, "reason": "drill"})
        period = made.raise_for_status().json()
        assert (period["kind"], period["by"], made.status_code) == ("snooze", user.id, 201)
        assert [one["id"] for one in (await http.get("/api/snoozes")).json()] == [period["id"]]
        await sees(gateway, engine, person, camera, 1)
        facts = gateway.gateway.metrics.facts.labels(kind="identified", rule="snooze")
        assert facts._value.get() == 1
        (await http.delete(f"/api/snoozes/{period['id']}")).raise_for_status()
        await engine.tell(now(gateway, identified((await gateway.wanted("Bea")).id, camera.id, 2)))
        assert (await console.data("alert_triggered"))["person"]["first_name"] == "Bea"


async def test_a_camera_that_is_still_away_after_maintenance_raises_its_alert(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.gateway.routing.escalation.WATCH_S", 0.05)
    _, token = await gateway.user("olga")
    camera = await gateway.camera()
    clock = gateway.gateway.clock
    async with gateway.client(token) as console, gateway.engine() as engine, gateway.http(token) as http:
        window = {"kind": "maintenance", "until_ms": clock.now_ms() + 1500}
        (await http.post("/api/snoozes", json=window)).raise_for_status()
        offline = SourceState(state="offline", reason="no route", offline_ms=10_000)
        fact = identified("", camera.id, 1, timestamp=clock.now_ms(), what=offline)
        await engine.tell(fact)
        told = await console.data("alert_triggered")
        assert clock.now_ms() >= window["until_ms"], "not before the window is over"
        assert (told["type"], told["camera"]["id"]) == ("camera_offline", camera.id)
        await engine.tell(
            identified("", camera.id, 2, timestamp=clock.now_ms(), what=SourceState(state="online", reason=""))
        )
        assert (await console.data("alert_updated"))["state"] == "closed"


async def test_the_test_alert_goes_the_whole_way(gateway_run: GatewayRun) -> None:
    gateway_run.settings = PATIENT
    gateway = await gateway_run.start()
    camera = await gateway.camera()
    _, operator = await gateway.user("olga")
    async with mobile(gateway, "near", **NEAR) as near, gateway.http(operator) as http:
        made = (await http.post("/api/alerts/test", json={"camera_id": camera.id})).raise_for_status().json()
        told = await near.data("alert_triggered")
        assert (told["alert_id"], told["type"], told["why"]["test"]) == (made["alert_id"], "test", True)
        await near.send("ack", alert_id=told["alert_id"])
        assert (await near.data("recorded"))["state"] == "acknowledged"
        assert await steps(gateway, told["alert_id"]) == [("near", "ended")]
        assert (await http.post("/api/alerts/test", json={"camera_id": "none"})).status_code == 404


# ── who has no connection ──


async def test_a_phone_in_a_pocket_is_woken_and_has_time(gateway_run: GatewayRun) -> None:
    """Ana is nearer, and has no connection: push alone tells her, and she is not passed over for want of a receipt."""
    gateway_run.settings = PATIENT | {
        "receipt_seconds": 0.1, "acknowledge_seconds": 1.0, "allow_loopback_targets": True
    }  # fmt: skip
    gateway = await gateway_run.start()
    camera = await gateway.camera()
    _, anas = await gateway.user("ana", Role.RESPONDER)
    _, bos = await gateway.user("bo", Role.RESPONDER)
    async with mobile(gateway, "far", **FAR) as far, http_receiver() as receiver:
        for token, name in ((anas, "ana"), (bos, "bo")):
            async with gateway.http(token) as http:
                phone = Browser().subscription(f"{receiver.url}/{name}")
                (await http.post("/api/push/subscriptions", json=phone)).raise_for_status()
        async with gateway.http(anas) as http:
            (await http.put("/api/duty/me/roster", json=NEAR)).raise_for_status()
            (await http.put("/api/duty/me/switch", json={"on": True})).raise_for_status()
        async with gateway.http() as http:
            alert_id = (await http.post("/api/alerts/test", json={"camera_id": camera.id})).json()["alert_id"]
        assert [request.path for request in await receiver.first(1)] == ["/ana"]
        assert (await far.data("alert_triggered"))["alert_id"] == alert_id
        assert (await steps(gateway, alert_id))[0] == ("ana", "not_acknowledged")
        await receiver.first(3)
        assert sorted(request.path for request in receiver.requests) == ["/ana", "/ana", "/bo"], "then everybody"


# ── who may what ──


async def rest(gateway: RunningGateway, token: str, method: str, path: str, body: Any = None) -> int:
    async with gateway.http(token) as http:
        return (await http.request(method, path, json=body)).status_code


async def test_everybody_sees_to_their_own_duty_and_managers_to_all(gateway: RunningGateway) -> None:
    (ana, anas), (olga, olgas) = await gateway.user("ana", Role.RESPONDER), await gateway.user("olga")
    roster = {"shifts": [{"weekday": 0, "start_minute": 480, "end_minute": 960}], "timezone": "Europe/Berlin"} | NEAR
    async with gateway.http(anas) as http:
        mine = (await http.put("/api/duty/me/roster", json=roster)).raise_for_status().json()
        assert (mine["user_id"], mine["roster"]["timezone"]) == (ana.id, "Europe/Berlin")
        assert mine["roster"]["shifts"] == roster["shifts"]
        mine = (await http.put("/api/duty/me/switch", json={"on": True})).raise_for_status().json()
        assert (mine["on_duty"], mine["reason"], mine["connected"]) == (True, "switch", False)
        assert (await http.get(f"/api/duty/{ana.id}")).json() == mine
    assert await rest(gateway, anas, "GET", "/api/duty") == 403
    assert await rest(gateway, anas, "PUT", f"/api/duty/{olga.id}/switch", {"on": True}) == 403
    assert await rest(gateway, olgas, "PUT", f"/api/duty/{ana.id}/switch", {"on": False}) == 200
    assert await rest(gateway, olgas, "DELETE", f"/api/duty/{ana.id}/roster") == 204
    assert await rest(gateway, olgas, "DELETE", f"/api/duty/{ana.id}/roster") == 404
    assert await rest(gateway, olgas, "GET", "/api/duty/nobody") == 404
    entries = await gateway.gateway.store.audit.list()
    assert {entry.action for entry in entries} >= {"duty_roster_changed", "duty_switched", "duty_roster_removed"}


async def test_who_only_looks_is_never_on_duty(gateway: RunningGateway) -> None:
    viewer, token = await gateway.user("vera", Role.VIEWER)
    _, olgas = await gateway.user("olga")
    assert await rest(gateway, token, "PUT", "/api/duty/me/switch", {"on": True}) == 403
    assert await rest(gateway, olgas, "PUT", f"/api/duty/{viewer.id}/switch", {"on": True}) == 409
    async with phone(gateway, token, "v") as client:
        await client.send("duty", id="d", on=True)
        error = await client.next("error")
        assert (error["id"], error["data"]["code"]) == ("d", "FORBIDDEN")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/snoozes", {"camera_id": "c", "until_ms": 9_000_000_000_000}),
        ("DELETE", "/api/snoozes/any", None),
        ("POST", "/api/alerts/test", {}),
    ],
)
async def test_responders_neither_snooze_nor_test(
    gateway: RunningGateway, method: str, path: str, body: dict[str, Any] | None
) -> None:
    _, token = await gateway.user("ana", Role.RESPONDER)
    assert await rest(gateway, token, method, path, body) == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/duty/me/roster", {"timezone": "Mars/Olympus"}),
        ("/api/duty/me/roster", {"timezone": "../../etc/passwd"}),
        ("/api/duty/me/roster", {"latitude": 52.5}),
        ("/api/duty/me/roster", {"shifts": [{"weekday": 7, "start_minute": 0, "end_minute": 1}]}),
        ("/api/duty/me/roster", {"exceptions": [{"from_ms": 2, "until_ms": 2, "on": True}]}),
        ("/api/duty/me/switch", {}),
    ],
)
async def test_what_makes_no_sense_is_refused(gateway: RunningGateway, path: str, body: dict[str, Any]) -> None:
    _, token = await gateway.user("ana", Role.RESPONDER)
    assert await rest(gateway, token, "PUT", path, body) == 422


@pytest.mark.parametrize(
    "body",
    [{"until_ms": 1}, {"camera_id": "c", "until_ms": 1}, {"kind": "maintenance", "from_ms": 9e12, "until_ms": 8e12}],
)
async def test_a_snooze_has_a_camera_and_an_end(gateway: RunningGateway, body: dict[str, Any]) -> None:
    _, token = await gateway.user("olga")
    assert await rest(gateway, token, "POST", "/api/snoozes", body) == 422
