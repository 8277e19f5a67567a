"""A gateway on its store, opened and closed."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, tzinfo
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo

from sightline.accounts import Role
from sightline.clock import SystemClock
from sightline.events.alert import Alert
from sightline.exceptions import ConfigurationError, SightlineError
from sightline.gateway.app import create_gateway
from sightline.gateway.auth import hash_machine_token, new_machine_token, new_password
from sightline.gateway.cluster.cluster_ports import LiveRelay
from sightline.gateway.cluster.siblings import Siblings
from sightline.gateway.gateway import Gateway
from sightline.gateway.past.search_process import SearchProcess
from sightline.gateway.ports import Analyst
from sightline.gateway.pushed.analyses import Examining
from sightline.gateway.workstations.signals import SignalBoard
from sightline.service.failpoints import Failpoint
from sightline.service.senders import open_senders
from sightline.settings import Settings
from sightline.stores.analyses import AnalysisFolder
from sightline.stores.store import SqlStore
from sightline.stores.vault import load_or_create_master_key
from sightline.transports.redis_relay import RedisRelay
from sightline.transports.redis_signals import open_board

__all__ = ["ADMINISTRATOR", "ANALYSES_FOLDER", "engine_token", "first_administrator", "open_gateway"]

ADMINISTRATOR = "admin"
ANALYSES_FOLDER = "analyses"
"""Of the home folder: recordings that people had analysed."""

SEARCH_COMMAND = (sys.executable, "-m", "sightline.service.search")
SIGNING_KEY_BYTES = 32


@contextlib.asynccontextmanager
async def open_gateway(
    settings: Settings,
    *,
    local_token: str,
    analyst: Analyst | None = None,
    examining: Examining | None = None,
    failpoint: Failpoint | None = None,
    siblings: Siblings | None = None,
    relay: LiveRelay | None = None,
) -> AsyncIterator[Gateway]:
    """Opens the store under the home folder and closes it at the end. The caller holds the folder's lock.

    A `failpoint` is for tests of crashes. `relay` carries what is live from and to the `siblings`, unless Redis does.

    Raises `StoreError`, `ConfigurationError`, `Unavailable`.
    """
    keys = settings.home / "keys"
    gateway: Gateway | None = None

    def committed(top: int) -> None:
        if gateway is not None:
            gateway.hub.committed(top)
            gateway.notifier.wake()

    def raised(alerts: Sequence[Alert]) -> None:
        if gateway is not None:
            gateway.alerts_raised(alerts)

    store = await SqlStore.open(
        settings.home,
        settings.database_url,
        master_key=load_or_create_master_key(keys / "master.key"),
        on_commit=committed if failpoint is None else failpoint.install(committed),
        tz=_zone(settings),
        on_alerts=raised,
    )
    searcher = SearchProcess(SEARCH_COMMAND, settings.model_dump_json(), store.strangers, SystemClock())
    try:
        if settings.redis_url is not None:
            relay = RedisRelay(settings.redis_url)
        async with open_senders(settings) as senders, _board(settings) as board:
            gateway = create_gateway(
                settings=settings,
                clock=SystemClock(),
                store=store,
                senders=senders,
                signing_key=_signing_key(keys / "signing.key"),
                top=(await store.log.bounds()).top,
                version=version("sightline"),
                searcher=searcher,
                shelf=AnalysisFolder(settings.home / ANALYSES_FOLDER),
                analyst=analyst,
                examining=examining,
                local_token=local_token,
                board=board,
                relay=relay,
                others=siblings,
            )
            await gateway.cluster.begin()
            yield gateway
            with contextlib.suppress(SightlineError):  # others may be told later: the records say the same
                await gateway.cluster.flush()
    finally:
        await searcher.close()
        await store.close()


async def first_administrator(gateway: Gateway) -> str | None:
    """Makes `admin` with a new password where there is no user yet; the password is shown this once."""
    if await gateway.store.users.list():
        return None
    password = new_password()
    await gateway.store.users.create(
        name=ADMINISTRATOR,
        role=Role.ADMIN,
        password_hash=await gateway.passwords.hash(password),
        now_ms=gateway.clock.now_ms(),
    )
    return password


async def engine_token(gateway: Gateway, engine_id: str) -> str:
    """A new token for the engine of this name; the one before it is void."""
    token = new_machine_token()
    await gateway.store.machine_tokens.create(
        name=engine_id, token_hash=hash_machine_token(token), now_ms=gateway.clock.now_ms()
    )
    return token


def _board(settings: Settings) -> contextlib.AbstractAsyncContextManager[SignalBoard | None]:
    """The signals of workstations: in Redis where there is one."""
    if settings.redis_url is None:
        return contextlib.nullcontext()
    return open_board(settings.redis_url, settings.namespace)


def _zone(settings: Settings) -> tzinfo:
    if settings.timezone is not None:
        return ZoneInfo(settings.timezone)
    local = datetime.now().astimezone().tzinfo
    assert local is not None
    return local


def _signing_key(path: Path) -> bytes:
    """The key of access tokens: made at the first start, readable by its owner only."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    except OSError as error:
        raise ConfigurationError(f"the key {path} cannot be made: {error.strerror}") from error
    else:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SIGNING_KEY_BYTES))
    key = path.read_bytes()
    if len(key) < SIGNING_KEY_BYTES:
        path.unlink()
        raise ConfigurationError(f"{path} was not a key and was removed: start again (everybody signs in anew)")
    return key
