"""The sockets that a server listens on."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from sightline.exceptions import ConfigurationError

__all__ = ["BACKLOG", "door", "listening", "place", "url_of"]

BACKLOG = 2048
SILENT_PEER_MS = 45_000
LOOPBACK = "127.0.0.1"


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """The socket, bound before anything else is started, so that a taken port is said at once.

    Raises `ConfigurationError`.
    """
    with _bound(host, port, shared=False) as listener:
        _listen(listener, host, port)
        yield listener


@contextlib.contextmanager
def place(host: str, port: int) -> Iterator[socket.socket]:
    """A socket for an address that several processes listen on: the kernel spreads connections over those that do.

    Nobody has to listen on this one; while it is open the address is kept. Raises `ConfigurationError` when another
    program has the port.
    """
    with _bound(host, port, shared=True) as listener:
        yield listener


@contextlib.contextmanager
def door() -> Iterator[socket.socket]:
    """A socket on a free port of the loopback interface. Raises `ConfigurationError`."""
    with listening(LOOPBACK, 0) as listener:
        yield listener


@contextlib.contextmanager
def _bound(host: str, port: int, *, shared: bool) -> Iterator[socket.socket]:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigurationError(f"cannot listen on {host}: {error}", key="host") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # a peer that takes nothing any more must not hold its socket for ever
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_PEER_MS)
        try:
            listener.bind(address)
        except OSError as error:
            raise _taken(host, port, error) from error
        listener.setblocking(False)
        yield listener


def _listen(listener: socket.socket, host: str, port: int) -> None:
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        raise _taken(host, port, error) from error


def _taken(host: str, port: int, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"cannot listen on {host}:{port} ({error.strerror}): another program has the port; choose one with --port",
        key="port",
    )


def url_of(host: str, port: int, scheme: str = "http") -> str:
    """The address by which this machine reaches a server that listens on `host`."""
    shown = {"0.0.0.0": LOOPBACK, "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"{scheme}://{shown}:{port}"
