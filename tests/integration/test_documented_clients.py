"""The clients of the reference and of the how-to pages, run as they are printed there."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sightline.accounts import Role, User
from sightline.service.gateway import engine_token
from tests.integration.gateway_app import PATIENCE_S, RunningGateway
from tests.integration.test_streams import jpeg, online, show, watched
from tests.socketio_client import FOLDER as NODE_FOLDER
from tests.socketio_client import install

DOCS = Path(__file__).parents[2] / "docs"
DIALECTS = ["/socket.io", "/ws/alerts", "/ws/field", "/ws/v1"]


def _snippets(language: str = "python", having: str = "") -> list[str]:
    text = "".join((DOCS / "reference" / name).read_text(encoding="utf-8") for name in ("protocol.md", "dialects.md"))
    return [one for one in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL) if having in one]


def _path(snippet: str) -> str:
    marks = {"/ws/v1": "/ws/v1", "/ws/alerts": "/ws/alerts", "/ws/field": "/ws/field", "/socket.io": "socket"}
    return next(path for path, mark in marks.items() if mark in snippet)


def test_there_is_one_for_each_dialect() -> None:
    for found in (_snippets(), _snippets("typescript"), _snippets("console", "websocat")):
        assert sorted(map(_path, found)) == DIALECTS


@pytest.mark.parametrize("snippet", _snippets(), ids=_path)
async def test_it_prints_an_alert(gateway: RunningGateway, snippet: str) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    _, token = await gateway.user("olga")
    url = gateway.url if "socketio" in snippet else gateway.ws_url
    arguments = [url, token, *(["olga"] if "user: str" in snippet else [])]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-uWerror", "-c", snippet, *arguments, stdout=subprocess.PIPE
    )
    try:
        await gateway.until(lambda: list(gateway.gateway.hub.clients))
        async with gateway.engine() as engine:
            await engine.sees(person, camera)
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE_S):
                assert "Front door" in (await process.stdout.readline()).decode()
    finally:
        process.terminate()
        await process.wait()


@contextlib.asynccontextmanager
async def _running(*command: str, cwd: Path | None = None) -> AsyncIterator[asyncio.StreamReader]:
    """What a program prints, for as long as the test wants."""
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, cwd=cwd)
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def _ticket(gateway: RunningGateway, token: str) -> str:
    async with gateway.http(token) as http:
        return str((await http.post("/api/ws-ticket")).json()["ticket"])


def _as_javascript(snippet: str, url: str, token: str, ticket: str, user: User) -> str:
    """The snippet on a page of this server; Node strips no types."""
    values = {"token": token, "ticket": ticket, "userId": user.id}
    given = "".join(f"const {name} = {value!r};\n" for name, value in values.items())
    host = url.removeprefix("http://")
    plain = re.sub(r"\b(type|data): (?:string|object)\b", r"\1", snippet)
    return f"const location = {{ host: {host!r} }};\n{given}" + plain.replace("wss://", "ws://").replace(
        "http://127.0.0.1:8000", url
    )


async def test_those_in_typescript_print_an_alert(gateway: RunningGateway) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node here")
    await asyncio.to_thread(install)
    camera, person = await gateway.camera(), await gateway.wanted()
    async with contextlib.AsyncExitStack() as stack:
        outputs = []
        for number, snippet in enumerate(_snippets("typescript")):
            user, token = await gateway.user(f"olga-{number}")
            code = _as_javascript(snippet, gateway.url, token, await _ticket(gateway, token), user)
            command = [node, "--no-warnings", "--experimental-websocket", "--input-type=module", "-e", code]
            outputs.append(await stack.enter_async_context(_running(*command, cwd=NODE_FOLDER)))
        await gateway.until(lambda: len(list(gateway.gateway.hub.clients)) == len(DIALECTS))
        engine = await stack.enter_async_context(gateway.engine())
        await engine.sees(person, camera)
        for output in outputs:
            async with asyncio.timeout(PATIENCE_S):
                line = (await output.readline()).decode()
            assert "Front door" in line or camera.id in line


def _lines(console: str, token: str) -> tuple[str, list[str]]:
    """Where a `websocat` of the page connects, and what it says there."""
    address = re.search(r"ws://127\.0\.0\.1:8000([^\s\"]*)", console)
    assert address is not None
    said = re.findall(r"^(4\d.*)$", console, re.MULTILINE) + re.findall(r"echo '(.*?)'", console)
    return address.group(1).replace("$TOKEN", token), [line.replace("eyJ…", token) for line in said]


async def test_what_is_said_to_websocat_is_understood(gateway: RunningGateway) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    _, token = await gateway.user("olga")
    async with contextlib.AsyncExitStack() as stack:
        sockets = []
        for console in _snippets("console", "websocat"):
            path, lines = _lines(console, token)
            headers = {"Authorization": f"Bearer {token}"} if "Authorization" in console else {}
            socket = await stack.enter_async_context(gateway.socket(path, additional_headers=headers))
            for line in lines:
                await socket.send(line)
            sockets.append(socket)
        await gateway.until(lambda: len(list(gateway.gateway.hub.clients)) == len(DIALECTS))
        engine = await stack.enter_async_context(gateway.engine())
        await engine.sees(person, camera)
        for socket in sockets:
            async with asyncio.timeout(PATIENCE_S):
                while "Front door" not in str(await socket.recv()):
                    pass


def _program(page: str) -> str:
    found = re.search(r"```python\n(.*?)```", (DOCS / "howto" / page).read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found.group(1)


async def test_the_player_shows_a_picture(gateway: RunningGateway) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("vera", Role.VIEWER)
    async with gateway.engine() as engine, gateway.engine_pictures() as pictures:
        await online(gateway, engine, camera)
        command = [sys.executable, "-c", _program("play-a-stream.md"), gateway.url, token, camera.id]
        async with _running(*command) as output:
            await watched(engine, "sd")

            async def feed() -> None:
                for number in range(1_000):
                    await show(pictures, camera, "sd", number, jpeg(99))
                    await asyncio.sleep(0.03)

            feeding = asyncio.create_task(feed())
            async with asyncio.timeout(PATIENCE_S):
                assert (await output.readline()).decode() == "a picture of (36, 64, 3)\n"
            feeding.cancel()


async def test_the_engine_tells_people(
    gateway: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = await gateway.camera()
    _, token = await gateway.user("olga")
    machine = await engine_token(gateway.gateway, "yard")
    monkeypatch.setenv("HOME", str(tmp_path))
    command = [sys.executable, "-c", _program("connect-an-engine.md"), gateway.url, machine]
    async with _running(*command) as output, gateway.client(token) as client:
        await gateway.until(lambda: gateway.gateway.foreign_engines.connected)
        await client.send("stream_start_request", camera_id=camera.id, quality="hd")
        alert = await client.data("alert_triggered")
        async with asyncio.timeout(PATIENCE_S):
            assert (await output.readline()).decode() == f"look at {camera.id} hd\n"
            assert (await output.readline()).decode() == f"people are told: {alert['alert_id']}\n"
