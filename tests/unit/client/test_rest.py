"""The REST client against a small server that answers as the real one does, and as it never should."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sightline.client.rest import PAGE, RestClient
from sightline.exceptions import Conflict, Forbidden, SightlineError, Unavailable

PEOPLE = [
    {"id": str(number), "first_name": f"P{number}", "last_name": "", "name": f"P{number}", "of_the_future": [1]}
    for number in range(2 * PAGE + 1)
]


async def people(request: Request) -> Response:
    start, limit = int(request.query_params["offset"]), int(request.query_params["limit"])
    return JSONResponse({"people": PEOPLE[start : start + limit], "total": len(PEOPLE)})


async def denied(request: Request) -> Response:
    status = int(request.path_params["status"])
    return JSONResponse({"detail": f"because of {status}", "errors": []}, status)


async def odd(request: Request) -> Response:
    return PlainTextResponse("<html>a proxy's own page</html>", 200 if request.method == "GET" else 502)


APP = Starlette(
    routes=[
        Route("/api/people", people),
        Route("/api/cameras/{status}", denied, methods=["DELETE"]),
        Route("/api/users", odd, methods=["GET", "POST"]),
    ]
)


@pytest.fixture
async def client() -> AsyncIterator[RestClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://sightline.invalid") as http:
        yield RestClient(http)


async def test_a_long_list_comes_whole_and_fields_of_newer_servers_are_ignored(client: RestClient) -> None:
    found = await client.people()
    assert [person.id for person in found] == [person["id"] for person in PEOPLE]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, Forbidden),
        (403, Forbidden),
        (404, SightlineError),
        (409, Conflict),
        (413, SightlineError),
        (422, SightlineError),
        (429, Unavailable),
        (503, Unavailable),
    ],
)
async def test_a_refusal_is_told_in_the_servers_words(client: RestClient, status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=f"because of {status}") as raised:
        await client.remove_camera(str(status))
    assert type(raised.value) is kind


async def test_an_answer_that_is_not_sightlines_is_said_to_be_none(client: RestClient) -> None:
    with pytest.raises(SightlineError, match="GET /api/users: this answer is not one of Sightline's"):
        await client.users()
    with pytest.raises(Unavailable, match="the server answered 502 Bad Gateway"):
        await client.create_user(name="ada", role="viewer", password="a long password")


async def test_an_id_stays_one_part_of_the_path(client: RestClient) -> None:
    with pytest.raises(SightlineError, match="404"):
        await client.remove_camera("409/../../users")


async def test_a_server_that_is_not_there_is_unavailable(free_port: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{free_port}", trust_env=False) as http:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await RestClient(http).cameras()
