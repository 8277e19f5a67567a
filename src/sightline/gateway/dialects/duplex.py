"""One connection, two directions: a sender that owns the socket and a receiver, until either ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from starlette.websockets import WebSocketDisconnect

__all__ = ["run_duplex"]

log = structlog.get_logger(__name__)


async def run_duplex(sender: Coroutine[Any, Any, None], receiver: Coroutine[Any, Any, None], *, client_id: str) -> None:
    """Runs both until one is done, then ends the other. A fault of ours is logged; a client that is gone is none."""
    tasks = {asyncio.create_task(sender), asyncio.create_task(receiver)}
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, (WebSocketDisconnect, OSError)):
            log.error("client_failed", client=client_id, exc_info=result)
