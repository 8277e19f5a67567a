"""`sightline serve`: a gateway on one port, and its engine; or several gateways (`service.several`)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import structlog
import uvicorn

from sightline import telemetry
from sightline.deliveries.arrivals import time_to_return_s
from sightline.gateway.app import create_app
from sightline.gateway.engines.engine_pool import PoolPlan
from sightline.gateway.engines.supervisor import EngineSupervisor
from sightline.gateway.gateway import Gateway
from sightline.listeners import parse_listeners
from sightline.models.device_memory import read_memory
from sightline.models.runtime import Device
from sightline.service import interpreter
from sightline.service.asgi_server import server_config
from sightline.service.banner import Started, announce
from sightline.service.failpoints import armed_failpoint
from sightline.service.gateway import engine_token, first_administrator, open_gateway
from sightline.service.http_protocol import PatientProtocol
from sightline.service.listening import BACKLOG, door, listening, url_of
from sightline.service.lock import RunningServer, ServerLock
from sightline.service.open_files import allow_connections
from sightline.service.several import serve_several
from sightline.service.tls import ServerTls, server_tls
from sightline.settings import Settings
from sightline.transports.local_relay import LocalRelay
from sightline.transports.siblings import SiblingLinks

__all__ = ["Berth", "run_gateway", "serve"]

GOODBYE_S = 2.0
"""How long clients have to take what was sent and the good-bye."""
GOODBYE_POLL_S = 0.02

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Berth:
    """Where a gateway listens: `listeners`, the main one first, and a `door` for this machine alone, on which no TLS is
    spoken; `token` opens it with the owner's rights. `doors` are the ports of the doors of all gateways behind the
    address, of which this is the one of this `number`, and `folder` is where they leave things for each other."""

    listeners: Sequence[socket.socket]
    door: socket.socket | None
    token: str
    number: int = 1
    doors: tuple[int, ...] = ()
    folder: Path | None = None

    @property
    def port(self) -> int:
        """Of the main listener."""
        return int(self.listeners[0].getsockname()[1])

    @property
    def own_url(self) -> str:
        """By which this machine reaches this very gateway."""
        host, port, *_ = (self.door or self.listeners[0]).getsockname()
        return url_of(host, port)

    @property
    def node(self) -> str:
        """A name that is the same after the next start."""
        alone = f"{socket.gethostname()}:{self.port}"
        return alone if self.number == 1 else f"{alone}/{self.number}"


def serve(settings: Settings, *, started: Callable[[Started], None] = announce) -> None:
    """Runs a server until SIGINT or SIGTERM. `started` is called once it answers.

    Raises `Unavailable` when another process owns the home folder, `ConfigurationError` when the port is taken,
    `StoreError` when the database cannot be opened.
    """
    if settings.gateways > 1:
        serve_several(settings, started)
        return
    telemetry.configure(settings.log_level, settings.log_format, file=settings.log_file)
    interpreter.tune()
    allow_connections(settings.max_connections)
    with (
        ServerLock(settings.run_folder) as lock,
        listening(settings.host, settings.port) as listener,
        contextlib.ExitStack() as further,
        asyncio.Runner(loop_factory=uvicorn.Config("", loop="auto", log_config=None).get_loop_factory()) as runner,
    ):
        others = [
            further.enter_context(listening(settings.host, other.port)) for other in parse_listeners(settings.listen)
        ]
        tls = server_tls(settings)
        # TLS is for others: this server's own engines and commands come by a door that only this machine has.
        own_door = further.enter_context(door()) if tls is not None else None
        berth = Berth([listener, *others], own_door, secrets.token_urlsafe(32))

        def answers(password: str | None) -> None:
            scheme = "https" if tls is not None else "http"
            url = url_of(settings.host, berth.port, scheme)
            here = url if own_door is None else berth.own_url
            lock.publish(RunningServer(here, os.getpid(), berth.token, url))
            log.info("listening", url=url)
            for other in parse_listeners(settings.listen):
                log.info("listening", url=url_of(settings.host, other.port, scheme), dialect=other.dialect.value)
            started(Started(url, settings.home, password, tls.own if tls is not None else None))

        runner.run(run_gateway(settings, berth, tls, answers))


async def run_gateway(
    settings: Settings, berth: Berth, tls: ServerTls | None, answers: Callable[[str | None], None]
) -> None:
    """Runs one gateway until SIGINT or SIGTERM. `answers` is called once it does, with the password of `admin` if that
    was made now. Raises `StoreError`, `ConfigurationError`, `Unavailable`."""
    async with _beside(berth) as siblings, open_gateway(
        settings,
        local_token=berth.token,
        failpoint=armed_failpoint(),
        siblings=siblings,
        relay=LocalRelay(berth.folder) if berth.folder is not None else None,
    ) as gateway:
        gateway.node = gateway.cluster.name = berth.node
        password = await first_administrator(gateway) if gateway.is_first else None
        begun = settings.model_copy(update={"embedding_model": await gateway.model_desk.begin()})

        async def new_engine(name: str) -> EngineSupervisor:
            token = await engine_token(gateway, gateway.token_name(name))
            lines = [token, berth.own_url, begun.model_dump_json(), name]
            return EngineSupervisor([sys.executable, "-m", "sightline.service.engine"], lines, gateway.clock)

        plan = PoolPlan(
            new_engine,
            partial(read_memory, Device(settings.device)),
            settings.gpu_mem_threshold,
            settings.pipeline_idle_seconds,
        )
        pool = gateway.start_engines_by(plan) if settings.local_engine and gateway.is_first else None

        @contextlib.asynccontextmanager
        async def background() -> AsyncIterator[None]:
            renewing = asyncio.create_task(tls.keep_fresh()) if tls is not None else None
            try:
                async with pool.running() if pool else contextlib.nullcontext(), _searching(gateway):
                    interpreter.put_aside()
                    yield
            finally:
                if renewing is not None:
                    renewing.cancel()

        app = create_app(gateway, background=background)
        config = await server_config(app, settings, tls.context if tls is not None else None)
        server = _Server(config, gateway, lambda: answers(password), berth.door)
        await server.serve(sockets=list(berth.listeners))


@contextlib.asynccontextmanager
async def _beside(berth: Berth) -> AsyncIterator[SiblingLinks | None]:
    """The ways to the other gateways behind the address."""
    if len(berth.doors) < 2:
        yield None
        return
    siblings = SiblingLinks(berth.number, berth.doors, berth.token)
    try:
        yield siblings
    finally:
        await siblings.close()


def _searching(gateway: Gateway) -> contextlib.AbstractAsyncContextManager[None]:
    """The search process, where sightings are kept at all."""
    searches = gateway.is_first and gateway.settings.sighting_days
    return gateway.searcher.running() if searches else contextlib.nullcontext()


class _Server(uvicorn.Server):
    """uvicorn, which says when it listens, and tells clients to come back before it closes their connections."""

    def __init__(
        self, config: uvicorn.Config, gateway: Gateway, listening: Callable[[], None], door: socket.socket | None
    ) -> None:
        """`door` is a socket beside the others on which no TLS is spoken."""
        super().__init__(config)
        self._gateway = gateway
        self._listening = listening
        self._door = door

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's, without its end, which sends the process the same signal again: that would be its death before the
        store is closed and the other gateways know."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.should_exit:  # told to end while it began: uvicorn would leave it at that
            await self.shutdown(sockets)
        elif self.started:
            if self._door is not None:
                self.servers.append(
                    await asyncio.get_running_loop().create_server(self._new_protocol, sock=self._door, backlog=BACKLOG)
                )
            self._listening()

    def _new_protocol(self) -> asyncio.Protocol:
        return cast("type[PatientProtocol]", self.config.http_protocol_class)(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:  # whoever came now would only be thrown out
            server.close()
        self._gateway.streams.end_all()
        self._gateway.workstations.end_all("the server is shutting down; retry_after_s=1")
        self._gateway.foreign_engines.end_all("the server is shutting down; retry_after_s=1")
        await self._say_goodbye()
        await super().shutdown(sockets)

    async def _say_goodbye(self) -> None:
        """Tells every client a time of its own to come back, as fast as the next server will let them in."""
        hub, per_s = self._gateway.hub, self._gateway.settings.new_connections_per_second
        clients = list(hub.clients)
        random.shuffle(clients)  # nobody shall always be the last
        for number, client in enumerate(clients):
            wait_s = time_to_return_s(number, per_s)
            client.end(4000, f"the server is shutting down; retry_after_s={round(wait_s, 2):g}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                while hub.clients:  # noqa: ASYNC110  # there is no event for it
                    await asyncio.sleep(GOODBYE_POLL_S)
