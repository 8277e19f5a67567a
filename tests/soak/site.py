"""A home folder with what a soak needs in it (users, a camera, an engine's token), and its log, read whole."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sightline.accounts import Role
from sightline.service.gateway import engine_token, open_gateway
from sightline.settings import Settings
from sightline.testing import ServerProcess
from tests.soak.history import Entry, Kind

__all__ = [
    "SETTINGS",
    "Operator",
    "Site",
    "age_log",
    "alerts_of_facts",
    "log_floor",
    "make_site",
    "read_log",
    "server_on",
    "timers_left",
]

ENGINE = "soak-engine"
SETTINGS = {
    "log_level": "warning",
    "max_connections": 20_000,
    "max_connections_per_user": 0,
    "token_minutes": 1440,
    # Every fact shall raise an alert of its own: the rule is not what is proved here.
    "unseen_seconds": 0,
    "realert_seconds": 0,
    "flood_seconds": 0.001,
}
UNFINISHED = ("open",)


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody to whom every alert is addressed."""

    user_id: str
    token: str
    role: Role = Role.OPERATOR

    def tags(self, client_type: str) -> list[str]:
        """What an audience must name one of."""
        return [f"user:{self.user_id}", f"role:{self.role.value}", f"type:{client_type}"]


@dataclass(frozen=True, slots=True)
class Site:
    """A home folder on which no server runs yet."""

    home: Path
    camera_ids: tuple[str, ...]
    engine_token: str
    operators: tuple[Operator, ...]
    responders: tuple[Operator, ...]

    @property
    def camera_id(self) -> str:
        """The only camera, or the first."""
        return self.camera_ids[0]


async def make_site(home: Path, *, operators: int = 1, responders: int = 0, cameras: int = 1) -> Site:
    """Fills a new home folder. Tokens are good for a day."""
    settings = Settings(home=home, token_minutes=SETTINGS["token_minutes"])
    async with open_gateway(settings, local_token="unused") as gateway:
        now_ms = gateway.clock.now_ms()

        async def user(name: str, role: Role) -> Operator:
            made = await gateway.store.users.create(name=name, role=role, password_hash="!", now_ms=now_ms)
            return Operator(made.id, gateway.tokens.issue(made)[0], role)

        await user("boss", Role.ADMIN)
        gates = [
            await gateway.store.cameras.create(
                name=f"Gate {number}", source="rtsp://10.9.9.9/x", latitude=52.5, longitude=13.4, analysis_fps=5.0,
                enabled=False, alert_unknown=True, now_ms=now_ms,
            )
            for number in range(1, cameras + 1)
        ]  # fmt: skip
        people = [await user(f"operator-{number}", Role.OPERATOR) for number in range(operators)]
        field = [await user(f"responder-{number}", Role.RESPONDER) for number in range(responders)]
        for one in field:
            await gateway.store.duty.switch(one.user_id, on=True, now_ms=now_ms)
        token = await engine_token(gateway, ENGINE)
    return Site(home, tuple(gate.id for gate in gates), token, tuple(people), tuple(field))


def server_on(site: Site, **settings: object) -> ServerProcess:
    """A real `sightline serve` on it, not started yet."""
    return ServerProcess(site.home, {**SETTINGS, **settings})


def read_log(home: Path) -> list[Entry]:
    """What the database has of the log, while no server runs or beside one."""
    query = "SELECT offset, kind, alert_id, audience, data FROM log_entries ORDER BY offset"
    with closing(_open(home)) as database:
        return [
            Entry(
                offset=offset,
                kind=Kind.ALERT if kind == "alert_triggered" else Kind.UPDATE,
                alert_id=alert_id,
                audience=frozenset(json.loads(audience)),
                ends=json.loads(data).get("state", "open") not in UNFINISHED,
            )
            for offset, kind, alert_id, audience, data in database.execute(query)
        ]


def alerts_of_facts(home: Path, keys: Sequence[str]) -> dict[str, str | None]:
    """For each fact of which there is an event, the alert that it raised, if it did."""
    query = "SELECT events.key, alerts.id FROM events LEFT JOIN alerts ON alerts.event_id = events.id"
    with closing(_open(home)) as database:
        found = dict(database.execute(query).fetchall())
    return {key: found[key] for key in keys if key in found}


def timers_left(home: Path) -> int:
    """Escalations that have something to do yet."""
    with closing(_open(home)) as database:
        return int(database.execute("SELECT count(*) FROM escalations WHERE due_at_ms IS NOT NULL").fetchone()[0])


def log_floor(home: Path) -> int:
    """The last offset that retention has forgotten."""
    with closing(_open(home)) as database:
        return int(database.execute("SELECT value FROM meta WHERE key = 'log_floor'").fetchone()[0])


def age_log(home: Path, *, up_to: int, days: int) -> None:
    """Lets the oldest entries look so many days older: time that a soak cannot wait for. No server may run."""
    with closing(_open(home)) as database, database:
        database.execute(
            "UPDATE log_entries SET at_ms = at_ms - ? WHERE offset <= ?", (days * 86_400_000, up_to)
        )


def _open(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(home / "sightline.db", timeout=10)

