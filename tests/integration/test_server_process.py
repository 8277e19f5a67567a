"""`sightline.testing.ServerProcess`: what tests of kills and restarts stand on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from sightline.client.rest import RestClient
from sightline.exceptions import Unavailable
from sightline.service import running_server
from sightline.testing import ServerProcess


async def test_what_was_stored_is_there_after_kill9_on_the_same_port(server: ServerProcess) -> None:
    url, engine = server.url, server.engine_pid()
    async with server.client() as http:
        person = await RestClient(http).create_person(first_name="Ada")
    server.kill9()
    assert running_server(server.home) is None

    server.start()
    assert server.url == url
    assert server.engine_pid() != engine
    async with server.client() as http:
        assert [one.id for one in await RestClient(http).people()] == [person.id]


def test_a_killed_engine_comes_back_while_the_server_answers(server: ServerProcess) -> None:
    first = server.engine_pid()
    server.kill9_engine()
    with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as http:
        while (second := server.engine_pid()) == first:
            assert http.get("/health").is_success
    server.stop()
    assert not Path(f"/proc/{second}").exists()


def test_a_server_that_cannot_start_says_why(start_server: Callable[..., ServerProcess]) -> None:
    with pytest.raises(Unavailable, match=r"the server did not start:(.|\n)*SIGHTLINE_NO_SUCH_SETTING is no setting"):
        start_server({"no_such_setting": 1})
