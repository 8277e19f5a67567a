"""What a container does, without one: the entrypoint with the settings of the compose file, and its health check."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import yaml

from tests.integration.real_server import until

DEPLOY = Path(__file__).parents[2] / "deploy"


def environment(home: Path, models: Path, programs: Path) -> dict[str, str]:
    """As the Dockerfile and compose.yaml give it, but for where things are."""
    given = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["sightline"]["environment"]
    chosen = {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in given.items()}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")}
    path = f"{programs}{os.pathsep}{inherited.get('PATH', '')}"
    here = {"SIGHTLINE_HOME": str(home), "SIGHTLINE_HOST": "127.0.0.1", "SIGHTLINE_PORT": "0"}
    no_index = {"PIP_NO_INDEX": "1", "IMAGE_MODELS": str(models), "SIGHTLINE_LOG_FORMAT": "json"}
    return {**inherited, **chosen, **here, **no_index, "PATH": path}


async def test_a_container_starts_without_a_way_out_and_is_well(tmp_path: Path, models_home: Path) -> None:
    home, programs = tmp_path / "home", tmp_path / "bin"
    home.mkdir()
    programs.mkdir()
    program = programs / "sightline"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m sightline "$@"\n')
    program.chmod(0o755)
    surroundings = environment(home, models_home / "models", programs)
    (check, *_) = re.findall(r"^HEALTHCHECK .* CMD (.*)$", (DEPLOY / "docker" / "Dockerfile").read_text(), re.MULTILINE)

    async def health() -> str | None:
        asked = await asyncio.create_subprocess_exec(
            *json.loads(check), env=surroundings, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        said, _ = await asked.communicate()
        return said.decode() if asked.returncode == 0 else None

    log = tmp_path / "log"

    async def listening() -> bool:
        return '"event":"listening"' in log.read_text()

    with log.open("wb") as out:
        server = await asyncio.create_subprocess_exec(
            str(DEPLOY / "docker" / "entrypoint"), "serve", env=surroundings, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        await until(listening, "listening server")
        said = await until(health, "health")
        assert said.startswith("the server answers at https://127.0.0.1:")
        server.send_signal(signal.SIGTERM)  # which reaches the server: the entrypoint has become it
        assert await asyncio.wait_for(server.wait(), 30) == 0
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()
        print(log.read_text())
