"""`sightline agent` as a program, with a real server, real models and a real program that locks the screen."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from sightline.testing import ServerProcess
from tests.conftest import ADMIN_PASSWORD
from tests.integration.real_server import until

pytestmark = [pytest.mark.assets, pytest.mark.timeout(240)]

PATIENCE_S = 60.0
NETWORKS = ("minifasnet_v2_2.7_80x80.onnx", "minifasnet_v1se_4.0_80x80.onnx")
FRAME_S = 0.1


class Camera:
    """A network camera, so that a test says what is before it; with no picture it hangs up."""

    def __init__(self) -> None:
        self.picture: bytes | None = None
        self.url = ""

    @asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._stream, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        try:
            yield
        finally:
            self.picture = None
            server.close()

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n")
            while (picture := self.picture) is not None:
                writer.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture))
                writer.write(picture + b"\r\n")
                await writer.drain()
                await asyncio.sleep(FRAME_S)
        writer.close()


class Desk:
    """A workstation: what is done to it is written into a file."""

    def __init__(self, folder: Path, images: Path, port: int) -> None:
        folder.mkdir()
        self.camera = Camera()
        self.deeds = folder / "deeds"
        self.log = folder / "agent.log"
        self.token = folder / "token"
        self.port = port
        self._images = images

    def shows(self, picture: str) -> None:
        """From now on this is before the camera."""
        self.camera.picture = (self._images / picture).read_bytes()

    @property
    def done(self) -> list[str]:
        return self.deeds.read_text().split() if self.deeds.exists() else []

    def command(self, url: str, *options: str) -> list[str]:
        return [
            sys.executable, "-m", "sightline", "agent", "--server", url, "--user", "Tess", "--source", self.camera.url,
            *options,
        ]  # fmt: skip

    def watching(self, url: str, *, port: int, offline: str) -> list[str]:
        writes = f"{sys.executable} -c \"open(r'{self.deeds}', 'a').write('{{}} ')\""
        return self.command(
            url, "--token-file", str(self.token), "--rate", "5", "--offline", offline,
            "--status-port", str(port), "--lock-command", writes.format("lock"),
            "--sign-out-command", writes.format("sign-out"),
        )  # fmt: skip

    async def status(self) -> dict[str, Any]:
        async with httpx.AsyncClient(trust_env=False) as http:
            return dict((await http.get(f"http://127.0.0.1:{self.port}/status.json")).json())

    async def is_left_alone(self) -> bool:
        return bool((await self.status())["action"] == "NO_ACTION")

    async def says_it_did(self, deed: str) -> bool:
        return bool((await self.status())["done"] == deed)

    async def has_done(self, deeds: list[str]) -> bool:
        return self.done == deeds


@asynccontextmanager
async def running(desk: Desk, command: list[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    with desk.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        print(desk.log.read_text()[-4000:])  # pytest shows it where the test failed


async def test_a_workstation_locks_itself_and_nobody_else(
    assets: Path, start_server: Callable[..., ServerProcess], tmp_path: Path, free_port: int
) -> None:
    liveness = ",".join(str(assets / "models" / name) for name in NETWORKS)
    server = start_server({"liveness_model": liveness})
    desk = Desk(tmp_path / "desk", assets / "images", free_port)
    desk.shows("spoof/live_T1.jpg")
    async with desk.camera.on(), server.client(PATIENCE_S) as http:
        await until(partial(enrolled_by_itself, desk, server.url), "enrolment by the agent")
        (tess,) = (await http.get("/api/people")).json()["people"]
        assert (tess["name"], tess["references"] >= 1) == ("Tess", True)
        station = (await http.post("/api/workstations", json={"name": "Desk"})).json()["id"]
        await http.put(f"/api/workstations/{station}/people/{tess['id']}")
        token = (await http.post(f"/api/workstations/{station}/token")).json()["token"]
        desk.token.write_text(token + "\n")

        async with running(desk, desk.watching(server.url, port=desk.port, offline="keep")) as process:
            await until(desk.is_left_alone, "right verdict")
            assert desk.done == []
            status = await desk.status()
            assert (status["state"], status["user"], status["action"]) == ("watching", "Tess", "NO_ACTION")
            assert status["latency_ms"] >= 0

            desk.shows("people/obama/obama.jpg")
            await until(partial(desk.has_done, ["lock"]), "lock")
            await until(partial(desk.says_it_did, "lock (REASON_WRONG_USER)"), "word about it")
            await some_answers(http, "REASON_WRONG_USER", 4)
            assert desk.done == ["lock"], "once for one finding"
            desk.shows("spoof/attack_F1.jpg")
            await until(partial(desk.has_done, ["lock", "sign-out"]), "sign-out")
            await some_answers(http, "REASON_SPOOF_IMAGE", 3)
            assert desk.done == ["lock", "sign-out"]
            desk.shows("spoof/live_T1.jpg")
            await until(desk.is_left_alone, "right verdict")

            await asyncio.to_thread(server.kill9)
            await until(partial(is_in, desk, "offline"), "word about the server")
            assert desk.done == ["lock", "sign-out"], "it keeps the peace"
            async with running(desk, desk.watching(server.url, port=0, offline="lock-after 1")):
                await until(partial(desk.has_done, ["lock", "sign-out", "lock"]), "lock because nobody answers")
            await asyncio.to_thread(server.start)
            await until(partial(is_in, desk, "watching"), "connection to the server that came back")
            await until(desk.is_left_alone, "right verdict")
            assert desk.done == ["lock", "sign-out", "lock"]

            desk.camera.picture = None
            await until(partial(is_in, desk, "no camera"), "word about the camera")
            desk.shows("spoof/live_T1.jpg")
            await until(partial(is_in, desk, "watching"), "picture of the camera that came back")

            async with server.client(PATIENCE_S) as again:
                path = f"/api/workstations/users/{tess['id']}/block"
                (await again.post(path, json={"reason": "left"})).raise_for_status()
            async with asyncio.timeout(PATIENCE_S):
                assert await process.wait() == 3
        said = desk.log.read_text()
        assert "wants this workstation to stay away" in said
        assert token not in said
        assert ADMIN_PASSWORD not in said


async def enrolled_by_itself(desk: Desk, url: str) -> bool:
    """`sightline agent --enroll`; the engine may still be starting."""
    environment = os.environ | {"SIGHTLINE_AGENT_PASSWORD": ADMIN_PASSWORD}
    command = desk.command(url, "--enroll", "--photos", "1", "--account", "admin")
    with desk.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            stdout=log,
            stderr=log,
        )
    return await process.wait() == 0


async def some_answers(http: httpx.AsyncClient, reason: str, count: int) -> None:
    """Waits until the server has said so for so many pictures."""

    async def enough() -> bool:
        found = (await http.get("/api/workstations/actions")).json()
        return len([one for one in found if one["reason"] == reason]) >= count

    await until(enough, f"{count} answers of {reason}")


async def is_in(desk: Desk, state: str) -> bool:
    return bool((await desk.status())["state"] == state)
