"""For tests of your own integration: a real server in a process of its own, to talk to, to stop and to kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from sightline.exceptions import Unavailable
from sightline.service.failpoints import VARIABLE as FAILPOINT_VARIABLE
from sightline.service.lock import RunningServer, running_server

__all__ = ["ServerProcess"]

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 15.0
POLL_S = 0.02
SHOWN_LOG_LINES = 60


class ServerProcess:
    """`sightline serve` on the home folder `home`, with `settings` by name (`{"unseen_seconds": 1}`).

    Nothing of this process's own `SIGHTLINE_…` variables reaches it. It takes a free port of this machine and keeps it
    when it is started again. Its output goes to `log`.
    """

    def __init__(self, home: Path, settings: Mapping[str, object] | None = None) -> None:
        self.home = home
        self.log = home / "server.log"
        self._settings = {"port": 0, "log_format": "console", **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._running: RunningServer | None = None

    @property
    def url(self) -> str:
        """`http://127.0.0.1:…`, of the last start, also where TLS is spoken to others."""
        return self._last.url

    @property
    def public_url(self) -> str:
        """Where others find it: `https://…` with TLS."""
        return self._last.public_url

    @property
    def token(self) -> str:
        """A bearer token with the rights of the home folder's owner, of the last start."""
        return self._last.token

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The gateway's process."""
        return self._last.pid

    def start(self, *, failpoint: str | None = None) -> None:
        """Returns once the server answers. Raises `Unavailable` with the end of its log when it does not.

        `failpoint` is a place of `sightline.service.failpoints`, like `committed:5`: there it dies, as if by `kill9`.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")}
        settings = {f"SIGHTLINE_{name.upper()}": str(value) for name, value in self._settings.items()}
        if failpoint is not None:
            settings[FAILPOINT_VARIABLE] = failpoint
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sightline", "serve"],
                env={**inherited, **settings, "SIGHTLINE_HOME": str(self.home)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._running = self._wait_until_published(self._process)
        self._settings["port"] = int(self.public_url.rpartition(":")[2])

    def stop(self) -> None:
        """As an administrator stops it: SIGTERM, then patience. Nothing happens when it does not run."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise Unavailable(f"the server did not stop in {STOP_TIMEOUT_S:.0f} s:\n{self.log_tail()}") from None

    def wait_killed(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Returns once it has died at its failpoint. Raises `Unavailable` when it lives on, or ended otherwise."""
        assert self._process is not None, "start it first"
        try:
            status = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"the server did not reach its failpoint:\n{self.log_tail()}") from None
        if status != -signal.SIGKILL:
            raise Unavailable(f"the server ended with status {status}:\n{self.log_tail()}")

    def kill9(self) -> None:
        """The power fails: SIGKILL, no time to write anything."""
        assert self._process is not None, "start it first"
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Stops it where it runs, and starts it on the same home and port."""
        self.stop()
        self.start()

    def engine_pid(self, timeout_s: float = START_TIMEOUT_S) -> int:
        """The engine's process, as soon as there is one. Linux only."""
        until_s = time.monotonic() + timeout_s
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        while not (pids := children.read_text().split()):
            if time.monotonic() > until_s:
                raise Unavailable(f"the server has no engine:\n{self.log_tail()}")
            time.sleep(POLL_S)
        return int(pids[0])

    def kill9_engine(self) -> None:
        """The engine crashes in a native decoder."""
        os.kill(self.engine_pid(), signal.SIGKILL)

    def client(self, timeout_s: float = 30.0) -> httpx.AsyncClient:
        """A client of the server with the rights of the home folder's owner."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=timeout_s, trust_env=False)

    def log_tail(self) -> str:
        """The last lines that it wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-SHOWN_LOG_LINES:])

    @property
    def _last(self) -> RunningServer:
        assert self._running is not None, "start it first"
        return self._running

    def _wait_until_published(self, process: subprocess.Popen[bytes]) -> RunningServer:
        until_s = time.monotonic() + START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < until_s:
            running = running_server(self.home)
            if running is not None and running.pid == process.pid:
                return running
            time.sleep(POLL_S)
        process.kill()
        process.wait()
        raise Unavailable(f"the server did not start:\n{self.log_tail()}")
