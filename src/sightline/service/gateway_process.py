"""One of several gateways behind one address: `python -m sightline.service.gateway_process`, a child of `serve`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec
import uvicorn

from sightline import telemetry
from sightline.exceptions import SightlineError
from sightline.handed import FIRST
from sightline.service import interpreter
from sightline.service.gateway_words import Began, Failed, Orders
from sightline.service.listening import place
from sightline.service.open_files import allow_connections
from sightline.service.server import Berth, run_gateway
from sightline.service.tls import server_tls
from sightline.settings import Settings

__all__ = ["main"]


def main() -> None:
    """Reads its orders, serves until SIGTERM or SIGINT, or until its parent is gone, however that died."""
    words = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what else is printed is for people; and the engines shall not keep the pipe to the parent open
    line = sys.stdin.buffer.readline()
    if not line:  # the parent went away, or needs no gateway any more
        return
    orders = msgspec.json.decode(line, type=Orders)
    settings = Settings.model_validate_json(orders.settings)
    is_first = orders.number == FIRST
    telemetry.configure(settings.log_level, settings.log_format, file=settings.log_file, rotates=is_first)
    interpreter.tune()
    allow_connections(settings.max_connections)
    threading.Thread(target=_wait_for_parent, name="parent", daemon=True).start()
    try:
        _run(orders, settings, lambda password: _say(words, Began(password)))
    except SightlineError as error:
        _say(words, Failed.of(error))
        sys.exit(1)


def _run(orders: Orders, settings: Settings, began: Callable[[str | None], None]) -> None:
    with (
        contextlib.ExitStack() as sockets,
        asyncio.Runner(loop_factory=uvicorn.Config("", loop="auto", log_config=None).get_loop_factory()) as runner,
    ):
        door = sockets.enter_context(socket.socket(fileno=orders.door))
        os.set_inheritable(orders.door, False)
        door.setblocking(False)
        listeners = [sockets.enter_context(place(settings.host, port)) for port in orders.ports]
        berth = Berth(listeners, door, orders.token, orders.number, tuple(orders.doors), Path(orders.folder))
        runner.run(run_gateway(settings, berth, server_tls(settings), began))


def _say(words: BinaryIO, word: Began | Failed) -> None:
    with contextlib.suppress(OSError):  # the parent is gone
        words.write(msgspec.json.encode(word) + b"\n")
        words.flush()


def _wait_for_parent() -> None:
    """Reads standard input by its descriptor (the buffered one has its own lock) until it ends."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
