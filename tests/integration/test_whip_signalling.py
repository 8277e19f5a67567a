"""WHIP and WHEP over HTTP: who may, what an engine is asked, what a client is told. No video flows here."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from sightline.accounts import Role
from sightline.events.engine_link import Assign
from sightline.events.peer import Answer, EndSession, Offer, PushedPicture, SessionEnded
from tests.integration.gateway_app import PATIENCE_S, GatewayRun, RunningGateway, ScriptedEngine

SDP = {"Content-Type": "application/sdp"}
OFFER = "v=0\r\nan offer"


JPEG = b"\xff\xd8\xff a picture"


def pushed(timestamp: int, jpeg: bytes) -> bytes:
    header = json.dumps({"timestamp": timestamp}).encode()
    return len(header).to_bytes(4, "big") + header + jpeg


async def phone(gateway: RunningGateway, **changed: Any) -> str:
    return (await gateway.camera("Phone", **({"source": "whip:"} | changed))).id


async def answered(engine: ScriptedEngine, post: Any, **answer: Any) -> tuple[Offer, httpx.Response]:
    """The engine's answer to the offer that `post` brings."""
    before = len(engine.all(Offer))
    posting = asyncio.ensure_future(post)
    await engine.until(lambda: len(engine.all(Offer)) > before)
    offer = engine.all(Offer)[-1]
    await engine.send(Answer(request_id=offer.request_id, **answer))
    return offer, await posting


async def test_offer_goes_to_the_engine_and_its_answer_comes_back(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"ice_servers": ("stun:stun.example:3478", 'turn:us"er:pass@turn.example:3478')}
    gateway = await gateway_run.start()
    async with gateway.engine() as engine, gateway.http() as http:
        camera_id = await phone(gateway)
        await engine.until(lambda: engine.all(Assign))
        assert engine.all(Assign)[-1].camera.source == f"whip:{camera_id}", "an engine is told whose pictures come"
        offer, answer = await answered(
            engine, http.post(f"/whip/{camera_id}", content=OFFER, headers=SDP), answer="v=0\r\nan answer"
        )
        assert (offer.camera_id, offer.direction, offer.offer) == (camera_id, "publish", OFFER)
        assert (answer.status_code, answer.text) == (201, "v=0\r\nan answer")
        assert answer.headers["content-type"] == "application/sdp"
        assert answer.headers["location"] == f"/whip/{camera_id}/{offer.session_id}"
        assert answer.headers.get_list("link") == [
            '<stun:stun.example:3478>; rel="ice-server"',
            '<turn:turn.example:3478>; rel="ice-server"; username="us\\"er"; credential="pass"; '
            'credential-type="password"',
        ]
        deleting = asyncio.ensure_future(http.delete(answer.headers["location"]))
        await engine.until(lambda: engine.all(EndSession))
        assert engine.all(EndSession) == [EndSession(session_id=offer.session_id, camera_id=camera_id)]
        early, _ = await asyncio.wait({deleting}, timeout=0.2)
        assert not early, "a device that closes its connection next would be taken for lost"
        await engine.send(SessionEnded(session_id=offer.session_id, reason="the device stopped"))
        assert (await deleting).status_code == 200
        actions = [entry["action"] for entry in (await http.get("/api/audit")).json()]
        assert "video_published" in actions


async def test_viewer_asks_for_a_quality(gateway: RunningGateway) -> None:
    _, token = await gateway.user("vera", Role.VIEWER)
    async with gateway.engine() as engine, gateway.http(token) as http:
        camera_id = (await gateway.camera()).id
        await engine.until(lambda: engine.all(Assign))
        posting = http.post(f"/whep/{camera_id}", params={"quality": "hd"}, content=OFFER, headers=SDP)
        offer, answer = await answered(engine, posting, answer="v=0")
        assert (offer.direction, offer.quality, answer.status_code) == ("play", "hd", 201)
        assert answer.headers["location"] == f"/whep/{camera_id}/{offer.session_id}"
        assert (await http.post(f"/whip/{camera_id}", content=OFFER, headers=SDP)).status_code == 403


