"""The other end of a `Program`'s pipes: reads commands without holding up the event loop."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

__all__ = ["answer", "commands"]


async def commands() -> AsyncIterator[dict[str, Any]]:
    """Every command, until the other side closes the pipe."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


def answer(**values: Any) -> None:
    """What was asked for is done."""
    print(json.dumps(values), flush=True)
