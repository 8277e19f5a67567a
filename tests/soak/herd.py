"""A process full of raw clients: `python -m tests.soak.herd`, driven by `tests.soak.child.Child`."""

from __future__ import annotations

import asyncio
import gc
import resource
from dataclasses import asdict
from typing import Any

import msgspec

from tests.soak.child import answer_parent, read_config, write_history
from tests.soak.figures import percentiles
from tests.soak.raw_client import RawClient

__all__ = ["Config", "Member"]


class Member(msgspec.Struct):
    """One client; `place` is where a responder stands."""

    token: str
    device: str
    client_type: str = "frontend"
    place: tuple[float, float] | None = None


class Config(msgspec.Struct):
    """Who connects to which port. `cameras`: they want observations as well. `histories`: they remember all."""

    port: int
    members: list[Member]
    cameras: bool = False
    histories: bool = True


class _Herd:
    def __init__(self, config: Config) -> None:
        self._latencies_s: list[float] = []
        self._gate = asyncio.Event()
        self._gate.set()
        self._clients = [
            RawClient(
                config.port, member.token, member.device, member.client_type, member.place,
                remembers_all=config.histories, on_latency=self._latencies_s.append, cameras=config.cameras,
                gate=self._gate,
            )
            for member in config.members
        ]  # fmt: skip

    async def run(self) -> None:
        tasks = [asyncio.create_task(client.run()) for client in self._clients]
        await answer_parent(
            {
                "status": self._status,
                "latencies": self._latencies,
                "attempts": self._attempts,
                "history": self._history,
                "hold": lambda _: self._gate.clear(),
                "release": lambda _: self._gate.set(),
            }
        )
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _status(self, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "live": sum(client.is_live for client in self._clients),
            "least": min(client.shown_up_to for client in self._clients),
            "shown_by_each": [client.shown for client in self._clients],
            "repeated": sum(client.repeated for client in self._clients),
            "stopped": [client.stopped for client in self._clients if client.stopped],
            "codes": sorted({attempt.code for client in self._clients for attempt in client.attempts}),
        }

    def _latencies(self, _: dict[str, Any]) -> dict[str, float]:
        """Milliseconds from a fact's time to its alert being shown here, since the last time this was asked."""
        found = percentiles([1000 * one for one in self._latencies_s])
        self._latencies_s.clear()
        return found

    def _attempts(self, _: dict[str, Any]) -> list[list[dict[str, Any]]]:
        """Those that have begun since the last time this was asked, and the last of before."""
        attempts = [[asdict(one) for one in client.attempts] for client in self._clients]
        for client in self._clients:
            del client.attempts[:-1]
        return attempts

    def _history(self, asked: dict[str, Any]) -> None:
        write_history(asked["file"], {client.device: client.history for client in self._clients})


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.freeze()
    config = read_config(Config)
    asyncio.run(_Herd(config).run())


if __name__ == "__main__":
    main()
