"""The ten-line clients of the reference, run as they are printed there."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.gateway_app import PATIENCE_S, RunningGateway

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def _snippets() -> list[str]:
    text = "".join((REFERENCE / name).read_text(encoding="utf-8") for name in ("protocol.md", "dialects.md"))
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def _path(snippet: str) -> str:
    return next(path for path in ("/ws/v1", "/ws/alerts", "/ws/field", "socketio.Client") if path in snippet)


def test_there_is_one_for_each_dialect() -> None:
    assert sorted(map(_path, _snippets())) == ["/ws/alerts", "/ws/field", "/ws/v1", "socketio.Client"]


@pytest.mark.parametrize("snippet", _snippets(), ids=_path)
async def test_it_prints_an_alert(gateway: RunningGateway, snippet: str) -> None:
    camera, person = await gateway.camera(), await gateway.wanted()
    _, token = await gateway.user("olga")
    url = gateway.url if "socketio" in snippet else gateway.ws_url
    arguments = [url, token, *(["olga"] if "user: str" in snippet else [])]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-uWerror", "-c", snippet, *arguments, stdout=subprocess.PIPE
    )
    try:
        await gateway.until(lambda: list(gateway.gateway.hub.clients))
        async with gateway.engine() as engine:
            await engine.sees(person, camera)
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE_S):
                assert "Front door" in (await process.stdout.readline()).decode()
    finally:
        process.terminate()
        await process.wait()
