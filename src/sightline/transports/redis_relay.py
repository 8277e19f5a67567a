"""What is of no use a second later, carried between gateways by Redis publish and subscribe.

Bound: `WAITING` messages that were not sent yet. Policy when full: the oldest is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from sightline.exceptions import ConfigurationError

__all__ = ["RedisRelay"]

WAITING = 256
RETRY_S = 1.0
TIMEOUT_S = 5.0
PREFIX = "sightline:live:"

log = structlog.get_logger(__name__)


class RedisRelay:
    """Sends to gateways by their ids through the Redis at `url`. While it is away, what is sent is dropped."""

    def __init__(self, url: str) -> None:
        try:
            self._redis = Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
        except ValueError:
            raise ConfigurationError("the address of Redis must be like redis://host:6379/0", key="redis_url") from None
        self._waiting: deque[tuple[str, bytes]] = deque(maxlen=WAITING)
        self._to_send = asyncio.Event()
        self.is_up = False

    def send(self, gateway_id: str, data: bytes) -> None:
        """Sends soon; drops the oldest that waits where there is too much."""
        if self.is_up:
            self._waiting.append((PREFIX + gateway_id, data))
            self._to_send.set()

    async def run(self, gateway_id: str, received: Callable[[bytes], None]) -> None:
        """Works until cancelled; an absence of Redis is logged once and ends by itself."""
        sending = asyncio.create_task(self._keep_sending(), name="relay sending")
        try:
            while True:
                with contextlib.suppress(RedisError, OSError):
                    await self._subscribe(PREFIX + gateway_id, received)
                if self.is_up:
                    self.is_up = False
                    log.warning("redis_away", again_in_s=RETRY_S)
                self._waiting.clear()
                await asyncio.sleep(RETRY_S)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await self._redis.aclose()

    async def _subscribe(self, channel: str, received: Callable[[bytes], None]) -> None:
        async with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:
            await subscription.subscribe(channel)
            self.is_up = True
            log.info("redis_here")
            while True:
                message = await subscription.get_message(timeout=TIMEOUT_S / 2)
                if message is not None:
                    received(message["data"])
                elif not await self._redis.ping():
                    return

    async def _keep_sending(self) -> None:
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            with contextlib.suppress(RedisError, OSError):  # whoever subscribes notices as well, and says so
                while self._waiting:
                    batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
                    pipeline = self._redis.pipeline(transaction=False)
                    for channel, data in batch:
                        pipeline.publish(channel, data)
                    await pipeline.execute()
