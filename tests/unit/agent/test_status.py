"""The page of the agent: what it shows, to whom, and what not."""

from __future__ import annotations

import socket

import httpx
import pytest
from starlette.applications import Starlette

from sightline.agent.line import Answer
from sightline.agent.status import State, Status, serve_status, status_app
from sightline.decisions.workstation import Action, Reason

STATUS = Status(
    "https://sightline.example.org",
    "<Ada>",
    state=State.WATCHING,
    answer=Answer(Action.LOCK_SCREEN, Reason.NO_FACE, "", 41),
    answered_ms=1_700_000_000_000,
    latency_ms=41,
    error="the camera & the cable",
    error_ms=1_700_000_000_000,
    picture=b"jpeg",
)


def asking(app: Starlette, host: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"http://{host}")


async def test_it_shows_how_it_goes() -> None:
    async with asking(status_app(STATUS, with_picture=False), "127.0.0.1:8137") as http:
        page = await http.get("/")
        for words in ("&lt;Ada&gt;", "nobody there (ACTION_LOCK_SCREEN)", "41 ms", "the camera &amp; the cable"):
            assert words in page.text
        assert "picture.jpg" not in page.text
        assert "fetch('/')" in (await http.get("/page.js")).text
        assert (await http.get("/picture.jpg")).status_code == 404
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
        told = (await http.get("/status.json")).json()
        assert (told["state"], told["action"], told["latency_ms"]) == ("watching", "ACTION_LOCK_SCREEN", 41)
        assert "picture" not in told


async def test_it_shows_the_picture_only_where_that_was_asked_for() -> None:
    async with asking(status_app(STATUS, with_picture=True), "localhost:8137") as http:
        assert "/picture.jpg" in (await http.get("/")).text
        assert (await http.get("/picture.jpg")).content == b"jpeg"
    async with asking(status_app(Status("s", "u"), with_picture=True), "localhost") as http:
        assert (await http.get("/picture.jpg")).status_code == 404


@pytest.mark.parametrize("host", ["sightline.example.org", "127.0.0.1.example.org", "10.0.0.7:8137", "localhost.evil"])
async def test_who_asks_by_another_name_is_refused(host: str) -> None:
    async with asking(status_app(STATUS, with_picture=True), host) as http:
        for path in ("/", "/status.json", "/picture.jpg"):
            assert (await http.get(path)).status_code == 400


async def test_nothing_can_be_changed() -> None:
    async with asking(status_app(STATUS, with_picture=True), "127.0.0.1") as http:
        for path in ("/", "/status.json", "/picture.jpg"):
            assert (await http.post(path)).status_code == 405


async def test_it_is_served_and_ends() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    async with (
        serve_status(status_app(STATUS, with_picture=False), listener),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        assert (await http.get("/status.json")).json()["user"] == "<Ada>"
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)
