"""`sightline engine`: an engine on its own, for a gateway on another machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from sightline.cli.options import Config, Home, loaded
from sightline.exceptions import ConfigurationError

__all__ = ["authority_named", "engine", "gateways_named"]

GATEWAY_VARIABLE = "SIGHTLINE_ENGINE_GATEWAY"
TOKEN_VARIABLE = "SIGHTLINE_ENGINE_TOKEN"
CA_VARIABLE = "SIGHTLINE_ENGINE_CA_FILE"


def engine(
    gateway: Annotated[
        list[str] | None,
        typer.Option(
            "--gateway",
            help="Address of a gateway, like https://sightline.example:8000. Give it again for each further one: they "
            f"are tried in turn. Also {GATEWAY_VARIABLE}, by commas.",
            show_default=False,
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", help="File with the engine's token in its first line.", show_default=False),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            help=f"The token itself, which other users of this machine may see then. Better in {TOKEN_VARIABLE}.",
            show_default=False,
        ),
    ] = None,
    ca_file: Annotated[
        Path | None,
        typer.Option(
            "--ca-file",
            help="PEM file of the authority that signed the gateway's certificate, or of that certificate itself. "
            f"Also {CA_VARIABLE}.",
            show_default=False,
        ),
    ] = None,
    home: Home = None,
    config: Config = None,
) -> None:
    """Analyse cameras for a gateway on another machine, until Ctrl-C.

    Cameras, gallery and the choice of models come from the gateway; this machine has the model files, and a spool that
    keeps what was seen while no gateway answers. Engines share the cameras; when one dies, the others have its cameras
    within 10 seconds, so start as many as you like, one a machine, each with a token of its own.

    [bold]The first time[/bold]

        sightline tokens create yard --for engine > yard.token    (where the gateway is; carry the file over)

        sightline models pull

        sightline engine --gateway https://sightline.example:8000 --token-file yard.token

    [bold]Further examples[/bold]

        sightline engine --gateway https://a.example:8000 --gateway https://b.example:8000 --ca-file ca.pem

        SIGHTLINE_DEVICE=cuda SIGHTLINE_ENGINE_CAMERAS=200 sightline engine --gateway … --token-file yard.token

    [bold]How it runs[/bold]: `device`, `engine_cameras` (its share is by this number), `engine_workers`,
    `hardware_decoding` and `spool_limit_mb`, as SIGHTLINE_ variables or in the YAML file.

    [bold]Is it well?[/bold] `sightline health` and `sightline doctor` on this machine; the system page of the console.
    It ends with 2 when it cannot begin as it was told.
    """
    # Imported here because it brings every model runtime, and `sightline --help` shall not wait for that.
    from sightline.engine.link.gateway_address import GatewayAddress
    from sightline.service.remote_engine import run_remote_engine
    from sightline.trust import trusting

    urls = gateway or gateways_named()
    if not urls:
        raise ConfigurationError(f"which gateway? Give --gateway URL, or {GATEWAY_VARIABLE}", key="gateway")
    secret = _token(token, token_file)
    addresses = [GatewayAddress(url, secret) for url in urls]
    chosen = ca_file or authority_named()
    if chosen is not None and not all(url.startswith("https:") for url in urls):
        raise ConfigurationError("--ca-file is of use only with addresses that begin with https:", key="ca_file")
    run_remote_engine(loaded(home, config), addresses, trusting(chosen) if chosen is not None else None)


def gateways_named() -> list[str]:
    """The gateways that the environment names."""
    return [url.strip() for url in os.environ.get(GATEWAY_VARIABLE, "").split(",") if url.strip()]


def authority_named() -> Path | None:
    """The authority's file that the environment names."""
    return Path(os.environ[CA_VARIABLE]) if os.environ.get(CA_VARIABLE) else None


def _token(given: str | None, file: Path | None) -> str:
    """From the flag, the file, or the environment. Raises `ConfigurationError`."""
    if given is not None and file is not None:
        raise ConfigurationError("give --token or --token-file, not both", key="token")
    token = given if given is not None else os.environ.get(TOKEN_VARIABLE, "")
    if file is not None:
        try:
            token = next(iter(file.read_text(encoding="utf-8").splitlines()), "")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"the token cannot be read from {file}: {error}", key="token_file") from error
    if not token.strip():
        raise ConfigurationError(
            f"an engine needs its token: --token-file FILE, or {TOKEN_VARIABLE}; "
            "`sightline tokens create NAME --for engine` makes one",
            key="token",
        )
    return token.strip()