async def test_viewer_who_may_see_no_more_is_shown_no_more(gateway: RunningGateway) -> None:
    user, token = await gateway.user("vera", Role.VIEWER)
    other, others_token = await gateway.user("otto")
    async with gateway.engine() as engine, gateway.http(token) as http, gateway.http(others_token) as others:
        camera_id = (await gateway.camera()).id
        await engine.until(lambda: engine.all(Assign))
        offer, _ = await answered(engine, http.post(f"/whep/{camera_id}", content=OFFER, headers=SDP), answer="v=0")
        posting = others.post(f"/whep/{camera_id}", content=OFFER, headers=SDP)
        other_offer, answer = await answered(engine, posting, answer="v=0")
        gateway.gateway.changes.user(user.id)
        await engine.until(lambda: engine.all(EndSession))
        (ended,) = engine.all(EndSession)
        assert (ended.session_id, ended.reason) == (offer.session_id, "the account was changed")
        gateway.gateway.streams.tick(2**50)  # their token has expired
        await engine.until(lambda: len(engine.all(EndSession)) == 2)
        assert engine.all(EndSession)[1].session_id == other_offer.session_id
        assert (await others.delete(answer.headers["location"])).status_code == 200
        assert len(gateway.gateway.streams.sessions) == 0


async def test_device_whose_right_is_taken_away_publishes_no_more(gateway: RunningGateway) -> None:
    ada, adas_token = await gateway.user("ada", Role.ADMIN)
    await gateway.user("otto", Role.ADMIN)
    async with gateway.engine() as engine, gateway.http() as owner, gateway.http(adas_token) as ada_http:
        camera_id = await phone(gateway)
        await engine.until(lambda: engine.all(Assign))

        async def published(http: httpx.AsyncClient) -> str:
            posting = http.post(f"/whip/{camera_id}", content=OFFER, headers=SDP)
            return (await answered(engine, posting, answer="v=0"))[0].session_id

        async def end_of(session_id: str) -> str:
            await engine.until(lambda: any(one.session_id == session_id for one in engine.all(EndSession)))
            return engine.all(EndSession)[-1].reason

        token_path = f"/api/cameras/{camera_id}/token"
        first = (await owner.post(token_path)).json()["token"]
        async with gateway.http(first) as device:
            by_first = await published(device)
        second = (await owner.post(token_path)).json()["token"]
        assert await end_of(by_first) == "the camera's token was revoked", "a new token makes the older one void"
        by_ada = await published(ada_http)
        async with gateway.http(second) as device:
            by_second = await published(device)
            await owner.delete(token_path)
            assert await end_of(by_second) == "the camera's token was revoked"
            assert (await device.post(f"/whip/{camera_id}", content=OFFER, headers=SDP)).status_code == 401
        (await owner.patch(f"/api/users/{ada.id}", json={"role": "viewer"})).raise_for_status()
        assert await end_of(by_ada) == "the account was changed"
        assert (await ada_http.post(f"/whip/{camera_id}", content=OFFER, headers=SDP)).status_code == 401
        over = await published(owner)
        await engine.send(SessionEnded(session_id=over, reason="the device closed the connection"))
        await gateway.until(lambda: len(gateway.gateway.streams.sessions) == 0)


async def test_token_of_a_camera_publishes_there_and_does_nothing_else(gateway: RunningGateway) -> None:
    async with gateway.engine() as engine, gateway.http() as owner:
        camera_id, other_id = await phone(gateway), await phone(gateway)
        await engine.until(lambda: len(engine.all(Assign)) == 2)
        made = (await owner.post(f"/api/cameras/{camera_id}/token")).json()
        assert made["publish_path"] == f"/whip/{camera_id}"
        headers = {"Authorization": f"Bearer {made['token']}"}
        async with gateway.http(made["token"]) as device:
            posting = device.post(f"/whip/{camera_id}", content=OFFER, headers=SDP)
            _, answer = await answered(engine, posting, answer="v=0")
            assert answer.status_code == 201
            assert (await device.delete(answer.headers["location"])).status_code == 200
            assert (await device.post(f"/whip/{other_id}", content=OFFER, headers=SDP)).status_code == 401
            assert (await device.get("/api/cameras")).status_code == 401
            assert (await device.put("/api/engine/blobs/x", content=b"\xff\xd8")).status_code == 401
            for path in ("/ws/engine", "/ws/engine/frames"):
                with pytest.raises(InvalidStatus):
                    async with gateway.socket(path, additional_headers=headers):
                        pass
            async with gateway.newcomer() as client:
                await client.send("client_identify", client_type="ai_engine", auth_token=made["token"])
                assert (await client.data("error"))["code"] == "AUTH_FAILED"
            assert (await owner.delete(f"/api/cameras/{camera_id}/token")).status_code == 204
            assert (await device.post(f"/whip/{camera_id}", content=OFFER, headers=SDP)).status_code == 401


