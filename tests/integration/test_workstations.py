"""`/ws/verify`: the table, who is let in, what an administrator does to whom, and what is kept of it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import csv
import io
import itertools
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from sightline.deliveries.verification import VerifyAnswer
from sightline.events.engine_link import Status
from sightline.events.gallery_feed import GalleryPage, GallerySince
from sightline.events.still import Analyse, AnalysedFace, Analysis, Draw, Drawn, FoundObject
from sightline.gateway.auth import hash_machine_token
from sightline.gateway.pushed import frame_desk
from sightline.identities.subject import Person
from tests.integration.gateway_app import JPEG, MODEL, PATIENCE_S, GatewayRun, RunningGateway, ScriptedEngine, reference

TOKEN = "token-of-a-workstation"
Reply = Callable[[Analyse], dict[str, Any]]


class Agent:
    """A client of `/ws/verify`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, user: str, send_time: Any = 1, image: bytes = JPEG) -> None:
        frame = {"user_name": user, "image": base64.b64encode(image).decode(), "send_time": send_time}
        await self.socket.send(json.dumps(frame))

    async def hear(self) -> VerifyAnswer:
        async with asyncio.timeout(PATIENCE_S):
            text = await self.socket.recv()
        assert isinstance(text, str)
        assert set(json.loads(text)) == {"action", "reason", "actual_username", "send_time", "finish_time"}
        return msgspec.json.decode(text, type=VerifyAnswer)

    async def ask(self, user: str, send_time: Any = 1, image: bytes = JPEG) -> VerifyAnswer:
        await self.send(user, send_time, image)
        return await self.hear()

    async def closed(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()
        return self.socket.close_code or 0


async def enrolled(gateway: RunningGateway, first_name: str) -> Person:
    store = gateway.gateway.store
    person = await store.people.create(first_name=first_name, last_name="", age=None, description="", now_ms=1)
    await store.people.add_reference(person.id, reference(person.id), now_ms=1)
    gateway.gateway.changes.person(person.id)
    return person


async def workstation(gateway: RunningGateway, name: str, *people: Person, token: str = TOKEN) -> str:
    stations = gateway.gateway.store.workstations
    made = await stations.create(name=name, now_ms=1)
    await stations.set_token(made.id, hash_machine_token(token))
    for person in people:
        await stations.allow(made.id, person.id)
    return made.id


@contextlib.asynccontextmanager
async def agent(gateway: RunningGateway, token: str | None = TOKEN, path: str = "/ws/verify") -> AsyncIterator[Agent]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with gateway.socket(path, additional_headers=headers) as socket:
        yield Agent(socket)


def face(**fields: Any) -> AnalysedFace:
    values: dict[str, Any] = {
        "bbox": (1, 2, 3, 4), "confidence": 0.9, "landmarks": [], "quality": 0.5, "reasons": [], "vector": b"",
        "probe": b"",
    }  # fmt: skip
    return AnalysedFace(**(values | fields))


def told_more(engine: ScriptedEngine, than: int) -> bool:
    return len(engine.told) > than


@contextlib.asynccontextmanager
async def engine_that_sees(gateway: RunningGateway, reply: Reply) -> AsyncIterator[ScriptedEngine]:
    """An engine that answers every picture with what `reply` says of it, and draws by adding a word."""

    async def answer(engine: ScriptedEngine) -> None:
        for done in itertools.count():
            await engine.until(partial(told_more, engine, done))
            message = engine.told[done]
            if isinstance(message, Analyse):
                fields: dict[str, Any] = {"width": 640, "height": 480} | reply(message)
                await engine.send(Analysis(request_id=message.request_id, **fields))
            elif isinstance(message, Draw):
                words = " ".join(box.words for box in message.boxes).encode()
                await engine.send(Drawn(request_id=message.request_id, picture=message.image + words))

    async with gateway.engine() as engine:
        await asks_for_the_gallery(engine)
        task = asyncio.create_task(answer(engine))
        try:
            yield engine
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def asks_for_the_gallery(engine: ScriptedEngine) -> None:
    """As every engine does: before it has the gallery, no workstation is given to it."""
    await engine.send(GallerySince(version=0, model_id=MODEL))
    await engine.until(lambda: any(not page.more for page in engine.all(GalleryPage)))


def right(request: Analyse) -> dict[str, Any]:
    return {"faces": [face()], "verified": 0.9}


PHONE = FoundObject(label="phone", bbox=(5, 5, 9, 9), confidence=0.8)
TABLE: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "phone": (
        {"objects": [PHONE], "faces": [face()], "verified": 0.9}, "ACTION_SIGN_OUT", "REASON_PHONE_DETECTION", "Ada"
    ),
    "phone and no face": ({"objects": [PHONE]}, "ACTION_SIGN_OUT", "REASON_PHONE_DETECTION", ""),
    "no face": ({}, "ACTION_LOCK_SCREEN", "REASON_NO_FACE", ""),
    "attack": ({"faces": [face(live=0.1)], "verified": 0.9}, "ACTION_SIGN_OUT", "REASON_SPOOF_IMAGE", "Ada"),
    "attack by another": ({"faces": [face(live=0.1)], "verified": 0.1}, "ACTION_SIGN_OUT", "REASON_SPOOF_IMAGE", ""),
    "another, unknown": ({"faces": [face(live=0.9)], "verified": 0.1}, "ACTION_LOCK_SCREEN", "REASON_WRONG_USER", ""),
    "another, known": (
        {"faces": [face(person_id="BEN")], "verified": 0.1}, "ACTION_LOCK_SCREEN", "REASON_WRONG_USER", "Ben"
    ),
    "the right one": ({"faces": [face(live=0.9)], "verified": 0.5}, "NO_ACTION", "EMPTY_REASON", "Ada"),
    "no phone": (
        {"objects": [msgspec.structs.replace(PHONE, confidence=0.4)], "faces": [face()], "verified": 0.9},
        "NO_ACTION", "EMPTY_REASON", "Ada",
    ),
    "not in the engine's gallery": ({"faces": [face()]}, "ACTION_ERROR", "REASON_CLIENT_NOT_AVAILABLE", ""),
    "a broken picture": (
        {"error": "no picture", "error_code": "INVALID_IMAGE"}, "ACTION_ERROR", "EMPTY_REASON", ""
    ),
}  # fmt: skip


