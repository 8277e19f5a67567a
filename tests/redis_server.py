"""A real Redis for tests: a process on 127.0.0.1 that keeps nothing, and can be taken away and brought back."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

__all__ = ["RedisServer", "redis_server"]

START_TIMEOUT_S = 20.0


class RedisServer:
    """Started and stopped as often as wanted, always on the same port; with a password if there is one."""

    def __init__(self, password: str | None = None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """With the password in it."""
        secret = f":{self._password}@" if self._password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns once it listens."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        if self._password:
            options += ["--requirepass", self._password]
        program = shutil.which("redis-server")
        assert program is not None
        self._process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL)
        until_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < until_s:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError("redis-server does not listen")

    def stop(self) -> None:
        """Everything in it is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def redis_server(password: str | None = None) -> Iterator[RedisServer]:
    """One that runs; skips the test where there is no `redis-server`."""
    if shutil.which("redis-server") is None:
        pytest.skip("no redis-server here (Debian: redis-server)")
    server = RedisServer(password)
    server.start()
    try:
        yield server
    finally:
        server.stop()
