"""REST: who may do what, what it does, and what it says when it does not."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from websockets.exceptions import InvalidStatus

from sightline.accounts import RIGHTS, Right, Role
from sightline.events import engine_link as link
from sightline.events.still import Analyse, AnalysedFace, Analysis
from sightline.gateway.app import create_app
from tests.integration.gateway_app import (
    JPEG,
    MODEL,
    PASSWORD,
    GatewayRun,
    RunningGateway,
    ScriptedEngine,
    identified,
)

ROUTES: dict[tuple[str, str], Right | None] = {
    ("get", "/api/users"): Right.MANAGE_USERS,
    ("post", "/api/users"): Right.MANAGE_USERS,
    ("patch", "/api/users/{user_id}"): Right.MANAGE_USERS,
    ("delete", "/api/users/{user_id}"): Right.MANAGE_USERS,
    ("put", "/api/users/{user_id}/password"): Right.MANAGE_USERS,
    ("get", "/api/audit"): Right.MANAGE_USERS,
    ("get", "/api/engines"): Right.SEE_SYSTEM,
    ("get", "/api/tokens"): Right.MANAGE_USERS,
    ("delete", "/api/workstations/{workstation_id}/token"): Right.MANAGE_USERS,
    ("post", "/api/engines/{engine_id}/token"): Right.MANAGE_USERS,
    ("delete", "/api/engines/{engine_id}/token"): Right.MANAGE_USERS,
    ("get", "/api/workstations"): Right.MANAGE_USERS,
    ("post", "/api/workstations"): Right.MANAGE_USERS,
    ("get", "/api/workstations/connected"): Right.MANAGE_USERS,
    ("get", "/api/workstations/capacity"): Right.MANAGE_USERS,
    ("put", "/api/workstations/capacity"): Right.MANAGE_USERS,
    ("get", "/api/workstations/standings"): Right.MANAGE_USERS,
    ("post", "/api/workstations/users/{person_id}/{step}"): Right.MANAGE_USERS,
    ("get", "/api/workstations/actions"): Right.MANAGE_USERS,
    ("get", "/api/workstations/actions/{action_id}/picture"): Right.MANAGE_USERS,
    ("delete", "/api/workstations/{workstation_id}"): Right.MANAGE_USERS,
    ("post", "/api/workstations/{workstation_id}/token"): Right.MANAGE_USERS,
    ("put", "/api/workstations/{workstation_id}/people/{person_id}"): Right.MANAGE_USERS,
    ("delete", "/api/workstations/{workstation_id}/people/{person_id}"): Right.MANAGE_USERS,
    ("get", "/api/cameras/{camera_id}/stream.mjpeg"): Right.SEE_CAMERAS,
    ("get", "/ws/connections"): Right.MANAGE_USERS,
    ("get", "/ws/connections/{user_id}"): Right.MANAGE_USERS,
    ("get", "/api/cameras"): Right.SEE_CAMERAS,
    ("get", "/api/cameras/{camera_id}"): Right.SEE_CAMERAS,
    ("post", "/api/cameras"): Right.MANAGE_CAMERAS,
    ("post", "/api/cameras/test"): Right.MANAGE_CAMERAS,
    ("patch", "/api/cameras/{camera_id}"): Right.MANAGE_CAMERAS,
    ("delete", "/api/cameras/{camera_id}"): Right.MANAGE_CAMERAS,
    ("post", "/api/cameras/{camera_id}/token"): Right.MANAGE_CAMERAS,
    ("delete", "/api/cameras/{camera_id}/token"): Right.MANAGE_CAMERAS,
    ("post", "/whip/{camera_id}"): Right.MANAGE_CAMERAS,  # or the camera's own token
    ("delete", "/whip/{camera_id}/{session_id}"): Right.MANAGE_CAMERAS,
    ("post", "/whep/{camera_id}"): Right.SEE_CAMERAS,
    ("delete", "/whep/{camera_id}/{session_id}"): Right.SEE_CAMERAS,
    ("get", "/api/cameras/{camera_id}/view"): Right.SEE_CAMERAS,
    ("put", "/api/cameras/{camera_id}/view"): Right.MANAGE_CAMERAS,
    ("delete", "/api/cameras/{camera_id}/view"): Right.MANAGE_CAMERAS,
    ("get", "/api/history"): Right.SEE_CAMERAS,
    ("get", "/api/people"): Right.SEE_PEOPLE,
    ("get", "/api/people/{person_id}"): Right.SEE_PEOPLE,
    ("get", "/api/people/{person_id}/portrait"): Right.SEE_PEOPLE,
    ("get", "/api/people/{person_id}/references"): Right.SEE_PEOPLE,
    ("get", "/api/people/{person_id}/references/{reference_id}/image"): Right.SEE_PEOPLE,
    ("post", "/api/people"): Right.MANAGE_PEOPLE,
    ("patch", "/api/people/{person_id}"): Right.MANAGE_PEOPLE,
    ("delete", "/api/people/{person_id}"): Right.MANAGE_PEOPLE,
    ("get", "/api/people/{person_id}/footage"): Right.MANAGE_PEOPLE,
    ("post", "/api/people/{person_id}/references"): Right.MANAGE_PEOPLE,
    ("delete", "/api/people/{person_id}/references/{reference_id}"): Right.MANAGE_PEOPLE,
    ("get", "/api/watch-lists"): Right.SEE_PEOPLE,
    ("post", "/api/watch-lists"): Right.MANAGE_PEOPLE,
    ("patch", "/api/watch-lists/{list_id}"): Right.MANAGE_PEOPLE,
    ("delete", "/api/watch-lists/{list_id}"): Right.MANAGE_PEOPLE,
    ("put", "/api/watch-lists/{list_id}/people/{person_id}"): Right.MANAGE_PEOPLE,
    ("delete", "/api/watch-lists/{list_id}/people/{person_id}"): Right.MANAGE_PEOPLE,
    ("get", "/api/alerts"): Right.SEE_ALERTS,
    ("get", "/api/alerts/{alert_id}"): Right.SEE_ALERTS,
    ("post", "/api/alerts/{alert_id}/ack"): Right.SEE_ALERTS,  # and to handle it, once it is known to be theirs
    ("get", "/api/alerts/{alert_id}/trace"): Right.SEE_ALERTS,
    ("get", "/api/alerts/{alert_id}/reference"): Right.SEE_ALERTS,
    ("get", "/api/alerts/{alert_id}/clip"): Right.SEE_ALERTS,
    ("get", "/api/cameras/{camera_id}/footage"): Right.SEE_CAMERAS,
    ("delete", "/api/cameras/{camera_id}/footage"): Right.MANAGE_CAMERAS,
    ("get", "/api/cameras/{camera_id}/footage/{starts_at}"): Right.SEE_CAMERAS,
    ("get", "/api/alerts/{alert_id}/clip/video"): Right.SEE_ALERTS,
    ("get", "/api/alerts/{alert_id}/{role}"): Right.SEE_ALERTS,
    ("post", "/api/identify"): Right.IDENTIFY,
    ("get", "/api/sightings"): Right.SEE_PEOPLE,
    ("get", "/api/sightings/{sighting_id}"): Right.SEE_PEOPLE,
    ("get", "/api/sightings/{sighting_id}/picture"): Right.SEE_PEOPLE,
    ("get", "/api/people/{person_id}/sightings"): Right.SEE_PEOPLE,
    ("post", "/api/search"): Right.IDENTIFY,
    ("get", "/api/strangers"): Right.SEE_PEOPLE,
    ("get", "/api/strangers/{stranger_id}"): Right.SEE_PEOPLE,
    ("get", "/api/strangers/{stranger_id}/sightings"): Right.SEE_PEOPLE,
    ("patch", "/api/strangers/{stranger_id}"): Right.MANAGE_PEOPLE,
    ("post", "/api/strangers/{stranger_id}/enrol"): Right.MANAGE_PEOPLE,
    ("post", "/api/strangers/{stranger_id}/merge"): Right.MANAGE_PEOPLE,
    ("post", "/api/strangers/{stranger_id}/unmerge"): Right.MANAGE_PEOPLE,
    ("post", "/api/strangers/{stranger_id}/split"): Right.MANAGE_PEOPLE,
    ("delete", "/api/strangers/{stranger_id}"): Right.MANAGE_PEOPLE,
    ("get", "/api/strangers/{stranger_id}/footage"): Right.MANAGE_PEOPLE,
    ("post", "/api/negatives"): Right.MANAGE_PEOPLE,
    ("get", "/api/people/{person_id}/negatives"): Right.SEE_PEOPLE,
    ("delete", "/api/negatives/{negative_id}"): Right.MANAGE_PEOPLE,
    ("post", "/api/detect"): Right.ANALYSE,
    ("get", "/api/analyses"): Right.IDENTIFY,
    ("post", "/api/analyses"): Right.IDENTIFY,
    ("get", "/api/analyses/{job_id}"): Right.IDENTIFY,
    ("delete", "/api/analyses/{job_id}"): Right.IDENTIFY,
    ("post", "/api/analyses/{job_id}/cancel"): Right.IDENTIFY,
    ("get", "/api/analyses/{job_id}/result.json"): Right.IDENTIFY,
    ("get", "/api/analyses/{job_id}/result.csv"): Right.IDENTIFY,
    ("get", "/api/analyses/{job_id}/files/{index}/annotated"): Right.IDENTIFY,
    ("get", "/api/models/info"): Right.SEE_SYSTEM,
    ("get", "/api/models"): Right.SEE_SYSTEM,
    ("patch", "/api/models"): Right.MANAGE_USERS,
    ("get", "/api/system"): Right.SEE_SYSTEM,
    ("get", "/api/stats"): Right.SEE_SYSTEM,
    ("get", "/api/duty"): Right.MANAGE_DUTY,
    ("get", "/api/snoozes"): Right.SEE_ALERTS,
    ("post", "/api/snoozes"): Right.SNOOZE_ALERTS,
    ("delete", "/api/snoozes/{period_id}"): Right.SNOOZE_ALERTS,
    ("post", "/api/alerts/test"): Right.MANAGE_DUTY,
    ("get", "/api/alerts/{alert_id}/escalation"): Right.SEE_ALERTS,
    ("post", "/api/alerts/{alert_id}/decline"): Right.SEE_ALERTS,
    ("get", "/api/push/key"): Right.SEE_ALERTS,
    ("get", "/api/push/subscriptions"): Right.SEE_ALERTS,
    ("post", "/api/push/subscriptions"): Right.SEE_ALERTS,
    ("delete", "/api/push/subscriptions"): Right.SEE_ALERTS,
    ("get", "/api/channels"): Right.MANAGE_CHANNELS,
    ("post", "/api/channels"): Right.MANAGE_CHANNELS,
    ("patch", "/api/channels/{channel_id}"): Right.MANAGE_CHANNELS,
    ("delete", "/api/channels/{channel_id}"): Right.MANAGE_CHANNELS,
    ("post", "/api/channels/{channel_id}/test"): Right.MANAGE_CHANNELS,
    ("get", "/api/dead-letters"): Right.MANAGE_CHANNELS,
    ("post", "/api/dead-letters/{notice_id}/retry"): Right.MANAGE_CHANNELS,
    ("delete", "/api/dead-letters/{notice_id}"): Right.MANAGE_CHANNELS,
    ("post", "/api/ws-ticket"): None,
    ("get", "/api/me"): None,
    ("put", "/api/me/password"): None,
    ("post", "/api/token/refresh"): None,
}
"""Every route and the right it needs; `None`: whoever is signed in."""
PUBLIC = {
    ("get", "/health"), ("get", "/api/health"), ("get", "/ca.crt"), ("post", "/api/token"), ("delete", "/api/token"),
}  # fmt: skip
OTHERWISE = {
    ("get", "/api/duty/{user_id}"),  # one's own with the right to handle alerts, others' with that to manage duty
    ("put", "/api/duty/{user_id}/roster"),
    ("delete", "/api/duty/{user_id}/roster"),
    ("put", "/api/duty/{user_id}/switch"),
    ("post", "/api/users/{user_id}/token"),  # the owner of the installation only
    ("get", "/metrics"),  # this machine itself, or the right to see the system
}
HUMANS = [role for role in Role if role is not Role.MACHINE]
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/api/users"): {"name": "x y"},
    ("post", "/api/cameras"): {"name": ""},
    ("post", "/api/cameras/test"): {},
    ("post", "/api/people"): {"first_name": ""},
    ("post", "/api/watch-lists"): {"name": ""},
    ("put", "/api/me/password"): {"password": PASSWORD, "current": "wrong"},
}


def test_table_of_routes_is_whole(gateway: RunningGateway) -> None:
    described = gateway.app.openapi()["paths"]
    routes = {(method, path) for path, methods in described.items() for method in methods}
    assert routes == ROUTES.keys() | PUBLIC | OTHERWISE


async def test_every_route_asks_for_its_right(gateway: RunningGateway) -> None:
    tokens = {role: (await gateway.user(role.value, role))[1] for role in HUMANS}
    wrong = []
    async with gateway.http(None) as http:
        for (method, path), right in ROUTES.items():
            address = path.format(
                user_id="x",
                camera_id="x",
                engine_id="local",
                person_id="x",
                reference_id="x",
                list_id="x",
                alert_id="x",
                starts_at="1",
                role="probe",
                period_id="x",
                channel_id="x",
                notice_id="x",
                sighting_id="x",
                stranger_id="x",
                negative_id="x",
                job_id="x",
                workstation_id="x",
                action_id="x",
                session_id="x",
                step="pause",
                index="0",
            )
            body = BODIES.get((method, path), {})
            arguments = {} if method in ("get", "delete") else {"json": body}
            answer = await http.request(method, address, **arguments)
            if answer.status_code != 401 or answer.headers["www-authenticate"] != "Bearer":
                wrong.append((method, path, None, answer.status_code))
            for role, token in tokens.items():
                headers = {"Authorization": f"Bearer {token}"}
                answer = await http.request(method, address, headers=headers, **arguments)
                allowed = right is None or right in RIGHTS[role]
                refused = answer.status_code == 403 and "current password" not in answer.text
                if refused is allowed or answer.status_code in (401, 500):
                    wrong.append((method, path, role, answer.status_code))
                assert answer.is_success or "detail" in answer.json()
    assert wrong == []


async def test_health_is_public(gateway: RunningGateway) -> None:
    async with gateway.http(None) as http:
        assert (await http.get("/health")).json()["status"] == "healthy"


# ── signing in ──


async def test_sign_in_renew_and_change_the_password(gateway: RunningGateway) -> None:
    async with gateway.http() as owner, gateway.http(None) as http:
        new = {"name": "olga", "role": "operator", "password": PASSWORD}
        assert (await owner.post("/api/users", json=new)).status_code == 201
        assert (await owner.post("/api/users", json=new | {"name": "OLGA"})).status_code == 409
        form = {"username": "olga", "password": PASSWORD}
        signed_in = (await http.post("/api/token", data=form)).json()
        assert signed_in["token_type"] == "bearer"
        assert signed_in["expires_in"] > 800
        assert signed_in["user"]["rights"] == sorted(RIGHTS[Role.OPERATOR])
        headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
        assert (await http.get("/api/me", headers=headers)).json()["name"] == "olga"
        assert (await http.post("/api/token/refresh", headers=headers)).json()["user"]["name"] == "olga"
        change = {"password": "another-long-password", "current": "wrong"}
        assert (await http.put("/api/me/password", json=change, headers=headers)).status_code == 403
        change["current"] = PASSWORD
        assert (await http.put("/api/me/password", json=change, headers=headers)).status_code == 204
        assert (await http.get("/api/me", headers=headers)).status_code == 401, "older tokens are void"
        assert (await http.post("/api/token", data=form)).status_code == 401
        form["password"] = "another-long-password"
        assert (await http.post("/api/token", data=form)).status_code == 200


async def test_a_browser_stays_signed_in_by_a_cookie_that_does_nothing_else(gateway: RunningGateway) -> None:
    async with gateway.http() as owner, gateway.http(None) as http:
        olga = (await owner.post("/api/users", json={"name": "olga", "role": "operator", "password": PASSWORD})).json()
        form = {"username": "olga", "password": PASSWORD}
        assert "set-cookie" not in (await http.post("/api/token", data=form)).headers, "nobody asked for it"
        signed_in = await http.post("/api/token", data=form | {"remember": "true"})
        kept = signed_in.headers["set-cookie"]
        assert all(part in kept for part in ("HttpOnly", "Path=/api/token", "SameSite=strict", "Max-Age=43"))
        assert "Secure" not in kept, "a browser would not keep it: this came without TLS"
        renewed = await http.post("/api/token/refresh")
        assert renewed.json()["user"]["name"] == "olga"
        bad = {"Authorization": "Bearer not-a-token"}
        assert (await http.post("/api/token/refresh", headers=bad)).status_code == 401, "the token says who it is"
        assert (await http.get("/api/me")).status_code == 401
        renewal = {"Authorization": f"Bearer {http.cookies['sightline_renewal']}"}
        assert (await http.get("/api/me", headers=renewal)).status_code == 401, "it is no access token"
        access = {"Cookie": f"sightline_renewal={renewed.json()['access_token']}"}
        over_tls = {"Origin": str(http.base_url).replace("http:", "https:").rstrip("/")}
        assert (await http.delete("/api/token")).status_code == 204
        assert (await http.post("/api/token/refresh")).status_code == 401
        assert (await http.post("/api/token/refresh", headers=access)).status_code == 401, "nor the other way round"
        secure = await http.post("/api/token", data=form | {"remember": "true"}, headers=over_tls)
        assert "Secure" in secure.headers["set-cookie"]
        cookie = {"Cookie": secure.headers["set-cookie"].partition(";")[0]}
        assert (await http.post("/api/token/refresh", headers=cookie)).status_code == 200
        await owner.put(f"/api/users/{olga['id']}/password", json={"password": "another-long-password"})
        assert (await http.post("/api/token/refresh", headers=cookie)).status_code == 401, "a new password ends it"


async def test_users_are_managed(gateway: RunningGateway) -> None:
    anna, token = await gateway.user("anna", Role.ADMIN)
    olga, olgas = await gateway.user("olga")
    async with gateway.http(token) as http, gateway.http() as owner:
        assert [user["name"] for user in (await http.get("/api/users")).json()] == ["anna", "olga"]
        assert (await http.patch(f"/api/users/{olga.id}", json={"role": "machine"})).status_code == 422
        changed = (await http.patch(f"/api/users/{olga.id}", json={"role": "viewer"})).json()
        assert changed["role"] == "viewer"
        assert "password" not in json.dumps(changed)
        assert (await http.get("/api/me", headers={"Authorization": f"Bearer {olgas}"})).status_code == 401
        assert (await http.put(f"/api/users/{olga.id}/password", json={"password": "short"})).status_code == 422
        assert (await http.put(f"/api/users/{olga.id}/password", json={"password": PASSWORD})).status_code == 204
        assert (await http.delete(f"/api/users/{anna.id}")).status_code == 409
        assert (await http.patch(f"/api/users/{anna.id}", json={"disabled": True})).status_code == 409
        assert (await http.post(f"/api/users/{olga.id}/token")).status_code == 403
        made = (await owner.post(f"/api/users/{olga.id}/token")).json()["access_token"]
        assert (await http.get("/api/me", headers={"Authorization": f"Bearer {made}"})).json()["id"] == olga.id
        assert (await http.delete(f"/api/users/{olga.id}")).status_code == 204
        assert (await http.delete(f"/api/users/{olga.id}")).status_code == 404
        audit = (await http.get("/api/audit")).json()
        assert [entry["action"] for entry in audit][:2] == ["user_deleted", "token_made"]


# ── cameras ──


async def test_cameras_and_that_their_credentials_are_never_shown(gateway: RunningGateway) -> None:
    secret = "pr1vate"
    source = f"rtsp://viewer:{secret}@10.0.0.9/stream?token={secret}&channel=1"
    said = []
    async with gateway.http() as http:

        async def ask(method: str, path: str, status: int, **body: Any) -> Any:
            answer = await http.request(method, path, json=body or None)
            assert answer.status_code == status, answer.text
            said.append(answer.text)
            return answer.json() if answer.content else None

        made = await ask("post", "/api/cameras", 201, name="Front door", source=source, latitude=1, longitude=2)
        path = f"/api/cameras/{made['id']}"
        shown = "rtsp://***@10.0.0.9/stream?token=***&channel=1"
        assert (made["source"], made["has_credentials"]) == (shown, True)
        assert (made["analysis_fps"], made["alert_unknown"]) == (5.0, False)
        assert made["status"]["state"] == "offline"
        assert await ask("get", "/api/cameras", 200) == [await ask("get", path, 200)]
        await ask("patch", path, 200, source=shown, name="Door")
        assert (await gateway.gateway.store.cameras.get(made["id"])).source == source
        await ask("patch", path, 200, source=shown.replace("channel=1", "channel=2"))
        assert (await gateway.gateway.store.cameras.get(made["id"])).source == source.replace("channel=1", "channel=2")
        moved = await ask("patch", path, 403, source=shown.replace("10.0.0.9", "10.6.6.6"))
        assert "type the user name and password again" in moved["detail"]
        await ask("patch", path, 403, source="rtsp://***@10.0.0.9:x/")
        await ask("patch", path, 422, source=f"rtsp://a:{secret}/x@10.0.0.9/")
        await ask("patch", path, 422, latitude=91)
        small = await ask("patch", path, 200, substream=f"rtsp://viewer:{secret}@10.0.0.9/small")
        assert small["substream"] == "rtsp://***@10.0.0.9/small"
        await ask("patch", path, 200, substream="rtsp://***@10.0.0.9/smaller")
        stored = await gateway.gateway.store.cameras.get(made["id"])
        assert stored.substream == f"rtsp://viewer:{secret}@10.0.0.9/smaller"
        await ask("patch", path, 403, substream="rtsp://169.254.169.254/")
        assert (await ask("patch", path, 200, substream=""))["substream"] == ""
        assert (made["rotation"], made["blur_faces"]) == (0, "off")
        turned = await ask("patch", path, 200, rotation=270, blur_faces="unknown")
        assert (turned["rotation"], turned["blur_faces"]) == (270, "unknown")
        await ask("patch", path, 422, rotation=45)
        await ask("patch", path, 422, blur_faces="some")
        kept = await ask("patch", path, 200, rotation=None, blur_faces=None)
        assert (kept["rotation"], kept["blur_faces"]) == (270, "unknown")
        await ask("patch", path, 200, latitude=None, enabled=False)
        assert (await ask("get", path, 200))["status"]["state"] == "disabled"
        for refused in ("rtsp://169.254.169.254/", "rtsp://[::ffff:169.254.169.254]/", "http://224.0.0.1/x"):
            await ask("post", "/api/cameras", 403, name="Spy", source=refused)
        await ask("post", "/api/cameras", 422, name="Nowhere", source="rtsp:///stream")
        await ask("post", "/api/cameras/test", 422, source="demo:", camera_id="x")
        await ask("post", "/api/cameras/test", 404, camera_id="none")
        await ask("post", "/api/cameras/test", 503, source=source)
        audit = await ask("get", "/api/audit", 200)
        assert {entry["action"] for entry in audit} == {"camera_created", "camera_changed"}
        await ask("delete", path, 204)
        assert "no camera" in (await ask("get", path, 404))["detail"]
    assert secret not in "".join(said)


async def test_loopback_sources_are_for_servers_of_this_machine_only(gateway: RunningGateway) -> None:
    _, token = await gateway.user("anna", Role.ADMIN)
    body = {"name": "Local", "source": "rtsp://127.0.0.1/stream"}
    async with gateway.http(token) as http:
        assert (await http.post("/api/cameras", json=body)).status_code == 201
        object.__setattr__(gateway.gateway.settings, "allow_loopback_sources", False)
        for source in ("rtsp://127.0.0.1/s", "rtsp://localhost/s", "rtsp://2130706433/s", "http://[::1]/"):
            answer = await http.post("/api/cameras", json=body | {"source": source})
            assert answer.status_code == 403, source
            assert "allow_loopback_sources" in answer.json()["detail"]


# ── people ──


def _face(vector: bytes = b"vector", **changed: Any) -> AnalysedFace:
    values: dict[str, Any] = {
        "bbox": (0, 0, 50, 50), "confidence": 0.9, "landmarks": [], "quality": 0.8, "reasons": [], "vector": vector,
        "probe": JPEG,
    }  # fmt: skip
    return AnalysedFace(**(values | changed))


async def _answer_still_pictures(engine: ScriptedEngine, faces: list[list[AnalysedFace]]) -> None:
    for number, found in enumerate(faces):
        await engine.until(lambda wanted=number: len(engine.all(Analyse)) > wanted)
        request_id = engine.all(Analyse)[number].request_id
        await engine.send(Analysis(request_id=request_id, width=100, height=100, model_id=MODEL, faces=found))


async def test_people_are_enrolled_refused_and_erased(gateway: RunningGateway) -> None:
    watch_list = await gateway.watch_list()
    async with gateway.http() as http, gateway.engine() as engine:
        body = {"first_name": " Ada ", "last_name": "Lovelace", "age": 36, "watch_lists": [watch_list.id]}
        created = await http.post("/api/people", json=body)
        assert created.status_code == 201
        person = created.json()
        path = f"/api/people/{person['id']}"
        assert (person["name"], person["references"], person["portrait_url"]) == ("Ada Lovelace", 0, None)
        assert person["watch_lists"] == [watch_list.id]
        assert (await http.get(f"{path}/portrait")).status_code == 404

        answers = [[_face()], [], [_face(), _face()], [_face(reasons=["too_small"])], [_face()]]
        serving = asyncio.create_task(_answer_still_pictures(engine, answers))
        files = [("files", (f"{number}.jpg", JPEG + bytes([min(number, 3)]))) for number in range(5)]
        files[4] = ("files", ("again.jpg", JPEG + bytes([0])))
        results = (await http.post(f"{path}/references", files=files)).json()["results"]
        await serving
        assert [result["accepted"] for result in results] == [True, False, False, False, False]
        assert [result["reason_codes"] for result in results[1:]] == [
            ["no_face"],
            ["several_faces"],
            ["too_small"],
            ["enrolled_already"],
        ]
        assert all(sentence for result in results[1:] for sentence in result["reasons"])
        empty = await http.post(f"{path}/references", files={"files": ("empty.jpg", io.BytesIO(b""))})
        assert empty.json()["results"][0]["reason_codes"] == ["invalid_image"]

        (enrolled,) = (await http.get(f"{path}/references")).json()
        assert (await http.get(enrolled["image_url"])).content == JPEG
        portrait = await http.get((await http.get(path)).json()["portrait_url"])
        assert (portrait.content, portrait.headers["cache-control"]) == (JPEG, "private, no-store")
        assert (await http.get(f"{path}/references/none/image")).status_code == 404

        assert (await http.patch(path, json={"watch_lists": ["none"], "first_name": "X"})).status_code == 404
        assert (await http.get(path)).json()["first_name"] == "Ada", "nothing of a refused change is kept"
        changed = (await http.patch(path, json={"age": None, "watch_lists": []})).json()
        assert (changed["age"], changed["watch_lists"], changed["first_name"]) == (None, [], "Ada")
        assert (await http.patch(path, json={"nickname": "x"})).status_code == 422

        found = (await http.get("/api/people", params={"query": "love"})).json()
        assert (found["total"], found["people"][0]["id"]) == (1, person["id"])
        receipt = (await http.delete(path)).json()
        assert (receipt["person_id"], receipt["references"]) == (person["id"], 1)
        assert (await http.get(path)).status_code == 404
        assert (await http.delete(path)).status_code == 404


async def test_watch_lists(gateway: RunningGateway) -> None:
    person = await gateway.wanted()
    async with gateway.http() as http:
        made = (await http.post("/api/watch-lists", json={"name": "Banned", "severity": "warning"})).json()
        assert (await http.post("/api/watch-lists", json={"name": "banned"})).status_code == 409
        path = f"/api/watch-lists/{made['id']}"
        for _ in range(2):
            assert (await http.put(f"{path}/people/{person.id}")).status_code == 204
        assert (await http.put(f"{path}/people/none")).status_code == 404
        changed = (await http.patch(path, json={"enabled": False})).json()
        assert (changed["enabled"], changed["severity"], changed["people"]) == (False, "warning", 1)
        assert (await http.delete(f"{path}/people/{person.id}")).status_code == 204
        assert (await http.delete(path)).status_code == 204
        assert (await http.delete(path)).status_code == 404
        assert [one["name"] for one in (await http.get("/api/watch-lists")).json()] == ["Wanted"]


# ── alerts ──


async def test_alerts_their_pictures_and_taking_them(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    (enrolled,) = await gateway.gateway.store.people.references(person.id)
    _, operator = await gateway.user("olga")
    _, viewer = await gateway.user("vera", Role.VIEWER)
    async with gateway.engine() as engine, gateway.http(gateway.engine_token) as machine:
        for role in ("snapshot", "probe"):
            (await machine.put(f"/api/engine/blobs/{role}-1", content=JPEG + role.encode())).raise_for_status()
        fact = identified(person.id, camera.id, 0, blobs={"snapshot": "snapshot-1", "probe": "probe-1"})
        what = msgspec.structs.replace(fact.what, reference_id=enrolled.id)
        await engine.tell(msgspec.structs.replace(fact, what=what))
        await engine.sees(person, camera, 3)
    async with gateway.http(operator) as http, gateway.http(viewer) as seer:
        alerts = (await http.get("/api/alerts")).json()["alerts"]
        assert [alert["offset"] for alert in alerts] == [4, 3, 2, 1]
        first = alerts[-1]
        path = f"/api/alerts/{first['alert_id']}"
        assert (await http.get(path)).json() == first
        assert first["why"]["rule"] == "watch_list"
        for url, picture in [("snapshot_url", b"snapshot"), ("probe_url", b"probe")]:
            assert (await http.get(first[url])).content == JPEG + picture
        assert (await http.get(first["reference_url"])).content == JPEG
        assert (await http.get(f"/api/alerts/{alerts[0]['alert_id']}/snapshot")).status_code == 404
        assert (await http.get(f"{path}/portrait")).status_code == 422
        assert (await http.get("/api/alerts", params={"before": 3, "limit": 1})).json()["alerts"][0]["offset"] == 2
        assert (await http.get("/api/alerts", params={"state": "expired"})).json()["alerts"] == []
        assert len((await http.get("/api/alerts", params={"person": person.id})).json()["alerts"]) == 4
        assert (await http.get("/api/alerts", params={"camera": "none"})).json()["alerts"] == []
        assert (await http.get("/api/alerts", params={"limit": 0})).status_code == 422

        assert (await seer.post(f"{path}/ack", json={})).status_code == 403
        taken = (await http.post(f"{path}/ack", json={"verdict": "confirmed"})).json()
        assert (taken["state"], taken["by"], taken["first"], taken["verdict"]) == (
            "acknowledged",
            "olga",
            True,
            "confirmed",
        )
        assert (await http.post(f"{path}/ack", json={"verdict": "perhaps"})).status_code == 422
        assert (await http.get(path)).json()["by"] == "olga"
        assert (await http.post("/api/alerts/none/ack", json={})).status_code == 404
    async with gateway.http() as owner:
        second = f"/api/alerts/{alerts[-2]['alert_id']}"
        assert (await owner.post(f"{second}/ack", json={})).json()["first"] is True


async def test_erased_person_is_gone_from_alerts_messages_and_pictures(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted("Ada")
    _, token = await gateway.user("olga")
    resume = {"epoch": (await gateway.gateway.store.log.bounds()).epoch, "offset": 0}
    async with gateway.engine() as engine, gateway.http() as http:
        async with gateway.http(gateway.engine_token) as machine:
            (await machine.put("/api/engine/blobs/s-1", content=JPEG)).raise_for_status()
        await engine.tell(identified(person.id, camera.id, 1, blobs={"snapshot": "s-1"}))
        async with gateway.client(token, resume=resume) as client:
            assert "Lovelace" in json.dumps(await client.data("alert_triggered"))
        receipt = (await http.delete(f"/api/people/{person.id}")).json()
        assert (receipt["alerts"], receipt["pictures"]) == (1, 1)
        async with gateway.client(token, resume=resume) as client:
            told = await client.data("alert_triggered")
            assert (told["person"], told["snapshot_url"], told["reference_url"]) == (None, None, None)
            assert "Lovelace" not in json.dumps(client.heard)
            assert person.id not in json.dumps(client.heard)
        shown = (await http.get("/api/alerts")).text
        assert "Lovelace" not in shown
        assert person.id not in shown
        await engine.tell(identified(person.id, camera.id, 9))  # a fact that was still in the spool
        assert len((await http.get("/api/alerts")).json()["alerts"]) == 1


# ── the system ──


async def test_system_page(gateway: RunningGateway) -> None:
    async with gateway.http() as http:
        before = (await http.get("/api/system")).json()
        assert before["engine"]["state"] == "down"
        async with gateway.engine():
            system = (await http.get("/api/system")).json()
            assert system["engine"]["state"] == "connected"
            assert system["models"][0]["task"] == "face-detector"
            assert (await http.get("/api/models/info")).json()["face_model"]["loaded"] is True
        assert {"p50_ms", "p99_ms", "p999_ms", "max_ms"} == system["event_loop"].keys()
        assert {"epoch", "top", "floor"} == system["log"].keys()


async def test_metrics_count_what_happened(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    _, token = await gateway.user("olga")
    async with gateway.engine() as engine, gateway.client(token) as client, gateway.http(None) as http:
        await engine.sees(person, camera, 2)
        await client.next("alert_triggered")
        text = (await http.get("/metrics")).text
        assert 'sightline_facts_total{kind="identified",rule="watch_list"} 2.0' in text
        assert 'sightline_alerts_total{type="watchlist_match"} 2.0' in text
        assert "sightline_log_offset 2.0" in text
        assert "sightline_clients 1.0" in text
        assert "sightline_event_loop_lag_seconds_bucket" in text
        assert "process_resident_memory_bytes" in text
        assert (await http.get("/api/cameras")).status_code == 401
        again = (await http.get("/metrics")).text
        assert 'sightline_http_request_seconds_count{method="GET",status="401"} 1.0' in again


async def test_metrics_of_a_forwarded_request_need_a_right(gateway: RunningGateway) -> None:
    _, viewer = await gateway.user("vera", Role.VIEWER)
    _, operator = await gateway.user("olga")
    async with gateway.http(None) as http:
        forwarded = {"X-Forwarded-For": "203.0.113.7"}
        assert (await http.get("/metrics", headers=forwarded)).status_code == 401
        for token, status in (("nonsense", 401), (viewer, 403), (operator, 200)):
            headers = forwarded | {"Authorization": f"Bearer {token}"}
            assert (await http.get("/metrics", headers=headers)).status_code == status


async def test_metrics_are_for_the_networks_that_were_named(tmp_path: Path) -> None:
    async with GatewayRun(tmp_path, {"metrics_from": ["10.1.2.0/24"]}) as run:
        app = create_app((await run.start()).gateway, background=contextlib.nullcontext)
        for address, status in (("10.1.2.9", 200), ("10.1.3.9", 401), ("testclient", 401)):
            transport = httpx.ASGITransport(app=app, client=(address, 5))
            async with httpx.AsyncClient(transport=transport, base_url="http://sightline") as http:
                assert (await http.get("/metrics")).status_code == status


async def test_refusals_are_in_plain_words(gateway: RunningGateway) -> None:
    async with gateway.http() as http:
        wrong = await http.post("/api/cameras", json={"name": "x", "source": "demo:", "analysis_fps": 0, "sauce": 1})
        body = wrong.json()
        assert wrong.status_code == 422
        assert body["detail"].startswith("analysis_fps: ")
        assert {tuple(error["loc"]) for error in body["errors"]} == {("body", "analysis_fps"), ("body", "sauce")}
        assert (await http.get("/api/nothing")).status_code == 404
        assert (await http.post("/api/cameras", content=b"{")).status_code == 422


async def _sign_in(http: httpx.AsyncClient, name: str, password: str) -> httpx.Response:
    return await http.post("/api/token", data={"username": name, "password": password})


async def test_guessing_passwords_is_slowed(gateway: RunningGateway) -> None:
    async with gateway.http() as owner, gateway.http(None) as http:
        new = {"name": "olga", "role": "operator", "password": PASSWORD}
        (await owner.post("/api/users", json=new)).raise_for_status()
        for _ in range(12):  # whoever knows the password is not slowed
            assert (await _sign_in(http, "olga", PASSWORD)).status_code == 200
        at_once = await asyncio.gather(*(_sign_in(http, "olga", f"guess-{number}") for number in range(30)))
        statuses = [answer.status_code for answer in at_once]
        assert (statuses.count(401), statuses.count(429)) == (10, 20)
        refused = await _sign_in(http, "olga", PASSWORD)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 61
        gateway.gateway.throttle._failures.clear()
        assert (await _sign_in(http, "nobody", PASSWORD)).json() == (await _sign_in(http, "olga", "wrong")).json()


async def test_an_engines_token_is_its_own_and_ends_with_the_next(gateway: RunningGateway) -> None:
    async with gateway.http() as http:
        assert (await http.post("/api/engines/local/token")).status_code == 409
        assert (await http.delete("/api/engines/yard/token")).status_code == 404
        first = (await http.post("/api/engines/yard/token")).json()
        assert first["engine_id"] == "yard"
        headers = {"Authorization": f"Bearer {first['token']}"}
        async with gateway.socket("/ws/engine", additional_headers=headers) as socket:
            engine = ScriptedEngine(socket)
            hello = link.Hello(
                engine_id="yard", version="1", capacity=1, devices=[], models=[], protocol=link.LINK_PROTOCOL
            )
            await engine.send(hello)
            await engine.until(lambda: engine.all(link.Welcome))
            assert (await http.delete("/api/engines/yard/token")).status_code == 204
            await socket.wait_closed()
            assert socket.close_code == 4503
        with pytest.raises(InvalidStatus):
            async with gateway.socket("/ws/engine", additional_headers=headers):
                pass