async def test_the_table_case_by_case(gateway: RunningGateway) -> None:
    ada, ben = await enrolled(gateway, "Ada"), await enrolled(gateway, "Ben")
    await workstation(gateway, "Desk", ada)
    shows: dict[str, Any] = {}

    def reply(request: Analyse) -> dict[str, Any]:
        assert (request.verify, set(request.tasks)) == (ada.id, {"identify", "objects", "liveness"})
        return shows

    async with engine_that_sees(gateway, reply), agent(gateway) as client:
        for number, (name, (fields, action, reason, actual)) in enumerate(TABLE.items()):
            shows = dict(fields)
            if any(one.person_id for one in shows.get("faces", [])):
                shows["faces"] = [face(person_id=ben.id)]
            answer = await client.ask("ada", f"time {number}")
            told = (answer.action, answer.reason, answer.actual_username, answer.send_time)
            assert told == (action, reason, actual, f"time {number}"), name
            assert answer.finish_time > 0
        assert await client_still_open(client)


async def client_still_open(client: Agent) -> bool:
    return bool((await client.ask("ada")).finish_time)


@pytest.mark.parametrize("who", ["nobody", "Ben", "Eve"])
async def test_who_is_not_available_is_told_and_closed(gateway: RunningGateway, who: str) -> None:
    ada, ben = await enrolled(gateway, "Ada"), await enrolled(gateway, "Ben")
    eve = await gateway.gateway.store.people.create(
        first_name="Eve", last_name="", age=None, description="", now_ms=1
    )
    await workstation(gateway, "Desk", ada, eve)
    assert ben.id not in (ada.id, eve.id)
    async with agent(gateway) as client:
        answer = await client.ask(who)
        assert (answer.action, answer.reason) == ("ACTION_ERROR", "REASON_CLIENT_NOT_AVAILABLE")
        assert await client.closed() == 4500
    await gateway.until(lambda: not gateway.gateway.workstations.seats)


