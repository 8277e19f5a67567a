"""What every test may ask for: models, pictures, a free port, a real server."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import platformdirs
import pytest

from sightline.testing import ServerProcess
from tests.assets import assets_folder

ADMIN_PASSWORD = "correct-horse-battery-staple"
"""Of the user `admin` of every server that a test starts."""


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own `SIGHTLINE_…` variables decide nothing here."""
    for name in list(os.environ):
        if name.startswith("SIGHTLINE_") and not name.startswith("SIGHTLINE_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def models_home() -> Path:
    """A home folder with every model file in its `models` folder, fetched once a machine. Not to be written to.

    It is `SIGHTLINE_TEST_MODELS`, else a folder of the platform's cache.
    """
    from sightline.models.manifest import MODELS
    from sightline.models.store import ModelStore

    folder = Path(os.environ.get("SIGHTLINE_TEST_MODELS") or platformdirs.user_cache_path("sightline-tests"))
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "pull.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs on one machine fetch once
        ModelStore(folder / "models").pull(MODELS)
    return folder


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of photographs and clips with a known ground truth."""
    folder = assets_folder()
    if folder is None:
        pytest.skip("no assets folder: set SIGHTLINE_TEST_ASSETS to one with photographs and clips")
    return folder


@pytest.fixture
def free_port() -> int:
    """A port of the loopback interface that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def home(tmp_path: Path, models_home: Path) -> Path:
    """A home folder of this test's own, with the models in it."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "models").symlink_to(models_home / "models", target_is_directory=True)
    return folder


@pytest.fixture
def start_server(home: Path) -> Iterator[Callable[..., ServerProcess]]:
    """Starts a real `sightline serve` on this test's home folder, with settings by name; stopped at the end."""
    servers: list[ServerProcess] = []

    def start(settings: Mapping[str, object] | None = None) -> ServerProcess:
        server = ServerProcess(home, settings)
        servers.append(server)
        server.start()
        _set_admin_password(server)
        return server

    yield start
    for server in servers:
        server.stop()
        print(f"--- {server.log}\n{server.log_tail()}")  # pytest shows it where the test failed


@pytest.fixture
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    """A real `sightline serve` in a process of its own; its user `admin` has the password `ADMIN_PASSWORD`."""
    return start_server()


def _set_admin_password(server: ServerProcess) -> None:
    headers = {"Authorization": f"Bearer {server.token}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=30) as http:
        (admin,) = http.get("/api/users").raise_for_status().json()
        http.put(f"/api/users/{admin['id']}/password", json={"password": ADMIN_PASSWORD}).raise_for_status()