async def test_token_goes_with_its_camera(gateway: RunningGateway) -> None:
    async with gateway.http() as owner:
        camera_id = await phone(gateway)
        token = (await owner.post(f"/api/cameras/{camera_id}/token")).json()["token"]
        assert (await owner.delete(f"/api/cameras/{camera_id}")).status_code == 204
    async with gateway.http(token) as device:
        assert (await device.post(f"/whip/{camera_id}", content=OFFER, headers=SDP)).status_code == 401


@pytest.mark.parametrize(
    ("code", "status"),
    [("INVALID_OFFER", 400), ("SYSTEM_FULL", 503), ("NOT_READ_HERE", 503), ("NOT_SUPPORTED", 501), ("", 500)],
)
async def test_refusals_of_an_engine(gateway: RunningGateway, code: str, status: int) -> None:
    async with gateway.engine() as engine, gateway.http() as http:
        camera_id = await phone(gateway)
        await engine.until(lambda: engine.all(Assign))
        posting = http.post(f"/whip/{camera_id}", content=OFFER, headers=SDP)
        _, answer = await answered(engine, posting, error="because", error_code=code)
        assert (answer.status_code, answer.json()) == (status, {"detail": "because"})
        assert ("retry-after" in answer.headers) is (status == 503)


async def test_what_is_no_offer(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sightline.gateway.video.webrtc.PATIENCE_S", 0.0)
    async with gateway.http() as http:
        camera_id = await phone(gateway)
        path = f"/whip/{camera_id}"
        assert (await http.post(path, json={"sdp": OFFER})).status_code == 415
        assert (await http.post(path, content=b" ", headers=SDP)).status_code == 400
        assert (await http.post(path, content=b"\xff\xfe", headers=SDP)).status_code == 400
        assert (await http.post(path, content=b"v" * 70_000, headers=SDP)).status_code == 413
        assert (await http.post("/whip/nothing", content=OFFER, headers=SDP)).status_code == 404
        nobody = await http.post(path, content=OFFER, headers={"Content-Type": "application/sdp; charset=utf-8"})
        assert (nobody.status_code, nobody.headers["retry-after"]) == (503, "2")
        off = await phone(gateway, enabled=False)
        assert (await http.post(f"/whip/{off}", content=OFFER, headers=SDP)).status_code == 409
        read = await gateway.camera()
        refused = await http.post(f"/whip/{read.id}", content=OFFER, headers=SDP)
        assert (refused.status_code, "nothing can be published" in refused.text) == (409, True)
        assert (await http.delete("/whip/nothing/session")).status_code == 404


@pytest.mark.parametrize("prefix", ["/whip", "/whep"])
async def test_other_methods(gateway: RunningGateway, prefix: str) -> None:
    async with gateway.http(None) as http:
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            refused = await http.request(method, f"{prefix}/x")
            assert (refused.status_code, refused.headers["allow"]) == (405, "OPTIONS, POST")
        for method in ("GET", "POST", "PUT", "PATCH"):
            refused = await http.request(method, f"{prefix}/x/session")
            assert (refused.status_code, refused.headers["allow"]) == (405, "DELETE, OPTIONS")
        options = await http.request("OPTIONS", f"{prefix}/x")
        assert (options.status_code, options.headers["accept-post"]) == (204, "application/sdp")
        assert (await http.request("OPTIONS", f"{prefix}/x/session")).status_code == 204


async def test_page_of_an_allowed_origin_may_publish(gateway_run: GatewayRun) -> None:
    gateway_run.settings = {"allowed_origins": ("https://wall.example",)}
    gateway = await gateway_run.start()
    async with gateway.http(None) as http:
        asked = {
            "Origin": "https://wall.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        preflight = await http.request("OPTIONS", "/whip/x", headers=asked)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://wall.example"
        answer = await http.post("/whip/x", content=OFFER, headers=SDP | {"Origin": "https://wall.example"})
        assert "Location" in answer.headers["access-control-expose-headers"]


async def test_who_may_push_pictures(gateway: RunningGateway) -> None:
    phone_id, read_id = await phone(gateway), (await gateway.camera()).id
    _, admin = await gateway.user("ada", Role.ADMIN)
    _, operator = await gateway.user("olga")
    for camera_id, token, status in (
        (phone_id, None, 401),
        (phone_id, "slm_nonsense", 401),
        (phone_id, operator, 403),
        ("nothing", admin, 404),
        (read_id, admin, 409),
    ):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        with pytest.raises(InvalidStatus) as refusal:
            async with gateway.socket(f"/ws/camera/{camera_id}", additional_headers=headers):
                pass
        assert refusal.value.response.status_code == status
    with pytest.raises(InvalidStatus) as refusal:
        async with gateway.socket(f"/ws/camera/{phone_id}?ticket=nonsense"):
            pass
    assert refusal.value.response.status_code == 403
    async with gateway.http(admin) as http:
        ticket = (await http.post("/api/ws-ticket")).json()["ticket"]
    async with gateway.socket(f"/ws/camera/{phone_id}?ticket={ticket}") as socket:
        assert json.loads(await socket.recv())["type"] == "publishing"


async def test_pushed_pictures_reach_the_engine_the_newest_first(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.gateway.video.camera_socket.MAX_REFUSED_IN_A_ROW", 3)
    camera_id = await phone(gateway)
    headers = {"Authorization": f"Bearer {(await gateway.user('ada', Role.ADMIN))[1]}"}
    async with gateway.engine() as engine:
        await engine.until(lambda: engine.all(Assign))
        async with gateway.socket(f"/ws/camera/{camera_id}", additional_headers=headers) as socket:
            await socket.recv()
            await socket.send(pushed(7, JPEG))
            await engine.until(lambda: engine.all(PushedPicture))
            (picture,) = engine.all(PushedPicture)
            assert (picture.camera_id, picture.timestamp, picture.jpeg) == (camera_id, 7, JPEG)
            assert json.loads(await socket.recv()) == {"type": "frame_accepted", "data": {"timestamp": 7}}
            await engine.send(SessionEnded(session_id="another", reason="not this one"))
            await engine.send(SessionEnded(session_id=picture.session_id, reason="another device"))
            await asyncio.wait_for(socket.wait_closed(), PATIENCE_S)
            assert (socket.close_code, socket.close_reason) == (4502, "another device")
        async with gateway.socket(f"/ws/camera/{camera_id}", additional_headers=headers) as socket:
            await socket.recv()
            for nonsense in (b"", b"\x00\x00\x00\x02{}" + JPEG, pushed(1, b"no picture")):
                await socket.send(nonsense)
                assert json.loads(await socket.recv())["type"] == "error"
            await asyncio.wait_for(socket.wait_closed(), PATIENCE_S)
            assert socket.close_code == 4501
        async with gateway.socket(f"/ws/camera/{camera_id}", additional_headers=headers) as socket:
            await socket.recv()
            await socket.close(1000)
        await engine.until(lambda: engine.all(EndSession))


async def test_device_that_may_publish_no_more_is_sent_away(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.gateway.video.camera_socket.CHECK_INTERVAL_S", 0.05)
    camera_id = await phone(gateway)
    async with gateway.http() as owner:
        token = (await owner.post(f"/api/cameras/{camera_id}/token")).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        async with gateway.socket(f"/ws/camera/{camera_id}", additional_headers=headers) as socket:
            await socket.recv()
            await owner.delete(f"/api/cameras/{camera_id}/token")
            await asyncio.wait_for(socket.wait_closed(), PATIENCE_S)
            assert socket.close_code == 4503


async def test_camera_of_a_device_is_tested_by_what_came(gateway: RunningGateway) -> None:
    async with gateway.http() as http:
        fresh = (await http.post("/api/cameras/test", json={"source": "whip:"})).json()
        assert (fresh["ok"], "publish to it" in fresh["message"]) == (False, True)
        stored = (await http.post("/api/cameras/test", json={"camera_id": await phone(gateway)})).json()
        assert (stored["ok"], stored["message"]) == (False, "no engine has connected yet")