async def test_only_a_workstations_token_opens(gateway: RunningGateway) -> None:
    for token in (None, "wrong", gateway.engine_token, (await gateway.user("olga"))[1]):
        with pytest.raises(InvalidStatus) as refusal:
            async with agent(gateway, token):
                pass
        assert refusal.value.response.status_code == 401
    await workstation(gateway, "Desk")
    with pytest.raises(InvalidStatus) as refusal:
        async with gateway.socket("/ws/engine", additional_headers={"Authorization": f"Bearer {TOKEN}"}):
            pass
    assert refusal.value.response.status_code == 401


@pytest.mark.parametrize("text", [b"binary", "no json", '{"user_name": "ada"}', '{"user_name": "", "image": ""}'])
async def test_what_is_no_picture_ends_the_connection(gateway: RunningGateway, text: str | bytes) -> None:
    await workstation(gateway, "Desk")
    async with agent(gateway) as client:
        await client.socket.send(text)
        assert await client.closed() == 4501


async def test_the_newest_picture_is_looked_at(gateway: RunningGateway) -> None:
    await workstation(gateway, "Desk", await enrolled(gateway, "Ada"))
    async with gateway.engine() as engine, agent(gateway) as client:
        await asks_for_the_gallery(engine)
        for number in range(4):
            await client.send("Ada", number)
            await engine.until(lambda: engine.all(Analyse))
        assert (await client.ask("Ada", "none", b"")).send_time == "none", "the four before it have been read"
        first = engine.all(Analyse)[0]
        await engine.send(Analysis(request_id=first.request_id, **right(first)))
        assert (await client.hear()).send_time == 0
        await engine.until(lambda: len(engine.all(Analyse)) == 2)
        second = engine.all(Analyse)[1]
        await engine.send(Analysis(request_id=second.request_id, **right(second)))
        assert (await client.hear()).send_time == 3


