"""`sightline serve --gateways N`: several gateways behind one address, each a process of its own.

    parent: keeps the address, the home folder's lock and the doors; starts the children, and starts them again
    first child: all that `serve` is, with the engines     other children: clients, and what the database answers

Every child listens on the address by itself, and the kernel spreads connections over them. The first begins before the
others, so that tables, keys and the first account are made once. What only one of them knows is handed over to it
(`gateway.cluster.siblings`), through doors: sockets on the loopback interface that the parent keeps open.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator

import msgspec
import structlog

from sightline import telemetry
from sightline.clock import SystemClock
from sightline.exceptions import ConfigurationError
from sightline.listeners import parse_listeners
from sightline.service.banner import Started
from sightline.service.gateway_child import GatewayChild
from sightline.service.gateway_words import Began, Orders
from sightline.service.listening import LOOPBACK, door, listening, place, url_of
from sightline.service.lock import RunningServer, ServerLock
from sightline.service.open_files import allow_connections
from sightline.service.tls import server_tls
from sightline.settings import Settings
from sightline.stores.database import backend_of

__all__ = ["check_several", "serve_several"]

FILES_A_CHILD = 16

log = structlog.get_logger(__name__)


def check_several(settings: Settings) -> None:
    """Raises `ConfigurationError` where the settings allow no second gateway."""
    if settings.database_url is None or not backend_of(settings.database_url).is_shared:
        raise ConfigurationError(
            f"gateways: {settings.gateways} gateways need a database that they can share, and SQLite is for one. Give "
            "database_url: postgresql://… (`sightline db backup` and `restore` take along what is there), or leave "
            "gateways at 1",
            key="gateways",
        )
    if not hasattr(socket, "SO_REUSEPORT"):
        raise ConfigurationError("gateways: this system lets one process listen on a port: leave 1", key="gateways")


def serve_several(settings: Settings, started: Callable[[Started], None]) -> None:
    """Runs the gateways until SIGINT or SIGTERM. `started` is called once all of them answer.

    Raises what one of them cannot begin by, `Unavailable` when another process owns the home folder, and
    `ConfigurationError` when the port is taken.
    """
    check_several(settings)
    telemetry.configure(settings.log_level, settings.log_format, file=settings.log_file, rotates=False)
    allow_connections(FILES_A_CHILD * settings.gateways)
    with (
        ServerLock(settings.run_folder) as lock,
        _kept(settings.host, settings.port) as port,
        contextlib.ExitStack() as further,
        tempfile.TemporaryDirectory(prefix="sightline-") as folder,  # of a short name: a socket's has 108 bytes
    ):
        others = [
            further.enter_context(_kept(settings.host, other.port)) for other in parse_listeners(settings.listen)
        ]
        doors = [further.enter_context(door()) for _ in range(settings.gateways)]
        tls = server_tls(settings)
        url = url_of(settings.host, port, "https" if tls is not None else "http")
        token = secrets.token_urlsafe(32)
        door_ports = [one.getsockname()[1] for one in doors]
        children = [
            GatewayChild(number, own, _orders(settings, number, own, [port, *others], door_ports, token, folder), clock)
            for clock in (SystemClock(),)
            for number, own in enumerate(doors, 1)
        ]

        def answers(word: Began) -> None:
            # A command speaks to whoever it meets; with TLS it comes by the first one's door, which needs none.
            here = url if tls is None else url_of(LOOPBACK, door_ports[0])
            lock.publish(RunningServer(here, os.getpid(), token, url))
            log.info("listening", url=url, gateways=settings.gateways)
            started(Started(url, settings.home, word.password, tls.own if tls is not None else None))

        asyncio.run(_run(children, answers))


def _orders(
    settings: Settings, number: int, own: socket.socket, ports: list[int], doors: list[int], token: str, folder: str
) -> bytes:
    orders = Orders(number, ports, own.fileno(), doors, token, folder, settings.model_dump_json())
    return msgspec.json.encode(orders) + b"\n"


@contextlib.contextmanager
def _kept(host: str, port: int) -> Iterator[int]:
    """The port, kept for the children. Raises `ConfigurationError` when another program has it."""
    if port:  # a program that shares it as we do would not be noticed otherwise
        with listening(host, port):
            pass
    with place(host, port) as kept:
        yield int(kept.getsockname()[1])


async def _run(children: list[GatewayChild], answers: Callable[[Began], None]) -> None:
    """Until SIGINT or SIGTERM. Raises what one of them cannot begin by."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    tasks: list[asyncio.Task[None]] = []
    beginning = asyncio.create_task(_begin(children))
    told = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((beginning, told), return_when=asyncio.FIRST_COMPLETED)
        if beginning.done():
            answers(beginning.result())
            tasks = [asyncio.create_task(child.keep(), name=f"gateway {child.number}") for child in children]
            await asyncio.wait((told, *tasks), return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():  # a defect: it goes on for ever
                    task.result()
    finally:
        for one in (beginning, told, *tasks):
            one.cancel()
        await asyncio.gather(beginning, told, *tasks, return_exceptions=True)
        await asyncio.gather(*(child.stop() for child in children))


async def _begin(children: list[GatewayChild]) -> Began:
    """Starts all, so that they load what they need at once; the first begins before the others. What it says."""
    first, *others = children
    await asyncio.gather(*(child.start() for child in children))
    word = await first.begin()
    await asyncio.gather(*(child.begin() for child in others))
    return word
