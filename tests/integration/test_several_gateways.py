"""`sightline serve --gateways 2` on a real PostgreSQL: whatever a client asks, it does not matter whom it meets.

Every request here comes on a connection of its own, so the kernel gives it to either gateway. One server for all tests,
which stand in an order: the last ones kill it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio
from websockets.exceptions import InvalidHandshake

from sightline.events import engine_link as link
from sightline.events.peer import Answer, EndSession, Offer
from sightline.models.manifest import ASTRONAUT
from sightline.models.store import ModelStore
from sightline.testing import ServerProcess
from tests.integration.gateway_app import (
    PATIENCE_S,
    NativeClient,
    RunningGateway,
    ScriptedEngine,
    identified,
    observation,
    picture,
)
from tests.integration.real_server import admin_token, until
from tests.integration.test_streams import jpeg, parts, player, show
from tests.postgresql import postgres_server

NUMBERS = itertools.count(1)
BOTH = 6
"""So many requests on connections of their own meet both gateways, but for one in 32 such series."""
ESTABLISHED = "01"
"""In the table of the kernel's connections."""
BUSY = link.Status(load=1.0, cameras=1, spool_facts=0, spool_bytes=0)
"""Of the scripted engine: pictures are looked at by the server's own."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, models_home: Path) -> Iterator[ServerProcess]:
    home = tmp_path_factory.mktemp("several") / "home"
    home.mkdir()
    (home / "models").symlink_to(models_home / "models", target_is_directory=True)
    settings = {"gateways": 2, "database_url": postgres_server().create("several"), "engine_cameras": 0,
                "new_connections_per_second": 0}  # fmt: skip
    running = ServerProcess(home, settings)
    running.start()
    yield running
    running.stop()
    print(f"--- {running.log}\n{running.log_tail()}")


@pytest_asyncio.fixture
async def http(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    """Each request on a connection of its own."""
    headers = {"Authorization": f"Bearer {server.token}"}
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=server.url, headers=headers, limits=limits, timeout=PATIENCE_S, trust_env=False
    ) as client:
        yield client


@pytest_asyncio.fixture
async def site(server: ServerProcess, http: httpx.AsyncClient) -> RunningGateway:
    """Ways to connect to the server; what is in it is in other processes. Its `engine` is `yard`, from outside."""
    token = (await http.post("/api/engines/yard/token")).raise_for_status().json()["token"]
    return RunningGateway(cast(Any, None), cast(Any, None), server.url, token)


@pytest_asyncio.fixture
async def engine(site: RunningGateway) -> AsyncIterator[ScriptedEngine]:
    async with site.engine() as engine:
        await engine.send(BUSY)
        yield engine


async def gateway_figures(http: httpx.AsyncClient, name: str) -> dict[int, float]:
    """A figure of each gateway."""
    text = (await http.get("/metrics")).raise_for_status().text
    found = re.findall(rf'^{name}\{{gateway="(\d)"\}} (\S+)$', text, re.MULTILINE)
    return {int(number): float(value) for number, value in found}


def pids(server: ServerProcess) -> dict[int, int]:
    """The process of each gateway, as it was started last."""
    started = re.findall(r"gateway_started\W.*?gateway=(\d).*?pid=(\d+)", _plain(server.log.read_text()))
    return {int(number): int(pid) for number, pid in started}


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def gateway_of(client: NativeClient, server: ServerProcess) -> int:
    """The number of the gateway that has the other end of this connection. Linux only."""
    here, there = (f"{client.socket.transport.get_extra_info(name)[1]:04X}" for name in ("sockname", "peername"))
    ends = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    (inode,) = [
        end[9]
        for end in ends
        if end[1].endswith(f":{there}") and end[2].endswith(f":{here}") and end[3] == ESTABLISHED
    ]
    for number, pid in pids(server).items():
        for file in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if file.readlink().name == f"socket:[{inode}]":
                    return number
    raise AssertionError("no gateway has it")


@contextlib.asynccontextmanager
async def client_of(
    number: int, site: RunningGateway, server: ServerProcess, token: str
) -> AsyncIterator[tuple[NativeClient, str]]:
    """A client of `/ws/v1` at this gateway, and its device."""
    while True:
        device = f"device {next(NUMBERS)}"
        async with site.client(token, device=device) as client:
            if gateway_of(client, server) == number:
                yield client, device
                return


@contextlib.asynccontextmanager
async def client_of_each(
    site: RunningGateway, server: ServerProcess, http: httpx.AsyncClient
) -> AsyncIterator[dict[int, NativeClient]]:
    """One at each gateway, by its number."""
    token = await admin_token(http)
    async with client_of(1, site, server, token) as (one, _), client_of(2, site, server, token) as (two, _):
        yield {1: one, 2: two}


async def each(http: httpx.AsyncClient, path: str, method: str = "GET", **sent: Any) -> list[Any]:
    """What is answered to the same request, asked again and again."""
    answers = [await http.request(method, path, **sent) for _ in range(BOTH)]
    return [answer.raise_for_status().json() for answer in answers]


async def camera_of(http: httpx.AsyncClient, engine: ScriptedEngine, source: str = "rtsp://10.0.0.9/x") -> str:
    """A new camera, which the engine reads."""
    body = {"name": f"Camera {next(NUMBERS)}", "source": source}
    camera_id = str((await http.post("/api/cameras", json=body)).raise_for_status().json()["id"])
    await engine.until(lambda: camera_id in engine.cameras())
    await engine.send(link.CameraReport(camera_id=camera_id, state="online", reason="", since=1))
    await until(lambda: _is_online(http, camera_id), "camera that is online")
    return camera_id


async def _is_online(http: httpx.AsyncClient, camera_id: str) -> bool:
    return bool((await http.get(f"/api/cameras/{camera_id}")).json()["status"]["state"] == "online")


async def eileen(http: httpx.AsyncClient, server: ServerProcess) -> str:
    """The id of somebody on a watch list, enrolled by the server's own engine."""
    for person in (await http.get("/api/people")).json()["people"]:
        return str(person["id"])
    watch_list = (await http.post("/api/watch-lists", json={"name": "Wanted"})).raise_for_status().json()["id"]
    body = {"first_name": "Eileen", "last_name": "Collins", "watch_lists": [watch_list]}
    person_id = (await http.post("/api/people", json=body)).raise_for_status().json()["id"]
    photo = ModelStore(server.home / "models").read(ASTRONAUT)

    async def enrolled() -> bool:
        files = {"files": ("eileen.png", photo, "image/png")}
        answer = await http.post(f"/api/people/{person_id}/references", files=files)
        return answer.is_success and bool(answer.json()["results"][0]["accepted"])

    await until(enrolled, "reference")
    return str(person_id)


