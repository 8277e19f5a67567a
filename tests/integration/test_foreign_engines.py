"""An engine of another make, over `/ws/v1`: told what to look at, heard as any engine is."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from sightline.accounts import Role
from sightline.events import engine_link as link
from sightline.service.gateway import engine_token
from tests.integration.gateway_app import JPEG, NativeClient, RunningGateway

FACE = {"bbox": [1, 2, 30, 40], "confidence": 0.9}


@contextlib.asynccontextmanager
async def foreign(gateway: RunningGateway, name: str = "yard", token: str | None = None) -> AsyncIterator[NativeClient]:
    token = token or await engine_token(gateway.gateway, name)
    async with gateway.newcomer() as engine:
        await engine.send("client_identify", client_type="ai_engine", auth_token=token, capabilities=["vehicle"])
        assert (await engine.data("identification_success"))["client_type"] == "ai_engine"
        yield engine


async def health(gateway: RunningGateway) -> dict[str, Any]:
    async with gateway.http(None) as http:
        return dict((await http.get("/api/health")).json()["websocket"])


async def test_it_needs_the_token_of_a_machine(gateway: RunningGateway) -> None:
    _, person = await gateway.user("ada", Role.ADMIN)
    for token in (person, "slm_guess", None):
        async with gateway.newcomer() as engine:
            await engine.send("client_identify", client_type="ai_engine", **({"auth_token": token} if token else {}))
            assert (await engine.closed())[0] == 4500
            assert engine.all("error")[0]["code"] == "AUTH_FAILED"
    machine = await engine_token(gateway.gateway, "yard")
    async with gateway.newcomer() as client:
        await client.send("client_identify", client_type="frontend", auth_token=machine)
        assert (await client.closed())[0] == 4500


async def test_everybody_hears_that_it_came_and_went(gateway: RunningGateway) -> None:
    _, token = await gateway.user("vera", Role.VIEWER)
    assert (await health(gateway))["ai_engine_connected"] is False
    async with gateway.client(token) as client:
        async with foreign(gateway):
            status = await client.data("ai_engine_status")
            assert (status["engine_id"], status["status"], status["capabilities"]) == ("yard", "connected", ["vehicle"])
            async with gateway.http() as http:
                connections = (await http.get("/ws/connections")).json()["connections"]
            assert {one["client_type"] for one in connections} == {"frontend", "ai_engine"}
            assert await health(gateway) | {"uptime": 0, "messages_processed": 0} == {
                "enhanced_server": True, "connected_clients": 2, "messages_processed": 0,
                "ai_engine_connected": True, "uptime": 0,
            }  # fmt: skip
            async with foreign(gateway) as newer:
                assert (await client.data("ai_engine_status"))["status"] == "connected"
                gateway.gateway.foreign_engines.token_changed("yard")
                assert (await newer.closed())[0] == 4503
        assert (await client.data("ai_engine_status"))["status"] == "disconnected"
    assert (await health(gateway))["ai_engine_connected"] is False


async def test_streams_are_its_work(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("vera", Role.VIEWER)
    async with foreign(gateway) as engine, gateway.client(token) as client:
        await client.send("stream_start_request", id="1", camera_id=camera.id, quality="sd")
        started = await client.data("stream_start_success")
        assert started["stream_url"] is None, "no engine here sends pictures"
        told = await engine.data("start_stream_processing")
        assert told == {
            "camera_id": camera.id, "rtsp_url": camera.source, "quality": "sd", "request_id": told["request_id"],
        }  # fmt: skip
        await client.send("stream_quality_change", camera_id=camera.id, new_quality="hd")
        assert (await engine.data("change_stream_quality"))["new_quality"] == "hd"
        async with gateway.client(token) as another:
            await another.send("stream_start_request", camera_id=camera.id, quality="thumbnail")
            await another.data("stream_start_success")
            await client.send("stream_stop_request", camera_id=camera.id, quality="hd")
            assert (await engine.data("change_stream_quality"))["new_quality"] == "thumbnail"
            await another.send("stream_stop_request", camera_id=camera.id)
            assert (await engine.data("stop_stream_processing"))["camera_id"] == camera.id
    async with gateway.client(token) as client:
        await client.send("stream_start_request", camera_id=camera.id)
        assert "offline" in (await client.data("stream_start_error"))["error"]


async def test_a_new_source_is_given_to_it_unseen_where_no_other_engine_is(gateway: RunningGateway) -> None:
    _, token = await gateway.user("ada", Role.ADMIN)
    async with foreign(gateway) as engine, gateway.client(token) as client:
        await client.send("stream_start_request", camera_id="cam_1", rtsp_url="rtsp://10.0.0.3/a", quality="hd")
        await client.data("stream_start_success")
        assert (await engine.data("start_stream_processing"))["rtsp_url"] == "rtsp://10.0.0.3/a"
        await client.send("stream_start_request", camera_id="cam_1", rtsp_url="rtsp://10.0.0.3/b", quality="hd")
        assert (await engine.data("start_stream_processing"))["rtsp_url"] == "rtsp://10.0.0.3/b"


async def test_its_results_reach_those_who_look(gateway: RunningGateway) -> None:
    camera, other = await gateway.camera(), await gateway.camera("Yard")
    _, token = await gateway.user("vera", Role.VIEWER)
    async with foreign(gateway) as engine, gateway.client(token) as client, gateway.client(token) as elsewhere:
        await client.send("subscribe_camera", camera_id=camera.id)
        await elsewhere.send("subscribe_camera", camera_id=other.id)
        for looking in (client, elsewhere):  # its answer says that the subscription is there
            await looking.send("heartbeat")
            await looking.next("heartbeat_ack")
        vehicle = {"label": "vehicle", "confidence": 0.8, "bbox": [1, 2, 3, 4]}
        await engine.send("ai_detection_result", camera_id=camera.id, detections=[vehicle], frame_id=7, width=64)
        seen = await client.data("ai_detection_result")
        assert seen["detections"] == [vehicle | {"track_id": None}]
        assert (seen["frame_id"], seen["width"], seen["source"], seen["crowd_analysis"]) == (7, 64, "yard", None)
        known = FACE | {"is_known": True, "name": "Ada"}
        await engine.send("face_detection_result", camera_id=camera.id, faces=[FACE, known], frame_id=7)
        faces = (await client.data("face_detection_result"))["faces"]
        assert [(face["identity"], face["name"]) for face in faces] == [("unknown", None), ("known", "Ada")]
        assert not elsewhere.all("ai_detection_result")
        await elsewhere.silent()


async def test_its_alerts_are_facts_once_for_each_id(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    person = await gateway.wanted()
    _, token = await gateway.user("olga", Role.OPERATOR)
    report: dict[str, Any] = {
        "alert_id": "n-1", "type": "person_detected", "severity": "critical", "camera_id": camera.id,
        "message": "somebody is in the yard", "snapshot": base64.b64encode(JPEG).decode(), "similarity": 0.7,
        "person": {"name": "Ada", "height": 1.7}, "person_id": person.id, "timestamp": 1,
    }  # fmt: skip
    async with foreign(gateway) as engine, gateway.client(token) as client:
        await engine.send("alert_triggered", id="e1", **report)
        accepted = await engine.next("alert_accepted")
        assert accepted["id"] == "e1" and accepted["data"]["alert_id"] == "n-1"
        assert accepted["data"]["duplicate"] is False
        alert = await client.data("alert_triggered")
        assert alert["alert_id"] == accepted["data"]["raised"]
        assert (alert["type"], alert["severity"], alert["similarity"]) == ("person_detected", "critical", 0.7)
        assert alert["person"]["id"] == person.id and alert["camera"]["id"] == camera.id
        assert alert["why"]["message"] == "somebody is in the yard" and alert["why"]["late"] is True
        async with gateway.http(token) as http:
            assert (await http.get(alert["snapshot_url"])).content == JPEG

        await engine.send("alert_triggered", id="e2", **report)
        again = await engine.data("alert_accepted")
        assert again == {"alert_id": "n-1", "raised": alert["alert_id"], "duplicate": True}
        own: dict[str, Any] = {"alert_id": "n-2", "type": "tailgating", "camera": {"id": camera.id}}
        await engine.send("alert_triggered", **own)
        alert = await client.data("alert_triggered")
        assert (alert["type"], alert["why"]["type"], alert["severity"]) == ("other", "tailgating", "warning")

        async with gateway.http() as http:
            await http.delete(f"/api/people/{person.id}")
        assert await client.data("person_erased") == {"person_id": person.id}
        assert await engine.data("person_erased") == {"person_id": person.id}
        (left,) = [one for one in await gateway.gateway.store.alerts.list(tags=frozenset({"role:operator"}))
                   if one.type == "person_detected"]  # fmt: skip
        assert left.person_id is None and "Ada" not in str(left.why) and left.why["message"] is None


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("ai_detection_result", {"camera_id": "nowhere", "detections": []}, "data.camera_id"),
    ("face_detection_result", {"camera_id": "c", "faces": [FACE | {"confidence": 2}]}, "data.faces[0].confidence"),
    ("alert_triggered", {"alert_id": "a", "type": "t"}, "data.camera_id"),
    ("alert_triggered", {"alert_id": "a", "type": "t", "camera_id": "nowhere"}, "data.camera_id"),
    ("alert_triggered", {"alert_id": "a", "type": "t", "camera_id": "HERE", "snapshot": "cG5n"}, "data.snapshot"),
    ("alert_triggered", {"alert_id": "a", "type": "t", "camera_id": "HERE", "person": {"x": "y" * 5000}},
     "data.person"),
]  # fmt: skip


async def test_what_is_wrong_is_named(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    async with foreign(gateway) as engine:
        for number, (type, data, path) in enumerate(WRONG):
            here = {"camera_id": camera.id} if data.get("camera_id") == "HERE" else {}
            await engine.send(type, id=str(number), **(data | here))
            wrong = await engine.data("error")
            assert (wrong["details"]["path"], wrong["request_id"]) == (path, str(number))


async def test_people_do_not_report_and_engines_do_not_ask(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("ada", Role.ADMIN)
    async with foreign(gateway) as engine, gateway.client(token) as client:
        await client.send("alert_triggered", id="1", alert_id="a", type="t", camera_id=camera.id)
        assert (await client.data("error"))["code"] == "FORBIDDEN"
        await engine.send("subscribe_camera", id="1", camera_id="*")
        assert (await engine.data("error"))["code"] == "FORBIDDEN"
        async with gateway.engine() as native:
            await native.until(lambda: native.all(link.Assign))
            assert (await health(gateway))["connected_clients"] == 2
