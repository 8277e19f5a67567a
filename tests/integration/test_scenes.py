"""Scenes through a real gateway: a view is drawn, the engine has it, what it sees there becomes alerts and history."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any

import msgspec

from sightline.accounts import Role
from sightline.events import engine_link as link
from sightline.events.fact import Attack, CrowdChanged, Fact, Identified, LineCrossed, ObjectLook, ObjectSeen, What
from sightline.events.observation import CrowdSeen, Observation, TrackedFace, TrackedObject
from sightline.events.scene import Direction, Liveness
from sightline.privacy import FaceBlur
from tests.integration.gateway_app import START_MS, RunningGateway, ScriptedEngine

BOX = (10.0, 20.0, 60.0, 200.0)
HALL = {"name": "Hall", "polygon": [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]}
DOOR = {"name": "Door", "start": [0.5, 1], "end": [0.5, 0]}
ALWAYS = {"timezone": "UTC", "shifts": [{"weekday": day, "start_minute": 0, "end_minute": 1440} for day in range(7)]}
NEVER = {"timezone": "UTC", "shifts": [{"weekday": 0, "start_minute": 0, "end_minute": 1}]}
VIEW: dict[str, Any] = {
    "masks": [[[0.9, 0.9], [1, 0.9], [1, 1]]],
    "zones": [HALL],
    "lines": [DOOR],
    "crowds": [{"threshold": 4, "zone": "Hall", "severity": "error"}],
    "rules": [
        {"label": "person", "zone": "Hall", "schedule": ALWAYS, "severity": "critical"},
        {"label": "person", "line": "Door", "direction": "in"},
        {"label": "phone", "schedule": NEVER},
        {"label": "vehicle"},
    ],
    "liveness": "require",
    "objects_fps": 3,
}


def fact(camera_id: str, what: What, number: int, at_ms: int = START_MS + 5_000) -> Fact:
    return Fact(key=f"k{number}", camera_id=camera_id, timestamp=at_ms, width=640, height=480, what=what)


def seen(label: str, zone: str | None = None, track: str = "t") -> ObjectSeen:
    looks = [ObjectLook(frame_id=number, timestamp=START_MS, confidence=0.7) for number in (1, 2)]
    return ObjectSeen(
        track_id=track, label=label, confidence=0.7, first_seen=START_MS, bbox=BOX, model_id="m", looks=looks, zone=zone
    )


def crowd(*, crowded: bool) -> CrowdChanged:
    figures = CrowdSeen(face_count=1, body_count=6, crowd_level="high", density_score=0.3, zones={"Hall": 6})
    return CrowdChanged(crowded=crowded, people=6, most=7, threshold=4, since=START_MS, crowd=figures, zone="Hall")


async def told(gateway: RunningGateway, engine: ScriptedEngine, *facts: Fact) -> list[dict[str, Any]]:
    """The alerts there are after these facts, newest first."""
    for one in facts:
        await engine.tell(one)
    async with gateway.http() as http:
        return list((await http.get("/api/alerts")).json()["alerts"])


async def test_a_view_is_kept_and_reaches_the_engine_without_a_new_start(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    async with gateway.engine() as engine, gateway.http() as http:
        await engine.until(lambda: engine.all(link.Assign))
        first = engine.all(link.Assign)[0].camera
        assert (first.scene.liveness, [watch.threshold for watch in first.scene.crowds]) == (Liveness.REPORT, [10])
        before = (await http.get(f"/api/cameras/{camera.id}/view")).json()
        assert (before["own"], before["zones"], before["liveness"]) == (False, [], "report")
        put = await http.put(f"/api/cameras/{camera.id}/view", json=VIEW)
        assert put.status_code == 200
        assert (await http.get(f"/api/cameras/{camera.id}/view")).json() == put.json()
        assert put.json()["own"] is True
        assert put.json()["rules"][0]["schedule"] == ALWAYS
        await engine.until(lambda: len(engine.all(link.Assign)) > 1)
        scene = engine.all(link.Assign)[-1].camera.scene
        assert (scene.liveness, scene.objects_fps, scene.pictured) == (
            Liveness.REQUIRE, 3.0, ("person", "phone", "vehicle"),
        )  # fmt: skip
        assert scene.zones[0].polygon == ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
        assert len(scene.masks) == 1
        assert engine.all(link.Revoke) == []
        assert (await http.delete(f"/api/cameras/{camera.id}/view")).status_code == 204
        await engine.until(lambda: engine.all(link.Assign)[-1].camera.scene == first.scene)
        actions = [record["action"] for record in (await http.get("/api/audit")).json()]
        assert {"camera_view_changed", "camera_view_removed"} <= set(actions)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"zones": [HALL | {"polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}]}, "cross or touch"),
    ({"zones": [HALL | {"polygon": [[0, 0], [1, 1]]}]}, "at least 3"),
    ({"zones": [HALL | {"polygon": [[k / 40, (k % 2) / 2] for k in range(33)]}]}, "at most 32"),
    ({"zones": [HALL | {"polygon": [[0, 0], [1.1, 0], [1, 1]]}]}, "less than or equal to 1"),
    ({"masks": [[[0, 0], [1, 1], [1, 0], [0, 1]]]}, "cross or touch"),
    ({"zones": [HALL, HALL | {"name": "hall"}]}, "one name"),
    ({"lines": [DOOR | {"end": DOOR["start"]}]}, "a line has a length"),
    ({"lines": []}, "no line 'Door'"),
    ({"zones": [], "crowds": []}, "no zone 'Hall'"),
    ({"crowds": [{"threshold": 1, "zone": "Elsewhere"}]}, "no zone 'Elsewhere'"),
    ({"crowds": [{"threshold": 1}, {"threshold": 1}]}, "cannot be the same number"),
    ({"rules": [{"label": "person", "zone": "Hall", "line": "Door"}]}, "not both"),
    ({"rules": [{"label": "person", "direction": "in"}]}, "needs a line"),
    ({"rules": [{"label": "dog"}]}, "'person', 'vehicle', 'package' or 'phone'"),
    ({"rules": [{"label": "person", "schedule": {"timezone": "Mars/Base", "shifts": ALWAYS["shifts"]}}]}, "Mars"),
    ({"rules": [{"label": "person", "schedule": {"shifts": []}}]}, "at least 1"),
    ({"liveness": "perhaps"}, "'off', 'report' or 'require'"),
    ({"objects_fps": -1}, "greater than or equal to 0"),
    ({"colour": "red"}, "Extra inputs"),
]
"""Changes of the view above, and a word of why it then cannot be."""


async def test_a_view_that_cannot_be_is_refused(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    async with gateway.http() as http:
        for change, word in REFUSED:
            answer = await http.put(f"/api/cameras/{camera.id}/view", json=VIEW | change)
            assert (answer.status_code, word in answer.text) == (422, True), (change, answer.text)
        assert (await http.get(f"/api/cameras/{camera.id}/view")).json()["own"] is False


async def test_views_of_cameras_that_are_not_there(gateway: RunningGateway) -> None:
    async with gateway.http() as http:
        answers = [
            await http.get("/api/cameras/none/view"),
            await http.put("/api/cameras/none/view", json=VIEW),
            await http.delete("/api/cameras/none/view"),
        ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]


async def test_what_is_seen_in_a_scene_raises_the_alerts_that_its_rules_ask_for(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    async with gateway.engine() as engine, gateway.http() as http:
        await http.put(f"/api/cameras/{camera.id}/view", json=VIEW)
        crossing = LineCrossed(
            track_id="t", label="person", line="Door", direction=Direction.IN, first_seen=START_MS, bbox=BOX
        )
        attack = Attack(track_id="t", score=0.1, scores=[0.1], first_seen=START_MS, bbox=BOX, model_id="pad")
        alerts = await told(
            gateway, engine,
            fact(camera.id, seen("person"), 1),
            fact(camera.id, seen("person", "Hall"), 2),
            fact(camera.id, seen("person", "Hall", "u"), 3),
            fact(camera.id, seen("phone"), 4),
            fact(camera.id, seen("vehicle"), 5),
            fact(camera.id, crossing, 6),
            fact(camera.id, msgspec.structs.replace(crossing, direction=Direction.OUT), 7),
            fact(camera.id, attack, 8),
        )  # fmt: skip
        assert [(alert["type"], alert["severity"], alert["why"].get("zone")) for alert in reversed(alerts)] == [
            ("person_detected", "critical", "Hall"),
            ("vehicle_detected", "info", None),
            ("line_crossed", "warning", None),
            ("presentation_attack", "error", None),
        ]
        assert all(alert["person"] is None for alert in alerts)
        trace = (await http.get(f"/api/alerts/{alerts[-1]['alert_id']}/trace")).json()
    assert trace["rule"] == "person_detected"
    assert [look["confidence"] for look in trace["looks"]] == [0.7, 0.7]
    assert [(gate["gate"], gate["passed"]) for gate in trace["gates"]] == [
        ("vote", True), ("place", True), ("schedule", True), ("realert", True),
    ]  # fmt: skip
    assert [entry["what"] for entry in trace["timeline"]][:2] == ["first_seen", "captured"]
    assert trace["place"] == {"zone": "Hall", "line": None, "direction": None}


async def test_a_crowd_is_one_alert_that_closes_when_it_is_over(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    async with gateway.engine() as engine, gateway.http() as http:
        await http.put(f"/api/cameras/{camera.id}/view", json=VIEW)
        (alert,) = await told(
            gateway, engine,
            fact(camera.id, crowd(crowded=False), 1),
            fact(camera.id, crowd(crowded=True), 2),
            fact(camera.id, crowd(crowded=True), 3),
        )  # fmt: skip
        assert (alert["type"], alert["severity"], alert["state"]) == ("crowd_warning", "error", "open")
        assert alert["why"]["crowd_analysis"]["crowd_level"] == "high"
        (alert,) = await told(gateway, engine, fact(camera.id, crowd(crowded=False), 4))
        assert alert["state"] == "closed"


async def test_without_rules_of_its_own_a_camera_tells_nobody_of_what_it_sees(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    attack = Attack(track_id="t", score=0.1, scores=[0.1], first_seen=START_MS, bbox=BOX, model_id="pad")
    async with gateway.engine() as engine:
        assert await told(gateway, engine, fact(camera.id, seen("person"), 1), fact(camera.id, attack, 2)) == []


async def test_whoever_looks_is_told_of_objects_and_the_crowd(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("vera", Role.VIEWER)
    observation = Observation(
        camera_id=camera.id, frame_id=7, timestamp=START_MS, width=640, height=480, processing_ms=12.5,
        faces=[
            TrackedFace(
                bbox=BOX, confidence=0.9, landmarks=[], track_id="f", identity="pending", quality=0.5, live=0.9,
                body="b",
            )
        ],
        objects=[TrackedObject(label="person", bbox=BOX, confidence=0.8, track_id="b")],
        crowd=CrowdSeen(face_count=1, body_count=1, crowd_level="low", density_score=0.05, zones={"Hall": 1}),
    )  # fmt: skip
    async with gateway.engine() as engine, gateway.client(token) as client:
        await engine.until(lambda: engine.all(link.Assign))
        await client.send("subscribe_camera", camera_id=camera.id)
        await gateway.until(lambda: any(one.wants(camera.id) for one in gateway.gateway.hub.clients))
        await engine.send(observation)
        found = await client.data("ai_detection_result")
        assert found["detections"] == [{"label": "person", "confidence": 0.8, "bbox": list(BOX), "track_id": "b"}]
        assert found["crowd_analysis"] == {
            "face_count": 1, "body_count": 1, "crowd_level": "low", "density_score": 0.05, "zones": {"Hall": 1},
        }  # fmt: skip
        (face,) = (await client.heard_or_next("face_detection_result"))["faces"]
        assert (face["live"], face["body"]) == (0.9, "b")


async def test_the_past_by_the_hour_as_json_and_as_a_table(gateway: RunningGateway) -> None:
    camera = await gateway.camera("=cmd|Hall")
    hour = START_MS - START_MS % 3_600_000
    async with gateway.engine() as engine, gateway.http() as http:
        await told(gateway, engine, fact(camera.id, seen("person"), 1), fact(camera.id, seen("person", "Hall"), 2))
        rows = gateway.gateway.hours.take()
        await gateway.gateway.store.history.add(rows)
        query: dict[str, str | int] = {"camera": camera.id, "from": hour, "to": hour + 3_600_000}
        found = (await http.get("/api/history", params=query)).json()
        assert found == {
            "rows": [
                {
                    "camera_id": camera.id, "hour": hour, "metric": "detections", "detail": "person", "count": 1,
                    "mean": 1.0, "total": 1.0, "most": 1.0,
                }
            ],
            "truncated": False,
        }  # fmt: skip
        assert (await http.get("/api/history", params=query | {"metric": "crowd"})).json()["rows"] == []
        assert (await http.get("/api/history", params={"from": 5, "to": 5})).status_code == 422
        answer = await http.get("/api/history", params=query | {"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["camera"], row["hour"], row["metric"], row["count"]) == (
        "'=cmd|Hall", "2026-01-01T11:00:00Z", "detections", "1",
    )  # fmt: skip


async def test_a_stored_camera_is_tried_with_its_masks_its_rotation_and_its_faces_blurred(
    gateway: RunningGateway,
) -> None:
    camera = await gateway.camera()
    async with gateway.engine() as engine, gateway.http() as http:
        await http.put(f"/api/cameras/{camera.id}/view", json=VIEW)
        trying = asyncio.create_task(http.post("/api/cameras/test", json={"camera_id": camera.id}))
        await engine.until(lambda: engine.all(link.ProbeSource))
        probe = engine.all(link.ProbeSource)[0]
        assert probe.masks == (((0.9, 0.9), (1.0, 0.9), (1.0, 1.0)),)
        assert (probe.rotation, probe.blur_faces) == (0, False)
        await engine.send(link.SourceProbed(request_id=probe.request_id, ok=True, message="fine"))
        assert (await trying).status_code == 200
        settings = {"rotation": 90, "blur_faces": "unknown"}
        await http.patch(f"/api/cameras/{camera.id}", json=settings)
        await engine.until(lambda: engine.all(link.Assign)[-1].camera.rotation == 90)
        assert engine.all(link.Assign)[-1].camera.blur_faces is FaceBlur.UNKNOWN
        questions = [
            ({"camera_id": camera.id, "blur_faces": "off"}, (90, True)),
            ({"camera_id": camera.id, "rotation": 180}, (180, True)),
            ({"source": "rtsp://10.0.0.9/other", **settings}, (90, True)),
            ({"source": "rtsp://10.0.0.9/other"}, (0, False)),
        ]
        for question, (rotation, blur) in questions:
            asked = len(engine.all(link.ProbeSource))
            trying = asyncio.create_task(http.post("/api/cameras/test", json=question))
            await engine.until(lambda asked=asked: len(engine.all(link.ProbeSource)) > asked)
            probe = engine.all(link.ProbeSource)[-1]
            assert (probe.rotation, probe.blur_faces) == (rotation, blur), question
            await engine.send(link.SourceProbed(request_id=probe.request_id, ok=True, message="fine"))
            assert (await trying).status_code == 200


async def test_a_list_that_takes_a_proof_of_life_waits_for_it(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    what = Identified(
        track_id="t", person_id=person.id, reference_id="r", similarity=0.9, margin=0.3, first_seen=START_MS, bbox=BOX,
        model_id="m", samples=[], presentation="undecided", live=0.5,
    )  # fmt: skip
    async with gateway.engine() as engine, gateway.http() as http:
        watch_list = (await http.get("/api/watch-lists")).json()[0]
        changed = await http.patch(f"/api/watch-lists/{watch_list['id']}", json={"require_live": True})
        assert changed.json()["require_live"] is True
        await engine.until(lambda: engine.all(link.Assign) and engine.all(link.Assign)[-1].camera.scene.told_again)
        assert await told(gateway, engine, fact(camera.id, what, 1)) == []
        proven = msgspec.structs.replace(what, presentation="bona_fide", live=0.97, again=True)
        (alert,) = await told(gateway, engine, fact(camera.id, proven, 2, START_MS + 6_000))
        assert (alert["type"], alert["why"]["liveness"]) == (
            "watchlist_match", {"state": "bona_fide", "score": 0.97},
        )  # fmt: skip
        attack = msgspec.structs.replace(what, track_id="u", presentation="attack", live=0.04)
        alerts = await told(gateway, engine, fact(camera.id, attack, 3, START_MS + 60_000))
        assert [alert["type"] for alert in alerts] == ["presentation_attack", "watchlist_match"]
