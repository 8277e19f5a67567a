"""The connection to a gateway, for ever: opened, greeted, restored after every loss.

A lost link costs nothing but time: cameras go on being read, facts wait in the outbox, observations replace one
another. A new link begins with `Hello`, asks for what changed in the gallery, reports every camera, and sends the
unaccepted facts again in their order.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Callable, Iterable
from typing import Protocol

import httpx
import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from sightline.engine.clip_sender import ClipSender
from sightline.engine.fact_sender import FactSender
from sightline.engine.gateway_address import GatewayAddress
from sightline.engine.outbox import FactOutbox
from sightline.engine.outgoing import Outgoing
from sightline.engine.picture_link import PictureLink
from sightline.events.engine_link import EngineMessage, GatewayMessage, Hello, Welcome, decode_gateway_message, encode
from sightline.events.fact import Accepted

__all__ = ["LinkUser", "Uplink", "retry_delay_s"]

FIRST_RETRY_S = 0.2
RETRY_FACTOR = 1.5
LAST_RETRY_S = 10.0
JITTER_SHARE = 0.25
WELCOME_TIMEOUT_S = 10.0
PING_INTERVAL_S = 10.0
MESSAGE_MARGIN_BYTES = 2**20
"""What a message may have beyond the picture in it; a page of the gallery is no larger than a picture."""

_log = structlog.get_logger(__name__)


def retry_delay_s(attempt: int, chance: float) -> float:
    """Seconds before the attempt after `attempt` failed ones: 0.2, 0.3, 0.45 … 10, ±25 % (`chance` in 0–1)."""
    delay_s = min(LAST_RETRY_S, FIRST_RETRY_S * RETRY_FACTOR ** min(attempt, 20))
    return delay_s * (1 + JITTER_SHARE * (2 * chance - 1))


class LinkUser(Protocol):
    """Whoever speaks over the link: the engine."""

    def hello(self) -> Hello:
        """What the engine can do."""

    def link_opened(self, welcome: Welcome) -> Iterable[EngineMessage]:
        """The gateway said welcome; returns what to say first."""

    def link_lost(self) -> None:
        """Nobody listens any more."""

    def received(self, message: GatewayMessage) -> None:
        """A message other than `Welcome` and `Accepted`. Must not block."""


class Uplink:
    """Keeps one link up. `outgoing` and `outbox` are sent from, `pictures` is run beside it."""

    def __init__(
        self,
        gateway: GatewayAddress,
        user: LinkUser,
        outbox: FactOutbox,
        outgoing: Outgoing,
        max_image_bytes: int,
        *,
        tls: ssl.SSLContext | None = None,
        clips: ClipSender | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._gateway = gateway
        self._user = user
        self._outbox = outbox
        self._outgoing = outgoing
        self._max_message_bytes = max_image_bytes + MESSAGE_MARGIN_BYTES
        self._tls = tls
        self._clips = clips
        self._chance = chance
        self._attempts = 0
        self._told = ""
        self._facts: FactSender | None = None
        self.pictures = PictureLink(gateway, tls)

    @property
    def pictures_refused(self) -> int:
        """Pictures of facts that the gateway would not take."""
        return self._facts.pictures_refused if self._facts else 0

    async def run(self) -> None:
        """Connects, speaks, connects again, until cancelled."""
        verify: ssl.SSLContext | bool = self._tls or True
        async with httpx.AsyncClient(trust_env=False, verify=verify) as client:
            self._facts = FactSender(self._outbox, self._gateway, client)
            while True:
                try:
                    await self._until_lost(self._facts, client)
                except* (OSError, TimeoutError, WebSocketException, EOFError) as lost:
                    self._tell_once(_why(lost))
                await asyncio.sleep(retry_delay_s(self._attempts, self._chance()))
                self._attempts += 1

    def _tell_once(self, reason: str) -> None:
        if reason != self._told:
            self._told = reason
            _log.warning("no link to the gateway", gateway=self._gateway.url, reason=reason)

    async def _until_lost(self, facts: FactSender, client: httpx.AsyncClient) -> None:
        """One link. It has a task of its own because a task group that fails at the moment in which it is cancelled, as
        when the gateway dies and ends its engine, raises only its failures: the engine would live on."""
        link = asyncio.create_task(self._connect_and_speak(facts, client))
        try:
            await asyncio.wait([link])
        finally:
            link.cancel()
            await asyncio.gather(link, return_exceptions=True)
        link.result()

    async def _connect_and_speak(self, facts: FactSender, client: httpx.AsyncClient) -> None:
        async with connect(
            self._gateway.link,
            additional_headers=self._gateway.headers,
            compression=None,
            proxy=None,
            ssl=self._tls,
            open_timeout=5,
            close_timeout=1,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_INTERVAL_S,
            max_size=self._max_message_bytes,
        ) as connection:
            await connection.send(encode(self._user.hello()))
            async with asyncio.timeout(WELCOME_TIMEOUT_S):
                welcome = await self._welcome(connection)
            self._attempts, self._told = 0, ""
            _log.info("linked to the gateway", gateway=self._gateway.url)
            self._outgoing.clear()
            try:
                for message in self._user.link_opened(welcome):
                    await connection.send(encode(message))
                self._outbox.link_opened()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(facts.warm_up())
                    tasks.create_task(self._receive(connection))
                    tasks.create_task(self._send(connection))
                    tasks.create_task(facts.run(lambda fact: connection.send(encode(fact))))
                    tasks.create_task(self.pictures.run())
                    if self._clips is not None:
                        tasks.create_task(self._clips.run(client))
            finally:
                self._outbox.link_lost()
                self._user.link_lost()

    async def _welcome(self, connection: ClientConnection) -> Welcome:
        while True:
            message = _decoded(await connection.recv())
            if isinstance(message, Welcome):
                return message

    async def _receive(self, connection: ClientConnection) -> None:
        async for data in connection:
            message = _decoded(data)
            if isinstance(message, Accepted):
                self._outbox.accepted(message.key)
                if self._clips is not None:
                    self._clips.accepted(message.key, message.clip)
            elif message is not None:
                self._user.received(message)
        raise EOFError("the gateway closed the link")

    async def _send(self, connection: ClientConnection) -> None:
        while True:
            parcel = await self._outgoing.next()
            await connection.send(encode(parcel.message))
            for picture in parcel.pictures:
                self.pictures.put(picture)


def _decoded(data: str | bytes) -> GatewayMessage | None:
    """None for what this engine does not understand: a newer gateway may say more."""
    try:
        return decode_gateway_message(data if isinstance(data, bytes) else data.encode())
    except msgspec.DecodeError as error:
        _log.warning("a message from the gateway was not understood", error=str(error))
        return None


def _why(lost: ExceptionGroup) -> str:
    error: BaseException = lost
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        if status in (401, 403):
            return f"the gateway refuses this engine's token ({status})"
        return f"the gateway answered {status}"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