async def test_while_an_engine_is_coming_the_newest_picture_waits(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    await workstation(gateway, "Desk", await enrolled(gateway, "Ada"))
    async with agent(gateway) as client:
        for number in range(3):
            await client.send("Ada", number)
        assert (await client.ask("Ada", "none", b"")).send_time == "none", "the three before it have been read"
        async with gateway.engine() as engine:
            await engine.send(Status(load=0.0, cameras=0, spool_facts=0, spool_bytes=0))
            await gateway.until(lambda: gateway.gateway.engines.links[0].status)
            assert not engine.all(Analyse), "it has no gallery yet"
            await asks_for_the_gallery(engine)
            await engine.until(lambda: engine.all(Analyse))
            request = engine.all(Analyse)[0]
            await engine.send(Analysis(request_id=request.request_id, **right(request)))
            assert (await client.hear()).send_time == 2
            assert len(engine.all(Analyse)) == 1
        await gateway.until(lambda: not gateway.gateway.engines.links)
        await client.send("Ada", "in vain")
        await gateway.until(lambda: gateway.gateway.frames.desk.waiting)
        monkeypatch.setattr(frame_desk, "PATIENCE_S", 0.0)
        desk = gateway.gateway.frames.desk
        desk.engine_is_coming = lambda: True
        desk.tick()
        assert desk.waiting, "it is worth waiting"
        desk.engine_is_coming = lambda: False
        answer = await client.hear()
        assert (answer.action, answer.reason, answer.send_time) == ("ACTION_ERROR", "EMPTY_REASON", "in vain")
        assert client.socket.close_code is None, "and it is not sent away"


async def test_workstations_are_spread_over_engines_and_move_when_one_dies(gateway: RunningGateway) -> None:
    people = [await enrolled(gateway, f"Person{number}") for number in range(4)]
    for number, person in enumerate(people):
        await workstation(gateway, f"Desk {number}", person, token=f"token {number}")
    store, clock = gateway.gateway.store, gateway.gateway.clock
    await store.machine_tokens.create(name="second", token_hash=hash_machine_token("slm_2"), now_ms=clock.now_ms())
    second = RunningGateway(gateway.gateway, gateway.app, gateway.url, "slm_2")
    desk = gateway.gateway.frames.desk
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(engine_that_sees(gateway, right))
        agents = [await stack.enter_async_context(agent(gateway, f"token {number}")) for number in range(4)]

        async def all_ask() -> None:
            answers = await asyncio.gather(*(one.ask(who.name) for one, who in zip(agents, people, strict=True)))
            assert [answer.actual_username for answer in answers] == [who.name for who in people]

        async with engine_that_sees(second, right) as dying:
            await all_ask()
            assert {name: desk.assignment.clients_of(name) for name in ("local", "second")} == {"local": 2, "second": 2}
            await dying.socket.close()
            await gateway.until(lambda: len(gateway.gateway.engines.links) == 1)
            await all_ask()
            assert desk.assignment.clients_of("local") == 4


async def test_a_newer_connection_of_a_workstation_takes_over(gateway: RunningGateway) -> None:
    await workstation(gateway, "Desk", await enrolled(gateway, "Ada"))
    async with engine_that_sees(gateway, right), agent(gateway) as older, agent(gateway) as newer:
        await older.ask("Ada")
        await newer.ask("Ada")
        assert await older.closed() == 4502
        assert len(gateway.gateway.workstations.seats) == 1


async def test_twenty_workstations_get_each_their_own_verdict(gateway: RunningGateway) -> None:
    people = [await enrolled(gateway, f"Person{number:02}") for number in range(20)]
    for number, person in enumerate(people):
        await workstation(gateway, f"Desk {number}", person, token=f"token {number}")

    def reply(request: Analyse) -> dict[str, Any]:
        owner = request.image[len(JPEG) :].decode()
        return {"faces": [face(person_id=owner)], "verified": 0.9 if request.verify == owner else 0.1}

    async def work(number: int) -> None:
        mine, other = people[number], people[(number + 1) % 20]
        async with agent(gateway, f"token {number}") as client:
            for turn in range(3):
                shown = other if turn == 1 else mine
                answer = await client.ask(mine.name, f"{number}/{turn}", JPEG + shown.id.encode())
                expected = "ACTION_LOCK_SCREEN" if turn == 1 else "NO_ACTION"
                told = (answer.action, answer.actual_username, answer.send_time)
                assert told == (expected, shown.name, f"{number}/{turn}")

    async with engine_that_sees(gateway, reply):
        await asyncio.gather(*(work(number) for number in range(20)))
    await gateway.until(lambda: not gateway.gateway.workstations.seats)


async def test_there_is_room_for_so_many_and_anonymous_ones_only_where_allowed(tmp_path: Path, free_port: int) -> None:
    settings = {
        "max_pipelines": 1, "max_clients_per_pipeline": 2, "anonymous_dialects": True, "listen": f"{free_port}=verify",
        "decide_over": "2/2", "workstation_timeout_seconds": 1.5,
    }  # fmt: skip
    async with GatewayRun(tmp_path, settings) as run:
        gateway = await run.start()
        await enrolled(gateway, "Ada")
        elsewhere = RunningGateway(gateway.gateway, gateway.app, f"http://127.0.0.1:{free_port}", "")
        reply: Reply = lambda request: {}  # noqa: E731  # nobody is there
        async with (
            engine_that_sees(gateway, reply), agent(gateway, None) as one, agent(elsewhere, None, "/any") as two,
            agent(gateway, None) as three,
        ):  # fmt: skip
            assert [(await one.ask("Ada")).action for _ in range(2)] == ["NO_ACTION", "ACTION_LOCK_SCREEN"]
            assert (await two.ask("Ada")).action == "NO_ACTION"
            answer = await three.ask("Ada")
            assert (answer.action, answer.reason) == ("ACTION_ERROR", "SYSTEM_FULL")
            assert await three.closed() == 4004
            now_ms = gateway.gateway.clock.now_ms()
            for ticking in list(gateway.gateway.tickers):
                ticking.tick(now_ms + 2000)
            assert [await one.closed(), await two.closed()] == [4003, 4003]
        await gateway.until(lambda: not gateway.gateway.workstations.seats)


# ── what an administrator does ──


async def test_pause_and_block_are_felt_at_once(gateway: RunningGateway) -> None:
    ada = await enrolled(gateway, "Ada")
    station = await workstation(gateway, "Desk", ada)
    why = {"reason": "out for lunch"}
    users = f"/api/workstations/users/{ada.id}"
    async with engine_that_sees(gateway, right) as engine, gateway.http() as http, agent(gateway) as client:
        assert (await client.ask("Ada")).action == "NO_ACTION"
        (seat,) = (await http.get("/api/workstations/connected")).json()
        told = (seat["workstation"], seat["user_name"], seat["state"], seat["action"], seat["workstation_id"])
        assert told == ("Desk", "Ada", "active", "NO_ACTION", station)
        assert seat["latency_ms"] >= 0
        assert (await http.post(f"{users}/pause", json=why)).status_code == 204
        answer = await client.hear()
        assert (answer.action, answer.reason, answer.send_time) == ("ACTION_WARNING", "REASON_PAUSED_CLIENT", None)
        asked = len(engine.all(Analyse))
        for _ in range(2):
            assert (await client.ask("Ada", 7)).reason == "REASON_PAUSED_CLIENT"
        assert len(engine.all(Analyse)) == asked, "not analysed while paused"
        assert (await http.get("/api/workstations/connected")).json()[0]["state"] == "paused"
        (standing,) = (await http.get("/api/workstations/standings")).json()
        assert (standing["person_id"], standing["name"], standing["state"], standing["reason"]) == (
            ada.id, "Ada", "paused", "out for lunch"
        )  # fmt: skip
        (sitter,) = (await http.get("/api/workstations")).json()[0]["sitters"]
        assert (sitter["state"], sitter["why"]) == ("paused", "out for lunch")
        assert (await http.post(f"{users}/resume", json=why)).status_code == 204
        assert (await client.ask("Ada")).action == "NO_ACTION"
        assert (await http.post(f"{users}/block", json=why)).status_code == 204
        answer = await client.hear()
        assert (answer.action, answer.reason) == ("ACTION_ERROR", "REASON_BLOCKED_CLIENT")
        assert await client.closed() == 4503
        async with agent(gateway) as again:
            assert (await again.ask("Ada")).reason == "REASON_BLOCKED_CLIENT"
            assert await again.closed() == 4503
        assert (await http.post(f"{users}/unblock", json=why)).status_code == 204
        async with agent(gateway) as again:
            assert (await again.ask("Ada")).action == "NO_ACTION"
        assert (await http.post("/api/workstations/users/x/pause", json=why)).status_code == 404
        assert (await http.post(f"{users}/pause", json={"reason": ""})).status_code == 422
        said = [record["action"] for record in (await http.get("/api/audit")).json()]
        assert said == [f"workstation_user_{step}" for step in ("unblock", "block", "resume", "pause")]


async def test_a_picture_under_way_is_not_answered_once_its_user_is_paused(gateway: RunningGateway) -> None:
    ada = await enrolled(gateway, "Ada")
    await workstation(gateway, "Desk", ada)
    async with gateway.engine() as engine, gateway.http() as http, agent(gateway) as client:
        await asks_for_the_gallery(engine)
        await client.send("Ada", "under way")
        await engine.until(lambda: engine.all(Analyse))
        await http.post(f"/api/workstations/users/{ada.id}/pause", json={"reason": "why"})
        assert (await client.hear()).reason == "REASON_PAUSED_CLIENT"
        request = engine.all(Analyse)[0]
        await engine.send(Analysis(request_id=request.request_id, **right(request)))
        assert (await client.ask("Ada", "next")).send_time == "next"


async def test_workstations_by_rest(gateway: RunningGateway) -> None:
    ada = await enrolled(gateway, "Ada")
    async with engine_that_sees(gateway, right), gateway.http() as http:
        made = (await http.post("/api/workstations", json={"name": "Desk"})).json()
        assert (await http.post("/api/workstations", json={"name": "desk"})).status_code == 409
        path = f"/api/workstations/{made['id']}"
        token = (await http.post(f"{path}/token")).json()["token"]
        async with agent(gateway, token) as client:
            assert (await client.ask("Ada")).reason == "REASON_CLIENT_NOT_AVAILABLE"
        assert (await http.put(f"{path}/people/{ada.id}")).status_code == 204
        async with agent(gateway, token) as client, agent(gateway, token) as silent:
            assert (await client.ask("Ada")).action == "NO_ACTION"
            (listed,) = (await http.get("/api/workstations")).json()
            assert (listed["name"], listed["people"], listed["has_token"], listed["connected"]) == (
                "Desk", [ada.id], True, True
            )  # fmt: skip
            assert listed["sitters"] == [
                {"person_id": ada.id, "name": "Ada", "state": "active", "why": "", "references": 1}
            ]
            assert (await http.delete(f"{path}/people/{ada.id}")).status_code == 204
            assert (await client.ask("Ada")).reason == "REASON_CLIENT_NOT_AVAILABLE"
            assert (await http.post(f"{path}/token")).status_code == 201
            assert await silent.closed() == 4503
        with pytest.raises(InvalidStatus):
            async with agent(gateway, token):
                pass
        assert (await http.delete(path)).status_code == 204
        assert (await http.get("/api/workstations")).json() == []


# ── what is kept ──


async def entries(gateway: RunningGateway, count: int, **parameters: Any) -> list[dict[str, Any]]:
    """The action log, newest first, once it has so many entries, each with its picture if it gets one."""
    async with asyncio.timeout(PATIENCE_S), gateway.http() as http:
        while True:
            found = (await http.get("/api/workstations/actions", params=parameters)).json()
            if len(found) >= count and all(one["picture_url"] or not one["scores"] for one in found):
                return list(found)
            await asyncio.sleep(0.02)


async def test_what_was_done_is_logged_with_its_evidence(gateway: RunningGateway) -> None:
    ada, ben = await enrolled(gateway, "Ada"), await enrolled(gateway, "Ben")
    await workstation(gateway, "Desk", ada)
    shows: list[dict[str, Any]] = [
        right(None),  # type: ignore[arg-type]  # whatever is asked
        {"objects": [PHONE], "faces": [face()], "verified": 0.9},
        {"faces": [face(person_id=ben.id, live=0.7)], "verified": 0.2},
    ]
    async with engine_that_sees(gateway, lambda request: shows[0]), gateway.http() as http, agent(gateway) as client:
        while len(shows) > 1:
            await client.ask("Ada")
            shows.pop(0)
        await client.ask("Ada")
        await http.post(f"/api/workstations/users/{ada.id}/pause", json={"reason": "why"})
        for _ in range(3):
            await client.hear() if _ == 0 else await client.ask("Ada")
        paused, wrong, phone = await entries(gateway, 3)
        assert (paused["action"], paused["reason"], paused["picture_url"]) == (
            "ACTION_WARNING", "REASON_PAUSED_CLIENT", None
        )  # fmt: skip
        assert (wrong["action"], wrong["user"], wrong["recognised"], wrong["workstation"]) == (
            "ACTION_LOCK_SCREEN", "Ada", "Ben", "Desk"
        )  # fmt: skip
        assert wrong["scores"] == {"phone": 0.0, "live": 0.7, "similarity": 0.2}
        assert wrong["thresholds"] == {"phone": 0.5, "live": 0.5, "similarity": 0.5}
        assert (await http.get(phone["picture_url"])).content == JPEG + b"phone 0.80"
        assert (await http.get(wrong["picture_url"])).content == JPEG + b"wrong_user 0.90"
        assert (await http.get("/api/audit")).json()[0]["action"] == "workstation_picture_seen"
        for parameters, expected in (
            ({"action": "ACTION_SIGN_OUT"}, [phone]),
            ({"person_id": ben.id}, []),
            ({"workstation": "Desk", "limit": 1}, [paused]),
            ({"before_ms": wrong["at"], "before_id": wrong["id"]}, [phone]),
            ({"to_ms": phone["at"], "from_ms": phone["at"]}, [phone]),
        ):
            found = (await http.get("/api/workstations/actions", params=parameters)).json()  # type: ignore[arg-type]
            assert [one["id"] for one in found] == [one["id"] for one in expected], parameters
        assert (await http.get("/api/workstations/actions", params={"before_ms": 1})).status_code == 422
        table = await http.get("/api/workstations/actions", params={"format": "csv", "action": "ACTION_LOCK_SCREEN"})
        (row,) = csv.DictReader(io.StringIO(table.text))
        assert (row["workstation"], row["user"], row["recognised"], row["similarity"], row["picture"]) == (
            "Desk", "Ada", "Ben", "0.2", "yes"
        )  # fmt: skip
        assert (await http.get("/api/audit")).json()[0]["action"] == "workstation_actions_exported"
        assert (await http.delete(f"/api/people/{ben.id}")).status_code == 200
        assert (await http.get(wrong["picture_url"])).status_code == 404
        assert (await http.get(phone["picture_url"])).status_code == 200
        assert (await http.delete(f"/api/people/{ada.id}")).status_code == 200
        assert (await http.get(phone["picture_url"])).status_code == 404
        assert [one["user"] for one in (await http.get("/api/workstations/actions")).json()] == [None] * 3


async def test_a_picture_that_cannot_be_looked_at_is_logged_once_for_as_long_as_it_lasts(
    gateway: RunningGateway,
) -> None:
    await workstation(gateway, "Desk", await enrolled(gateway, "Ada"))
    broken = {"error": "no picture", "error_code": "INVALID_IMAGE"}
    failed = {"error": "broken", "error_code": "PROCESSING_ERROR"}
    stranger = {"faces": [face()]}
    shows: list[dict[str, Any]] = [broken, broken, right(None), failed, failed, stranger, right(None)]  # type: ignore[arg-type]
    async with (
        engine_that_sees(gateway, lambda request: shows[0]),
        gateway.http() as http,
        agent(gateway) as client,
    ):
        for _ in range(2):
            assert (await client.ask("Ada", image=b"")).reason == "EMPTY_REASON"
        while shows:
            assert (await client.ask("Ada")).action == ("NO_ACTION" if shows[0] == right(None) else "ACTION_ERROR")  # type: ignore[arg-type]
            shows.pop(0)

        async def logged() -> list[dict[str, Any]]:
            return list((await http.get("/api/workstations/actions")).json())

        async with asyncio.timeout(PATIENCE_S):
            while sum(bool(one["picture_url"]) for one in await logged()) < 2:  # noqa: ASYNC110  # no event for it
                await asyncio.sleep(0.02)
        entries = await logged()
        assert [(one["action"], one["reason"], bool(one["picture_url"])) for one in entries] == [
            ("ACTION_ERROR", "REASON_CLIENT_NOT_AVAILABLE", True),
            ("ACTION_ERROR", "EMPTY_REASON", True),
            ("ACTION_ERROR", "EMPTY_REASON", False),
        ]
        exposed = (await http.get("/metrics")).text
        assert 'sightline_verdict_seconds_count{stage="total"} 2.0' in exposed
        assert 'sightline_verdict_seconds_count{stage="link"} 2.0' in exposed
        shows.append(right(None))  # type: ignore[arg-type]
        begun_s = gateway.gateway.clock.monotonic_s()
        await client.ask("Ada")
        within_s = gateway.gateway.clock.monotonic_s() - begun_s
        spent_s = _total_s((await http.get("/metrics")).text) - _total_s(exposed)
        assert 0 < spent_s <= within_s, "since this picture came, not since the workstation did"


def _total_s(exposed: str) -> float:
    (line,) = [one for one in exposed.splitlines() if one.startswith('sightline_verdict_seconds_sum{stage="total"}')]
    return float(line.split()[-1])


async def test_an_entry_stays_without_evidence_when_no_engine_draws_it(gateway: RunningGateway) -> None:
    ada = await enrolled(gateway, "Ada")
    await workstation(gateway, "Desk", ada)
    async with gateway.engine() as engine, gateway.http() as http, agent(gateway) as client:
        await asks_for_the_gallery(engine)
        await client.send("Ada")
        await engine.until(lambda: engine.all(Analyse))
        await engine.send(Analysis(request_id=engine.all(Analyse)[0].request_id))
        assert (await client.hear()).reason == "REASON_NO_FACE"
        await engine.until(lambda: engine.all(Draw))
        request = engine.all(Draw)[0]
        await engine.send(Drawn(request_id=request.request_id, error="no", error_code="INVALID_IMAGE"))
        await client.send("Ada")
        await engine.until(lambda: len(engine.all(Analyse)) == 2)
        await engine.send(Analysis(request_id=engine.all(Analyse)[1].request_id))
        await engine.until(lambda: len(engine.all(Draw)) == 2)
        found = (await http.get("/api/workstations/actions")).json()
        assert [one["picture_url"] for one in found] == [None, None]