async def test_figures_are_those_of_all(site: RunningGateway, http: httpx.AsyncClient, server: ServerProcess) -> None:
    async with client_of_each(site, server, http):
        assert await gateway_figures(http, "sightline_gateway_up") == {1: 1.0, 2: 1.0}

        async def agree() -> bool:
            shown = [one["total_connections"] for one in await each(http, "/ws/connections")]
            health = [one["websocket"]["connected_clients"] for one in await each(http, "/api/health")]
            clients = sum((await gateway_figures(http, "sightline_clients")).values())
            return {*shown, *health} == {clients}

        await until(agree, "agreement")
        assert {len(one["gateways"]) for one in await each(http, "/api/system")} == {2}
        await until(lambda: _has_local(http), "engine of the first gateway")


async def _has_local(http: httpx.AsyncClient) -> bool:
    shown = [{one["engine_id"]: one["state"] for one in answer} for answer in await each(http, "/api/engines")]
    return all(engines["local"] == "connected" for engines in shown)


async def test_alerts_reach_the_clients_of_both_in_one_order(
    site: RunningGateway, http: httpx.AsyncClient, engine: ScriptedEngine, server: ServerProcess
) -> None:
    camera_id, person_id = await camera_of(http, engine), await eileen(http, server)
    async with client_of_each(site, server, http) as clients:
        for _ in range(5):
            await engine.tell(identified(person_id, camera_id, next(NUMBERS)))
        told = {number: [await client.data("alert_triggered") for _ in range(5)] for number, client in clients.items()}
        assert [alert["offset"] for alert in told[1]] == [alert["offset"] for alert in told[2]]
        taken = told[1][0]["alert_id"]
        await clients[2].send("ack", alert_id=taken, verdict="confirmed")
        assert (await clients[2].data("recorded"))["first"]
        while (await clients[1].data("alert_updated"))["alert_id"] != taken:
            pass
        assert {one["state"] for one in await each(http, f"/api/alerts/{taken}")} == {"acknowledged"}


async def test_pictures_are_looked_at_by_the_one_engine(
    site: RunningGateway, http: httpx.AsyncClient, server: ServerProcess
) -> None:
    person_id = await eileen(http, server)
    photo = ModelStore(server.home / "models").read(ASTRONAUT)
    for answer in [await http.post("/api/identify", files={"image": ("a.png", photo)}) for _ in range(BOTH)]:
        assert answer.raise_for_status().json()["faces"][0]["person"]["id"] == person_id
    job = (await http.post("/api/analyses", files={"files": ("a.png", photo)})).raise_for_status().json()["id"]

    async def done() -> bool:
        return {one["state"] for one in await each(http, f"/api/analyses/{job}")} == {"done"}

    await until(done, "result")
    assert all(one["files"] for one in await each(http, f"/api/analyses/{job}/result.json"))


