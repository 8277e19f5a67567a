"""The connection to a gateway, for ever: opened, greeted, restored after every loss.

A lost link costs nothing but time: cameras go on being read for as long as the engine's lease holds, facts wait in the
outbox, observations replace one another. A new link, to the next gateway where there are several, begins with `Hello`,
asks for what changed in the gallery, reports every camera, and sends the unaccepted facts again in their order.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import Callable, Iterable
from typing import Protocol

import httpx
import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from sightline.engine.link.gateway_address import Gateways
from sightline.engine.link.link_loss import nobody_listens, why
from sightline.engine.link.outgoing import Outgoing
from sightline.engine.link.picture_link import PictureLink
from sightline.engine.spooling.fact_sender import FactSender
from sightline.engine.spooling.outbox import FactOutbox
from sightline.engine.video.clip_sender import ClipSender
from sightline.events.engine_link import EngineMessage, GatewayMessage, Hello, Welcome, decode_gateway_message, encode
from sightline.events.fact import Accepted
from sightline.events.lease import Leaving

__all__ = ["LinkUser", "Uplink", "retry_delay_s"]

FIRST_RETRY_S = 0.2
RETRY_FACTOR = 1.5
LAST_RETRY_S = 4.0
"""With its jitter less than a lease: see `LeaseKeeper.nobody_listens`."""
JITTER_SHARE = 0.25
WELCOME_TIMEOUT_S = 10.0
PING_INTERVAL_S = 10.0
GOODBYE_S = 1.0
MESSAGE_MARGIN_BYTES = 2**20
"""What a message may have beyond the picture in it; a page of the gallery is no larger than a picture."""

_log = structlog.get_logger(__name__)


def retry_delay_s(attempt: int, chance: float) -> float:
    """Seconds before the attempt after `attempt` failed ones: 0.2, 0.3, 0.45 … 4, ±25 % (`chance` in 0–1)."""
    delay_s = min(LAST_RETRY_S, FIRST_RETRY_S * RETRY_FACTOR ** min(attempt, 20))
    return delay_s * (1 + JITTER_SHARE * (2 * chance - 1))


class LinkUser(Protocol):
    """Whoever speaks over the link: the engine."""

    def hello(self) -> Hello:
        """What the engine can do."""

    def link_opened(self, welcome: Welcome, asked_s: float) -> Iterable[EngineMessage]:
        """The gateway said welcome to what was said at `asked_s` (of the loop's clock); returns what to say first."""

    def link_lost(self) -> None:
        """Nobody hears this engine any more."""

    def nobody_listens(self, tried_s: float) -> None:
        """Every gateway's machine refused a connection at `tried_s` (of the loop's clock) or later."""

    def received(self, message: GatewayMessage) -> None:
        """A message other than `Welcome` and `Accepted`. Must not block."""


class Uplink:
    """Keeps one link up. `outgoing` and `outbox` are sent from, `pictures` is run beside it."""

    def __init__(
        self,
        gateways: Gateways,
        user: LinkUser,
        outbox: FactOutbox,
        outgoing: Outgoing,
        max_image_bytes: int,
        *,
        tls: ssl.SSLContext | None = None,
        clips: ClipSender | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._gateways = gateways
        self._user = user
        self._outbox = outbox
        self._outgoing = outgoing
        self._max_message_bytes = max_image_bytes + MESSAGE_MARGIN_BYTES
        self._tls = tls
        self._clips = clips
        self._chance = chance
        self._rounds = 0
        self._told = ""
        self._problem = "no gateway has answered yet"
        self._refusals: dict[str, float] = {}
        self._facts: FactSender | None = None
        self._connection: ClientConnection | None = None
        self._dropped = asyncio.Event()
        self.pictures = PictureLink(gateways, tls)

    @property
    def pictures_refused(self) -> int:
        """Pictures of facts that the gateway would not take."""
        return self._facts.pictures_refused if self._facts else 0

    @property
    def gateway(self) -> str:
        """Address of the gateway that is linked, or tried."""
        return self._gateways.current.url

    @property
    def problem(self) -> str:
        """Why there is no link; empty while there is one."""
        return "" if self._connection is not None else self._problem

    async def run(self) -> None:
        """Connects, speaks, connects again, until cancelled."""
        verify: ssl.SSLContext | bool = self._tls or True
        async with httpx.AsyncClient(trust_env=False, verify=verify) as client:
            self._facts = FactSender(self._outbox, self._gateways, client)
            while True:
                tried_s = asyncio.get_running_loop().time()
                try:
                    await self._until_lost(self._facts, client)
                except* (OSError, TimeoutError, WebSocketException, EOFError) as lost:
                    self._problem = why(lost)
                    self._tell_once(self._problem)
                    self._note(lost, tried_s)
                if self._gateways.move_on():
                    await asyncio.sleep(retry_delay_s(self._rounds, self._chance()))
                    self._rounds += 1

    def drop(self) -> None:
        """Ends the link that there is, of which nothing is heard any more; another is opened."""
        self._dropped.set()

    async def say_goodbye(self) -> None:
        """Tells the gateway, if it hears, that this engine has let go of its cameras."""
        if self._connection is not None:
            with contextlib.suppress(OSError, TimeoutError, WebSocketException):
                async with asyncio.timeout(GOODBYE_S):
                    await self._connection.send(encode(Leaving()))

    def _tell_once(self, reason: str) -> None:
        if reason != self._told:
            self._told = reason
            _log.warning("no link to the gateway", gateway=self._gateways.current.url, reason=reason)

    def _note(self, lost: BaseException, tried_s: float) -> None:
        """Whether no gateway runs anywhere is known once every address in turn has refused."""
        url = self._gateways.current.url
        self._refusals.pop(url, None)
        if nobody_listens(lost):
            self._refusals[url] = tried_s
            if len(self._refusals) == len(self._gateways):
                self._user.nobody_listens(min(self._refusals.values()))

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
        gateway = self._gateways.current
        async with connect(
            gateway.link,
            additional_headers=gateway.headers,
            compression=None,
            proxy=None,
            ssl=self._tls,
            open_timeout=5,
            close_timeout=1,
            ping_interval=PING_INTERVAL_S,
            ping_timeout=PING_INTERVAL_S,
            max_size=self._max_message_bytes,
        ) as connection:
            asked_s = asyncio.get_running_loop().time()
            await connection.send(encode(self._user.hello()))
            async with asyncio.timeout(WELCOME_TIMEOUT_S):
                welcome = await self._welcome(connection)
            self._rounds, self._told = 0, ""
            self._refusals.clear()
            self._dropped.clear()
            _log.info("linked to the gateway", gateway=gateway.url)
            self._outgoing.clear()
            try:
                for message in self._user.link_opened(welcome, asked_s):
                    await connection.send(encode(message))
                self._connection = connection
                self._outbox.link_opened()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(facts.warm_up())
                    tasks.create_task(self._receive(connection))
                    tasks.create_task(self._send(connection))
                    tasks.create_task(facts.run(lambda fact: connection.send(encode(fact))))
                    tasks.create_task(self.pictures.run())
                    tasks.create_task(self._until_dropped())
                    if self._clips is not None:
                        tasks.create_task(self._clips.run(client))
            finally:
                self._connection = None
                self._outbox.link_lost()
                self._user.link_lost()

    async def _until_dropped(self) -> None:
        await self._dropped.wait()
        raise EOFError("nothing is heard of the gateway any more")

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

