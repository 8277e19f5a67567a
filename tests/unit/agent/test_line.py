"""One connection to `/ws/verify`, against a server that is told what to say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from sightline.agent.line import Answer, Ended, Line, open_line
from sightline.decisions.workstation import Action, Reason
from sightline.exceptions import ConfigurationError

PATIENCE_S = 30.0
Serving = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def server(serving: Serving, refusal: tuple[int, bytes] | None = None) -> AsyncIterator[str]:
    def answer(connection: ServerConnection, request: Request) -> Response | None:
        assert request.path == "/ws/verify"
        assert request.headers["Authorization"] == "Bearer t0ken"
        if refusal is None:
            return None
        response = connection.respond(HTTPStatus(refusal[0]), refusal[1].decode())
        response.headers["Retry-After"] = "7"
        return response

    async with serve(serving, "127.0.0.1", 0, process_request=answer) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        yield f"http://127.0.0.1:{port}"


async def talked(url: str, pictures: int) -> tuple[Ended, list[Answer]]:
    """So many pictures are sent, and then the connection is closed unless the server was first."""
    answers: list[Answer] = []

    async def tell(answer: Answer) -> None:
        answers.append(answer)

    async def use(connection: ClientConnection) -> None:
        line = Line(connection, tell)
        listening = asyncio.create_task(line.listen())
        for number in range(pictures):
            await line.ask("Ada", b"jpeg %d" % number)
        await connection.close()
        await listening

    async with asyncio.timeout(PATIENCE_S):
        return await open_line(url, "t0ken", None, use), answers


async def test_each_picture_is_answered_before_the_next_is_sent() -> None:
    seen: list[dict[str, object]] = []

    async def serving(socket: ServerConnection) -> None:
        async for message in socket:
            frame = json.loads(message)
            seen.append(frame)
            said = {"action": "NO_ACTION", "reason": "EMPTY_REASON", "actual_username": "Ada", "finish_time": 1}
            await socket.send(json.dumps(said | {"send_time": frame["send_time"], "new": "field"}))

    async with server(serving) as url:
        ended, answers = await talked(url, 3)
    assert [(one["user_name"], one["image"], one["send_time"]) for one in seen] == [
        ("Ada", "anBlZyAw", 1), ("Ada", "anBlZyAx", 2), ("Ada", "anBlZyAy", 3)
    ]  # fmt: skip
    assert [(one.action, one.reason, one.actual) for one in answers] == [(Action.NONE, Reason.EMPTY, "Ada")] * 3
    assert all(one.latency_ms is not None and one.latency_ms >= 0 for one in answers)
    assert (ended.code, ended.answered, ended.is_final) == (1000, False, False)


async def test_what_is_said_without_being_asked_is_told_and_rubbish_is_passed_over() -> None:
    async def serving(socket: ServerConnection) -> None:
        frame = json.loads(await socket.recv())
        await socket.send("no json")
        await socket.send('{"action": "ACTION_DANCE", "reason": "EMPTY_REASON"}')
        await socket.send('{"action": "ACTION_WARNING", "reason": "REASON_PAUSED_CLIENT", "send_time": null}')
        answer = {"action": "ACTION_LOCK_SCREEN", "reason": "REASON_NO_FACE", "send_time": frame["send_time"]}
        await socket.send(json.dumps(answer))
        await socket.wait_closed()

    async with server(serving) as url:
        _, answers = await talked(url, 1)
    assert [(one.action, one.latency_ms is None) for one in answers] == [
        (Action.WARNING, True), (Action.LOCK_SCREEN, False)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "reason", "is_final", "retry_ms"),
    [
        (4004, "no room; retry_after_s=2.5", False, 2_500),
        (4000, "the server is shutting down", False, None),
        (4500, "this user is not known", False, None),
        (4502, "a newer connection took over", True, None),
        (4503, "this user is blocked", True, None),
        (4501, "not a picture", True, None),
    ],
)
async def test_close_codes_say_whether_to_come_back(
    code: int, reason: str, is_final: bool, retry_ms: int | None
) -> None:
    async def serving(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.close(code, reason)

    async with server(serving) as url:
        ended, answers = await talked(url, 2)
    assert (ended.code, ended.is_final, ended.retry_ms, ended.answered) == (code, is_final, retry_ms, True)
    assert reason in ended.words
    assert answers == []


@pytest.mark.parametrize(("status", "is_final"), [(401, True), (403, True), (503, False)])
async def test_refusals_are_told_in_the_servers_words(status: int, is_final: bool) -> None:
    async def serving(socket: ServerConnection) -> None:
        raise AssertionError("nobody gets in")

    async with server(serving, (status, b'{"detail": "a workstation needs its token"}')) as url:
        ended, _ = await talked(url, 1)
    assert (ended.status, ended.is_final, ended.retry_ms) == (status, is_final, 7_000)
    assert ended.words == "a workstation needs its token"


async def test_a_server_that_is_not_there(free_port: int) -> None:
    ended, _ = await talked(f"http://127.0.0.1:{free_port}", 1)
    assert (ended.answered, ended.is_final) == (False, False)
    assert "cannot be reached" in ended.words


async def test_a_strange_address_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="wss://host/ws/verify"):
        await talked("ftp://example.org", 1)