async def test_a_ticket_is_good_at_both_and_once(site: RunningGateway, http: httpx.AsyncClient) -> None:
    token = await admin_token(http)
    for _ in range(BOTH):
        answer = await http.post("/api/ws-ticket", headers={"Authorization": f"Bearer {token}"})
        path = f"/ws/v1?ticket={answer.raise_for_status().json()['ticket']}"
        for expected in ("identification_success", "error"):
            async with site.newcomer(path) as client:
                await client.send("client_identify", client_type="frontend")
                await client.next(expected)


async def test_a_stream_plays_at_both(
    site: RunningGateway, http: httpx.AsyncClient, engine: ScriptedEngine, server: ServerProcess
) -> None:
    camera_id = await camera_of(http, engine)
    async with site.engine_pictures() as pictures, client_of_each(site, server, http) as clients:
        for client in clients.values():

            async def started(client: NativeClient = client) -> dict[str, Any] | None:
                await client.send("stream_start_request", camera_id=camera_id, quality="thumbnail")
                while (said := await client.hear()) is None or not said["type"].startswith("stream_start_"):
                    pass
                if said["type"] != "stream_start_success" or said["data"]["stream_url"] is None:
                    return None  # this gateway has yet to hear which engine reads the camera
                return dict(said["data"])

            url = (await until(started, "stream"))["stream_url"]
            assert url.startswith(site.url)
            async with contextlib.AsyncExitStack() as stack:
                players = [parts(await stack.enter_async_context(player(url))) for _ in range(3)]
                first = asyncio.gather(*(anext(one) for one in players))
                while not first.done():
                    camera = cast(Any, type("Camera", (), {"id": camera_id}))
                    await show(pictures, camera, "thumbnail", next(NUMBERS), jpeg(77))
                    await asyncio.sleep(0.1)
                assert set(await first) == {jpeg(77)}
                await client.send("stream_stop_request", camera_id=camera_id)
                for one in players:
                    with pytest.raises(StopAsyncIteration):
                        while True:
                            await anext(one)


async def test_boxes_and_pictures_reach_subscribers_of_both(
    site: RunningGateway, http: httpx.AsyncClient, engine: ScriptedEngine, server: ServerProcess
) -> None:
    camera_id = await camera_of(http, engine)
    async with site.engine_pictures() as pictures, client_of_each(site, server, http) as clients:
        for client in clients.values():
            await client.send("subscribe_camera", camera_id=camera_id, frames=True)
        heard = asyncio.gather(*(client.picture() for client in clients.values()))
        while not heard.done():
            number = next(NUMBERS)
            await engine.send(observation(camera_id, number))
            await pictures.send(picture(camera_id, number))
            await asyncio.sleep(0.05)
        assert {header["camera_id"] for header, _ in await heard} == {camera_id}
        for client in clients.values():
            client.socket.transport.abort()  # a good-bye would wait behind what nobody reads


async def test_video_sessions_begin_and_end_at_both(http: httpx.AsyncClient, engine: ScriptedEngine) -> None:
    camera_id = await camera_of(http, engine, "whip:")
    for path in ("whip", "whep", "whep", "whip"):
        before = len(engine.all(Offer))
        headers = {"Content-Type": "application/sdp"}
        posting = asyncio.create_task(http.post(f"/{path}/{camera_id}", content="v=0\r\n", headers=headers))
        await engine.until(lambda before=before: len(engine.all(Offer)) > before)
        offer = engine.all(Offer)[-1]
        await engine.send(Answer(request_id=offer.request_id, answer="v=0\r\nanswer"))
        location = (await posting).raise_for_status().headers["location"]
        (await http.delete(location)).raise_for_status()
        await engine.until(lambda id=offer.session_id: id in {end.session_id for end in engine.all(EndSession)})


async def test_polling_goes_on_where_it_began(http: httpx.AsyncClient) -> None:
    token = await admin_token(http)
    for _ in range(3):
        opened = await http.get("/socket.io/?EIO=4&transport=polling")
        address = f"/socket.io/?EIO=4&transport=polling&sid={json.loads(opened.text[1:])['sid']}"
        said = json.dumps(["client_identify", {"client_type": "frontend", "auth_token": token}])
        for packet in ("40", f"42{said}"):
            assert (await http.post(address, content=packet)).raise_for_status().text == "OK"
        heard = ""
        while "identification_success" not in heard:
            heard += (await http.get(address)).raise_for_status().text
        await http.post(address, content="1")


