"""Whatever holds the engine up, the gateway answers: they share neither event loop nor process nor interpreter."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
from websockets.sync.client import connect

from sightline.testing import ServerProcess
from tests.conftest import ADMIN_PASSWORD


@contextlib.contextmanager
def _held(pid: int) -> Iterator[None]:
    """The process runs not one instruction: no loop of vision code could hold it longer."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _state(pid: int) -> str:
    """One letter, see proc(5): `T` is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_gateway_answers_while_engine_is_at_a_halt(server: ServerProcess) -> None:
    engine = server.engine_pid()
    form = {"username": "admin", "password": ADMIN_PASSWORD}
    with _held(engine), httpx.Client(base_url=server.url, trust_env=False) as http:
        token = http.post("/api/token", data=form).raise_for_status().json()["access_token"]
        url = server.url.replace("http", "ws", 1) + "/ws/v1"
        for device in ("desk", "phone", "wall"):
            with connect(url, proxy=None) as client:
                assert json.loads(client.recv())["type"] == "connection_established"
                identify = {"client_type": "frontend", "auth_token": token, "device": device}
                client.send(json.dumps({"type": "client_identify", "data": identify}))
                assert json.loads(client.recv())["type"] == "identification_success"
            assert http.get("/health").json()["status"] == "healthy"
        assert _state(engine) == "T"
    assert server.engine_pid() == engine
