"""Puts the agent together: camera, desktop and status page, until the server wants it to stay away."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

import httpx

from sightline.agent.agent import Agent, AgentOptions
from sightline.agent.desktop import Desktop
from sightline.agent.enrolment import enrol, person_named
from sightline.agent.line import Ended
from sightline.agent.status import Status, serve_status, status_app
from sightline.agent.webcam import CameraSource, Webcam
from sightline.cli.output import say, warn
from sightline.client.rest import RestClient
from sightline.clock import SystemClock
from sightline.exceptions import ConfigurationError, SightlineError
from sightline.ingest.open import open_source

__all__ = ["enrol_user", "run"]

LEAST_IDLE_S = 5.0
REST_TIMEOUT_S = 60.0


async def run(options: AgentOptions, desktop: Desktop, source: str, status_port: int) -> Ended:
    """The agent, with its status page on a port of this machine (0: without). Raises `ConfigurationError`."""
    status = Status(options.url, options.user)
    app = status_app(status, with_picture=options.keep_picture)
    async with serve_status(app, _listen(status_port)) if status_port else nullcontext():
        if status_port:
            warn(f"sightline agent: http://127.0.0.1:{status_port} shows how it goes", "dim")
        webcam = Webcam(_opener(source), idle_s=max(LEAST_IDLE_S, 2 / options.pictures_per_s))
        return await Agent(options, webcam, desktop, status, SystemClock()).run()


async def enrol_user(
    server: str, tls: ssl.SSLContext | None, source: str, *, user: str, account: str, password: str, photos: int
) -> None:
    """Takes photos and enrols them. Raises `SightlineError` when none was accepted."""
    webcam = Webcam(_opener(source))
    webcam.changed = lambda problem: warn(problem) if problem else None
    verify = tls if tls is not None else True
    async with httpx.AsyncClient(base_url=server, timeout=REST_TIMEOUT_S, verify=verify, trust_env=False) as http:
        client = RestClient(http)
        http.headers["Authorization"] = f"Bearer {await client.sign_in(account, password)}"
        person = await person_named(client, user)
        say(f"look into the camera, {person.name}, and turn your head a little between the photos")
        try:
            accepted = await enrol(client, person, webcam, say, photos=photos)
        finally:
            await webcam.close()
    if accepted == 0:
        raise SightlineError("no photo was accepted; sit in even light, close to the camera, and try again")
    say(f"{person.name} is enrolled with {accepted} new photo{'' if accepted == 1 else 's'}")


def _opener(source: str) -> Callable[[], CameraSource]:
    return partial(open_source, source)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as problem:
        words = f"the status page cannot listen on port {port}: {problem}; choose another with --status-port"
        raise ConfigurationError(words, key="--status-port") from None