async def test_a_workstation_is_known_and_felt_at_both(
    site: RunningGateway, http: httpx.AsyncClient, server: ServerProcess
) -> None:
    person_id = await eileen(http, server)
    desk = (await http.post("/api/workstations", json={"name": "Desk"})).raise_for_status().json()["id"]
    (await http.put(f"/api/workstations/{desk}/people/{person_id}")).raise_for_status()
    token = (await http.post(f"/api/workstations/{desk}/token")).raise_for_status().json()["token"]
    photo = base64.b64encode(ModelStore(server.home / "models").read(ASTRONAUT)).decode()
    frame = json.dumps({"user_name": "Eileen Collins", "image": photo, "send_time": 1})
    for _ in range(3):
        async with site.socket("/ws/verify", additional_headers={"Authorization": f"Bearer {token}"}) as socket:
            await socket.send(frame)
            async with asyncio.timeout(PATIENCE_S):
                assert json.loads(await socket.recv())["action"] != "error"
            for seats in await each(http, "/api/workstations/connected"):
                assert [seat["user_name"] for seat in seats] == ["Eileen Collins"]
            for step, reason in (("pause", "REASON_PAUSED_CLIENT"), ("resume", "")):
                body = {"reason": "a test"}
                answer = await http.post(f"/api/workstations/users/{person_id}/{step}", json=body)
                answer.raise_for_status()
                if reason:
                    async with asyncio.timeout(PATIENCE_S):
                        assert json.loads(await socket.recv())["reason"] == reason


async def test_guesses_are_counted_once(http: httpx.AsyncClient) -> None:
    guesses = [
        (await http.post("/api/token", data={"username": "nobody", "password": f"guess {n}"})).status_code
        for n in range(13)
    ]
    assert guesses == [401] * 10 + [429] * 3


async def come_back(
    stack: contextlib.AsyncExitStack, site: RunningGateway, token: str, device: str, resume: dict[str, Any]
) -> NativeClient:
    """As any client does: whoever dies may still have taken the connection."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(OSError, InvalidHandshake):
                return await stack.enter_async_context(site.client(token, device=device, resume=resume))


async def engine_again(stack: contextlib.AsyncExitStack, site: RunningGateway) -> ScriptedEngine:
    """As any engine does."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(OSError, InvalidHandshake):
                return await stack.enter_async_context(site.engine())


async def test_a_killed_gateway_comes_back_and_nothing_is_lost(
    site: RunningGateway, http: httpx.AsyncClient, server: ServerProcess
) -> None:
    person_id = await eileen(http, server)
    token = await admin_token(http)
    for number in (2, 1):
        async with (
            site.engine() as engine,
            client_of(number, site, server, token) as (lost, device),
            client_of(3 - number, site, server, token) as (stays, _),
        ):
            await engine.send(BUSY)
            camera_id = await camera_of(http, engine)
            await engine.tell(identified(person_id, camera_id, next(NUMBERS)))
            first = await lost.data("alert_triggered")
            resume = {"epoch": lost.all("identification_success")[0]["epoch"], "offset": first["offset"]}
            os.kill(pids(server)[number], signal.SIGKILL)
            assert (await lost.closed())[0] == 1006
            async with contextlib.AsyncExitStack() as stack:
                again = await come_back(stack, site, token, device, resume)
                assert again.all("identification_success")[0]["mode"] == "resumed"
                # The engine's connection ended as well if it came this way: it comes again.
                await until(lambda: _is_up(http, "/api/system"), "first gateway")
                engine = await engine_again(stack, site)
                await engine.send(BUSY)
                await engine.tell(identified(person_id, camera_id, next(NUMBERS)))
                second = await again.data("alert_triggered")
                while (told := await stays.data("alert_triggered"))["offset"] != second["offset"]:
                    assert told["offset"] == first["offset"]

        async def both() -> bool:
            return await gateway_figures(http, "sightline_gateway_up") == {1: 1.0, 2: 1.0}

        await until(both, "gateway that is back")


async def _is_up(http: httpx.AsyncClient, path: str) -> bool:
    return (await http.get(path)).is_success


def test_it_ends_whole(server: ServerProcess) -> None:
    running = pids(server)
    assert len(running) == 2 and all(Path(f"/proc/{pid}").exists() for pid in running.values())
    server.stop()
    assert server._process is not None and server._process.returncode == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in running.values())
