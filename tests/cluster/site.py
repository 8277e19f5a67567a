"""Three gateways with homes of their own on one PostgreSQL, Redis and media folder; engines that know all of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sightline.accounts import Role
from sightline.service.gateway import engine_token, open_gateway
from sightline.settings import Settings
from sightline.testing import ServerProcess
from tests.postgresql import PostgresServer
from tests.redis_server import RedisServer
from tests.soak.history import Entry, Kind
from tests.soak.site import SETTINGS, Operator
from tests.videos import numbered, write_video

__all__ = ["ClusterSite", "EngineProcess", "make_cluster"]

GATEWAYS = 3
ENGINES = 3
DATABASE = "sightline"
QUICK = {
    "receipt_seconds": 1.0,
    "acknowledge_seconds": 2.0,
    "restart_grace_seconds": 0.5,
    "routed_types": "unknown_person",
}


@dataclass
class EngineProcess:
    """One engine; killed and started again as often as wanted, always on the same spool."""

    name: str
    token: str
    urls: Sequence[str]
    folder: Path
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        arguments = json.dumps({"urls": list(self.urls), "spool": str(self.folder / "spool")})
        with (self.folder / "engine.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.cluster.engine", arguments],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=Path(__file__).parents[2],
            )  # fmt: skip
        assert self._process.stdin is not None
        self._process.stdin.write(self.token.encode() + b"\n")
        self._process.stdin.flush()

    def kill9(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process = None


@dataclass
class ClusterSite:
    """Everything that runs, and what the database says."""

    folder: Path
    postgres: PostgresServer
    redis: RedisServer
    url: str
    gateways: list[ServerProcess]
    cameras: tuple[str, ...]
    quiet_camera: str
    operator: Operator
    responder: Operator
    engine_tokens: tuple[str, ...]
    producer_token: str
    engines: list[EngineProcess] = field(default_factory=list)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self.postgres.connect(DATABASE) as connection:
            return connection.execute(query, parameters).fetchall()

    def log(self) -> list[Entry]:
        query = 'SELECT "offset", kind, alert_id, audience, data FROM log_entries ORDER BY "offset"'
        return [
            Entry(
                offset=offset,
                kind=Kind.ALERT if kind == "alert_triggered" else Kind.UPDATE,
                alert_id=alert_id,
                audience=frozenset(audience),
                ends=data.get("state", "open") != "open",
            )
            for offset, kind, alert_id, audience, data in self.rows(query)
        ]

    def first_seen_after(self, at_ms: int, *, not_by: int | None = None) -> dict[str, int]:
        """By camera, the capture time of the first fact that was captured after that moment; what the engine process
        `not_by` saw of its cameras meanwhile does not count."""
        query = (
            "SELECT camera_id, min(captured_at_ms) FROM events "
            "WHERE captured_at_ms > %s AND camera_id = ANY(%s) AND key NOT LIKE %s GROUP BY 1"
        )
        return dict(self.rows(query, at_ms, list(self.cameras), f"%:{not_by}"))

    def readers(self) -> dict[str, list[tuple[int, str]]]:
        """By camera, when each of its facts was captured (ms), and by which engine process, in that order."""
        query = (
            "SELECT camera_id, captured_at_ms, split_part(key, ':', 3) FROM events "
            "WHERE camera_id = ANY(%s) ORDER BY camera_id, captured_at_ms"
        )
        found: dict[str, list[tuple[int, str]]] = {camera_id: [] for camera_id in self.cameras}
        for camera_id, captured_at_ms, process in self.rows(query, list(self.cameras)):
            found[camera_id].append((captured_at_ms, process))
        return found

    def ready(self, timeout_s: float = 60.0) -> None:
        """Every camera is analysed."""
        now_ms = int(time.time() * 1000)
        deadline_s = time.monotonic() + timeout_s
        while len(self.first_seen_after(now_ms)) < len(self.cameras):
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"cameras are not analysed: {self.first_seen_after(now_ms)}")
            time.sleep(0.2)


async def make_cluster(
    folder: Path, *, cameras: int, gateways: int = GATEWAYS, settings: Mapping[str, object] = QUICK
) -> ClusterSite:
    """Fills a database and homes in the folder, which is there; nothing runs yet but PostgreSQL and Redis."""
    postgres, redis = PostgresServer(durable=True), RedisServer()
    postgres.start()
    redis.start()
    url = postgres.create(DATABASE)
    video = write_video(folder / "camera.mp4", [numbered(number, 320, 240) for number in range(60)], fps=10)
    homes = [folder / f"gateway-{number}" for number in range(gateways)]
    homes[0].mkdir()
    begun = Settings(home=homes[0], database_url=url, token_minutes=1440)
    async with open_gateway(begun, local_token="unused") as gateway:
        now_ms = gateway.clock.now_ms()
        made = [
            await gateway.store.cameras.create(
                name=f"Gate {number}", source=f"file:{video}", latitude=52.5, longitude=13.4, analysis_fps=3.0,
                enabled=True, alert_unknown=True, now_ms=now_ms,
            )
            for number in range(cameras)
        ]  # fmt: skip
        quiet = await gateway.store.cameras.create(
            name="Quiet", source="rtsp://10.9.9.9/x", latitude=52.5, longitude=13.4, analysis_fps=5.0, enabled=False,
            alert_unknown=True, now_ms=now_ms,
        )  # fmt: skip
        operator, responder = [
            Operator(user.id, gateway.tokens.issue(user)[0], role)
            for role in (Role.OPERATOR, Role.RESPONDER)
            for user in [
                await gateway.store.users.create(name=role.value, role=role, password_hash="!", now_ms=now_ms)
            ]
        ]
        await gateway.store.duty.switch(responder.user_id, on=True, now_ms=now_ms)
        tokens = tuple([await engine_token(gateway, f"engine-{number}") for number in range(ENGINES)])
        producer = await engine_token(gateway, "producer")
    for home in homes[1:]:
        home.mkdir()
        shutil.copytree(homes[0] / "keys", home / "keys")
        (home / "media").symlink_to(homes[0] / "media", target_is_directory=True)
    shared = {
        **SETTINGS, **settings, "database_url": url, "redis_url": redis.url, "local_engine": False, "sighting_days": 0,
        "new_connections_per_second": 0,
    }  # fmt: skip
    return ClusterSite(
        folder, postgres, redis, url, [ServerProcess(home, shared) for home in homes],
        tuple(camera.id for camera in made), quiet.id, operator, responder, tokens, producer,
    )  # fmt: skip
