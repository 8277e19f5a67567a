"""Applications on the Python SDK in a process of its own: `python -m tests.soak.application CONFIG`."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from sightline.client import (
    AlertSnapshot,
    AlertTriggered,
    AlertUpdated,
    ConnectionChanged,
    ConnectionState,
    Event,
    Gap,
    SightlineClient,
)
from sightline.exceptions import SightlineError
from tests.soak import history
from tests.soak.child import answer_parent, write_history
from tests.soak.history import Kind

__all__ = ["Config", "Member"]

ACKED_EVERY = 25


class Member(msgspec.Struct):
    """One application."""

    token: str
    device: str


class Config(msgspec.Struct):
    """Which server, who, and the folder of the outboxes."""

    url: str
    members: list[Member]
    folder: str


class _Application:
    """Writes down what it is shown, and takes an alert now and then."""

    def __init__(self, url: str, member: Member, folder: Path) -> None:
        self.device = member.device
        self.history: list[history.Event] = []
        self.shown_up_to = -1
        self.is_live = False
        self.taken = self.refused = 0
        self.attempts: list[list[float | None]] = []
        """When each attempt to connect began, and when it led to a session (seconds, epoch)."""
        self._client = SightlineClient(
            url, token=member.token, device=member.device, client_type="frontend", outbox=folder / member.device
        )

    async def run(self) -> None:
        async with self._client as client, asyncio.TaskGroup() as answers:
            async for event in client:
                self._show(event)
                if isinstance(event, AlertTriggered) and event.alert.offset % ACKED_EVERY == 0:
                    answers.create_task(self._take(event.alert.alert_id))

    async def _take(self, alert_id: str) -> None:
        with contextlib.suppress(SightlineError):
            await self._client.ack(alert_id)
            self.taken += 1
            return
        self.refused += 1  # it ended, or was forgotten, before it was taken

    def _show(self, event: Event) -> None:
        match event:
            case AlertTriggered(alert=alert):
                self._remember(history.Shown(Kind.ALERT, alert.alert_id, alert.offset), alert.offset)
            case AlertUpdated(alert_id=alert_id, offset=offset):
                self._remember(history.Shown(Kind.UPDATE, alert_id, offset), offset)
            case AlertSnapshot(alerts=alerts, offset=offset):
                self._remember(history.SnapshotShown(frozenset(one.alert_id for one in alerts), offset), offset)
            case Gap(before=before):
                self.history.append(history.GapTold(before.offset if before else None))
            case ConnectionChanged(connection=connection):
                self._connection(connection.state)

    def _connection(self, state: ConnectionState) -> None:
        self.is_live = state is ConnectionState.AUTHENTICATED
        if state is ConnectionState.CONNECTING:
            self.attempts.append([time.time(), None])
        elif self.is_live and self.attempts:
            self.attempts[-1][1] = time.time()

    def _remember(self, event: history.Event, offset: int) -> None:
        self.history.append(event)
        self.shown_up_to = max(self.shown_up_to, offset)


async def _run(config: Config) -> None:
    applications = [_Application(config.url, member, Path(config.folder)) for member in config.members]
    tasks = [asyncio.create_task(application.run()) for application in applications]

    def status(_: dict[str, Any]) -> dict[str, Any]:
        for task in tasks:
            if task.done():
                task.result()  # a defect ends this process, and so the test
        return {
            "live": sum(application.is_live for application in applications),
            "least": min(application.shown_up_to for application in applications),
            "taken": sum(application.taken for application in applications),
            "refused": sum(application.refused for application in applications),
        }

    await answer_parent(
        {
            "status": status,
            "attempts": lambda _: [application.attempts for application in applications],
            "history": lambda asked: write_history(
                asked["file"], {application.device: application.history for application in applications}
            ),
        }
    )
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(_run(msgspec.json.decode(sys.argv[1], type=Config)))
