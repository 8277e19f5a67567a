"""Gateways inside a test: real store, real sockets, no engine but a scripted one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.integration.gateway_app import GatewayRun, RunningGateway


@pytest_asyncio.fixture
async def gateway_run(tmp_path: Path) -> AsyncIterator[GatewayRun]:
    """Starts gateways on this test's home folder; change `settings` before."""
    async with GatewayRun(tmp_path) as run:
        yield run


@pytest_asyncio.fixture
async def gateway(gateway_run: GatewayRun) -> RunningGateway:
    """A gateway that listens, with the default settings."""
    return await gateway_run.start()
