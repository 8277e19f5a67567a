"""`sightline serve`: a gateway on one port, and its engine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import cast

import structlog
import uvicorn

from sightline import telemetry
from sightline.deliveries.arrivals import time_to_return_s
from sightline.exceptions import ConfigurationError
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
from sightline.service.lock import RunningServer, ServerLock
from sightline.service.open_files import allow_connections
from sightline.service.tls import ServerTls, server_tls
from sightline.settings import Settings

__all__ = ["serve"]

GOODBYE_S = 2.0
"""How long clients have to take what was sent and the good-bye."""
GOODBYE_POLL_S = 0.02
BACKLOG = 2048
OWN_DOOR = {"host": "127.0.0.1", "port": 0}
SILENT_PEER_MS = 45_000

log = structlog.get_logger(__name__)


def serve(settings: Settings, *, started: Callable[[Started], None] = announce) -> None:
    """Runs a server until SIGINT or SIGTERM. `started` is called once it answers.

    Raises `Unavailable` when another process owns the home folder, `ConfigurationError` when the port is taken,
    `StoreError` when the database cannot be opened.
    """
    telemetry.configure(settings.log_level, settings.log_format, file=settings.log_file)
    interpreter.tune()
    allow_connections(settings.max_connections)
    with (
        ServerLock(settings.run_folder) as lock,
        _listening(settings) as listener,
        contextlib.ExitStack() as further,
        asyncio.Runner(loop_factory=uvicorn.Config("", loop="auto", log_config=None).get_loop_factory()) as runner,
    ):
        others = [
            further.enter_context(_listening(settings.model_copy(update={"port": other.port})))
            for other in parse_listeners(settings.listen)
        ]
        tls = server_tls(settings)
        # TLS is for others: this server's own engines and commands come by a door that only this machine has.
        door = further.enter_context(_listening(settings.model_copy(update=OWN_DOOR))) if tls is not None else None
        runner.run(_serve(settings, lock, [listener, *others], started, tls, door))


async def _serve(
    settings: Settings,
    lock: ServerLock,
    listeners: list[socket.socket],
    started: Callable[[Started], None],
    tls: ServerTls | None,
    door: socket.socket | None,
) -> None:
    local_token = secrets.token_urlsafe(32)
    port = listeners[0].getsockname()[1]
    here = _url("127.0.0.1" if door is not None else settings.host, (door or listeners[0]).getsockname()[1])
    async with open_gateway(settings, local_token=local_token, failpoint=armed_failpoint()) as gateway:
        gateway.node = gateway.cluster.name = f"{socket.gethostname()}:{port}"
        password = await first_administrator(gateway)
        begun = settings.model_copy(update={"embedding_model": await gateway.model_desk.begin()})

        async def new_engine(name: str) -> EngineSupervisor:
            token = await engine_token(gateway, gateway.token_name(name))
            lines = [token, _url("127.0.0.1", (door or listeners[0]).getsockname()[1]), begun.model_dump_json(), name]
            return EngineSupervisor([sys.executable, "-m", "sightline.service.engine"], lines, gateway.clock)

        plan = PoolPlan(
            new_engine,
            partial(read_memory, Device(settings.device)),
            settings.gpu_mem_threshold,
            settings.pipeline_idle_seconds,
        )
        pool = gateway.start_engines_by(plan) if settings.local_engine else None

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

        def listening() -> None:
            scheme = "https" if tls is not None else "http"
            url = _url(settings.host, port, scheme)
            lock.publish(RunningServer(here, os.getpid(), local_token, url))
            log.info("listening", url=url)
            for other in parse_listeners(settings.listen):
                log.info("listening", url=_url(settings.host, other.port, scheme), dialect=other.dialect.value)
            started(Started(url, settings.home, password, tls.own if tls is not None else None))

        app = create_app(gateway, background=background)
        config = await server_config(app, settings, tls.context if tls is not None else None)
        await _Server(config, gateway, listening, door).serve(sockets=listeners)


def _searching(gateway: Gateway) -> contextlib.AbstractAsyncContextManager[None]:
    """The search process, where sightings are kept at all."""
    return gateway.searcher.running() if gateway.settings.sighting_days else contextlib.nullcontext()


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


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket, bound before anything else is started, so that a taken port is said at once."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {settings.host}: {error}", key="host") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # a peer that takes nothing any more must not hold its socket for ever
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_PEER_MS)
        try:
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {settings.host}:{settings.port} ({error.strerror}): "
                "another program has the port; choose one with --port",
                key="port",
            ) from error
        listener.setblocking(False)
        yield listener


def _url(host: str, port: int, scheme: str = "http") -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{scheme}://{shown}:{port}"
