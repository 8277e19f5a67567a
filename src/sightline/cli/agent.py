"""`sightline agent`: the program on a workstation."""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from sightline import telemetry
from sightline.agent.conduct import ConductRules, parse_offline
from sightline.agent.desktop import Desktop, DryRun, desktop_of
from sightline.cli.output import say, warn
from sightline.exceptions import ConfigurationError
from sightline.settings import LOOPBACK_HOSTS

__all__ = ["agent"]

TOKEN_VARIABLE = "SIGHTLINE_AGENT_TOKEN"
PASSWORD_VARIABLE = "SIGHTLINE_AGENT_PASSWORD"
STOPPED_BY_SERVER = 3
"""Exit status when there is no sense in starting the agent again before somebody changed something."""


def agent(
    user: Annotated[str, typer.Option("--user", help="Name or id of the person who should sit here.")],
    server: Annotated[str, typer.Option("--server", help="Address of the Sightline server.")] = "http://127.0.0.1:8000",
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            help=f"File with the workstation's token; else {TOKEN_VARIABLE} in the environment.",
            show_default=False,
        ),
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(
            "--ca", help="PEM file of the authority that signed the server's certificate.", show_default=False
        ),
    ] = None,
    source: Annotated[
        str, typer.Option("--source", help="Webcam (device:N), or a video file that is played in a loop.")
    ] = "device:0",
    rate: Annotated[float, typer.Option("--rate", help="Pictures a second, at most.", min=0.02, max=10)] = 1.0,
    offline: Annotated[
        str,
        typer.Option("--offline", help="Without a verdict: keep, or 'lock-after SECONDS'. Also without a camera."),
    ] = "keep",
    lock_command: Annotated[
        str | None,
        typer.Option("--lock-command", help="Locks the screen; needed where logind does not.", show_default=False),
    ] = None,
    sign_out_command: Annotated[
        str | None,
        typer.Option("--sign-out-command", help="Signs out; needed where logind does not.", show_default=False),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    status_port: Annotated[
        int,
        typer.Option("--status-port", help="Port of the local status page; 0: no page.", min=0, max=65535),
    ] = 8137,
    status_picture: Annotated[
        bool, typer.Option("--status-picture", help="Let the status page show the picture that was sent last.")
    ] = False,
    enroll: Annotated[
        bool, typer.Option("--enroll", help="Take photos of the user with this camera, enrol them, and end.")
    ] = False,
    photos: Annotated[int, typer.Option("--photos", help="How many photos to enrol.", min=1, max=10)] = 5,
    account: Annotated[
        str,
        typer.Option(
            "--account",
            help=f"Account that enrols; its password is asked for, or {PASSWORD_VARIABLE} in the environment.",
        ),
    ] = "admin",
) -> None:
    """Lock this workstation when the wrong person, or nobody, sits before it.

    The pictures of its webcam go to a Sightline server, which says what is to be done; the screen is locked, or the
    user signed out. Ends with status 3 when the server wants it to stay away.

    [bold]Examples[/bold]

        sightline agent --user "Ada Lovelace" --server https://sightline.example.org --token-file token

        sightline agent --user "Ada Lovelace" --offline "lock-after 120" --dry-run

        sightline agent --user "Ada Lovelace" --enroll --account olga
    """
    # Imported here because it brings the decoder and a web server, and `sightline --help` shall not wait for that.
    from sightline.agent.agent import AgentOptions
    from sightline.cli import running_agent

    telemetry.configure("info", "auto")
    tls = _tls_of(server, ca)
    if enroll:
        password = os.environ.get(PASSWORD_VARIABLE) or typer.prompt(
            f"Password of {account}", hide_input=True, err=True
        )
        asyncio.run(
            running_agent.enrol_user(server, tls, source, user=user, account=account, password=password, photos=photos)
        )
        return
    options = AgentOptions(
        url=server,
        user=user,
        token=_token(token_file),
        rules=ConductRules(lock_after_ms=_offline(offline)),
        pictures_per_s=rate,
        keep_picture=status_picture,
        tls=tls,
    )
    desktop: Desktop = (
        DryRun(say)
        if dry_run
        else desktop_of(sys.platform, lock_command=lock_command, sign_out_command=sign_out_command)
    )
    ended = asyncio.run(running_agent.run(options, desktop, source, status_port))
    warn(f"sightline agent: the server wants this workstation to stay away: {ended.words}")
    raise typer.Exit(STOPPED_BY_SERVER)


def _token(file: Path | None) -> str:
    """From the file, else the environment: never from an argument, which every program of the machine can read."""
    token = os.environ.get(TOKEN_VARIABLE, "")
    if file is not None:
        try:
            token = file.read_text()
        except OSError as problem:
            raise ConfigurationError(f"--token-file: {problem}", key="--token-file") from None
    if not token.strip():
        words = f"the agent needs the token of its workstation, from --token-file or from {TOKEN_VARIABLE}"
        raise ConfigurationError(words, key="--token-file")
    return token.strip()


def _offline(text: str) -> int | None:
    try:
        return parse_offline(text)
    except ValueError as problem:
        raise ConfigurationError(f"--offline: {problem}", key="--offline") from None


def _tls_of(server: str, ca: Path | None) -> ssl.SSLContext | None:
    parts = urlsplit(server)
    if parts.scheme in ("https", "wss"):
        try:
            return ssl.create_default_context(cafile=ca)
        except (OSError, ssl.SSLError) as problem:
            raise ConfigurationError(f"--ca: {problem}", key="--ca") from None
    if ca is not None:
        raise ConfigurationError("--ca is of use only with an address that begins with https:", key="--ca")
    if parts.hostname not in LOOPBACK_HOSTS:
        warn("sightline agent: pictures and token travel in the clear; use https")
    return None
