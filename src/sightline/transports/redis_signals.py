"""The signals of workstations in Redis: two strings and a hash, named `{namespace}:SYSTEM_FULL` and so on."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from sightline.decisions.workstation_signals import ClientStatus, Signs
from sightline.exceptions import Unavailable

__all__ = ["RedisBoard", "open_board"]

TIMEOUT_S = 1.0


@contextlib.asynccontextmanager
async def open_board(url: str, namespace: str) -> AsyncIterator[RedisBoard]:
    """A board on the Redis at `url`, which is reached when it is first needed."""
    redis = Redis.from_url(
        url,
        decode_responses=True,
        encoding_errors="replace",
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        client_name="sightline-signals",
    )
    try:
        yield RedisBoard(redis, namespace)
    finally:
        with contextlib.suppress(RedisError, OSError):
            await redis.aclose()


class RedisBoard:
    """Implements `SignalBoard`. Whatever goes wrong is `Unavailable`, in words without the address."""

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._system_full = f"{namespace}:SYSTEM_FULL"
        self._gpus_full = f"{namespace}:GPUs_FULL"
        self._clients = f"{namespace}:Clients_status"

    async def read(self) -> Signs:
        """See `SignalBoard`."""
        with _as_unavailable():
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.mget(self._system_full, self._gpus_full)
            pipeline.hgetall(self._clients)
            (system_full, gpus_full), clients = await pipeline.execute()
        return Signs(clients, _flag(system_full), _flag(gpus_full))

    async def write(
        self,
        *,
        clients: Mapping[str, ClientStatus | None],
        system_full: bool | None = None,
        gpus_full: bool | None = None,
    ) -> None:
        """See `SignalBoard`."""
        written: dict[str | bytes | bytearray | memoryview | int | float, Any] = {
            user: word.value for user, word in clients.items() if word is not None
        }
        gone = [user for user, word in clients.items() if word is None]
        with _as_unavailable():
            pipeline = self._redis.pipeline(transaction=True)
            for name, flag in ((self._system_full, system_full), (self._gpus_full, gpus_full)):
                if flag is not None:
                    pipeline.set(name, int(flag))
            if written:
                pipeline.hset(self._clients, mapping=written)
            if gone:
                pipeline.hdel(self._clients, *gone)
            await pipeline.execute()


@contextlib.contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as problem:
        raise Unavailable(f"Redis does not do what was asked ({type(problem).__name__})") from None


def _flag(text: str | None) -> bool | None:
    return {"0": False, "1": True}.get(text or "")
