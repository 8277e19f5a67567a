"""`sightline doctor`: what is missing here, and how to mend it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from sightline.cli import checks, network_checks
from sightline.cli.checks import Finding, Level
from sightline.cli.engine import authority_named, gateways_named
from sightline.cli.options import Config, Home, Json, loaded
from sightline.cli.output import OUT, print_json, say, table
from sightline.cli.session import reach
from sightline.client.answers import EngineView, SystemInfo
from sightline.client.rest import RestClient
from sightline.exceptions import ConfigurationError, SightlineError
from sightline.settings import Settings

if TYPE_CHECKING:
    from sightline.service import RunningServer

__all__ = ["doctor"]

SERVER_TIMEOUT_S = 5.0

_STYLES = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


def doctor(as_json: Json = False, home: Home = None, config: Config = None) -> None:
    """Look at everything that Sightline needs, and say how to mend what is missing. Changes nothing.

    Exits with 1 when something will not work.
    """
    findings = list(_findings(home, config))
    if as_json:
        print_json(findings)
    else:
        rows = ((Text(one.level.value, _STYLES[one.level]), one.subject, one.message, one.mend) for one in findings)
        OUT.print(table(("", "what", "found", "how to mend it"), rows))
        say(_summary(findings), style="bold")
    if any(one.level is Level.FAIL for one in findings):
        raise typer.Exit(1)


def _findings(home: Home, config: Config) -> Iterator[Finding]:
    yield checks.check_python()
    yield checks.check_packages()
    try:
        settings = loaded(home, config)
    except ConfigurationError as error:
        yield Finding("settings", Level.FAIL, str(error), "sightline settings --help")
        return
    yield checks.check_disk(settings)
    yield checks.check_keys(settings)
    yield checks.check_database(settings)
    yield checks.check_models(settings)
    yield checks.check_console()
    yield checks.check_clock(settings)
    yield network_checks.check_tls(settings, datetime.now(UTC))
    of_engine = list(_engine(settings))
    yield from of_engine
    yield from _server(settings, has_engine=bool(of_engine))


def _engine(settings: Settings) -> Iterator[Finding]:
    """The one that `sightline engine` runs here, and the gateways that the environment names for it."""
    from sightline.service.engine_record import FRESH_MS, running_engine

    record = running_engine(settings.home)
    if record is not None:
        yield from network_checks.check_own_engine(record, round(time.time() * 1000), FRESH_MS)
    for url in gateways_named():
        yield network_checks.check_gateway(url, authority_named())


def _server(settings: Settings, *, has_engine: bool) -> Iterator[Finding]:
    from sightline import service

    running = service.running_server(settings.home)
    if running is None and has_engine:
        return
    if running is None:
        yield Finding("server", Level.OK, "does not run; start it: sightline serve")
        yield checks.check_port(settings)
        return
    try:
        system, engines = asyncio.run(_ask(running))
    except SightlineError as error:
        yield Finding("server", Level.FAIL, f"process {running.pid} does not answer: {error}", "restart the server")
        return
    yield from checks.check_server(running.public_url or running.url, system)
    yield from checks.check_engines(engines)


async def _ask(running: RunningServer) -> tuple[SystemInfo, tuple[EngineView, ...]]:
    async with reach(running, SERVER_TIMEOUT_S) as http:
        client = RestClient(http)
        return await client.system(), await client.engines()


def _summary(findings: list[Finding]) -> str:
    failures = sum(1 for one in findings if one.level is Level.FAIL)
    warnings = sum(1 for one in findings if one.level is Level.WARN)
    if not failures and not warnings:
        return "\neverything is as it should be"
    return f"\n{failures} to mend, {warnings} to look at"
