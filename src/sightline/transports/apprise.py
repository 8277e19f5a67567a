"""Mail, Telegram, ntfy and a hundred more, through Apprise: its addresses name the service and hold its credentials.

Apprise blocks, so it runs on a few threads of its own; it is loaded when the first such channel is used (45 MB). It
opens its own connections: the host of an address is judged before each attempt, redirects are off.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from sightline.deliveries.channel import Channel
from sightline.deliveries.notice import Attempt, Outcome
from sightline.deliveries.notification import Notification
from sightline.events.alert import Severity
from sightline.exceptions import ConfigurationError, Forbidden
from sightline.transports.outgoing_http import resolve

if TYPE_CHECKING:
    from apprise import NotifyBase

__all__ = ["Apprise"]

T = TypeVar("T")

THREADS = 4
MAX_ADDRESS_CHARACTERS = 4000
NOT_OURS = frozenset(
    {"apprise", "apprises", "blink1", "dbus", "form", "forms", "glib", "gnome", "json", "jsons", "kde", "macosx", "qt",
     "syslog", "vapid", "windows", "xml", "xmls"}
)  # fmt: skip
"""Schemes that reach the server's own desktop or files, or send any request anywhere: a webhook does that better."""

_KINDS = {
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.ERROR: "failure",
    Severity.CRITICAL: "failure",
}


class Apprise:
    """`check_host` raises `Forbidden` for an IP address that may not be connected to."""

    def __init__(self, check_host: Callable[[str], None], *, timeout_s: float) -> None:
        self._check_host = check_host
        self._timeout_s = timeout_s
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="apprise")

    async def check(self, address: str) -> None:
        """Raises `ConfigurationError` for an address that Apprise does not know or that is not for it."""
        scheme, separator, _ = address.partition("://")
        if not separator or len(address) > MAX_ADDRESS_CHARACTERS:
            raise ConfigurationError("write the address like mailtos://user:password@example.org")
        if scheme.lower() in NOT_OURS:
            raise ConfigurationError(f"{scheme.lower()}:// is not possible here: use a webhook")
        if await self._on_thread(lambda: _service(address, self._timeout_s)) is None:
            raise ConfigurationError("Apprise cannot make sense of this address: see its list of services")

    async def send(self, channel: Channel, notification: Notification, *, now_ms: int) -> Attempt:
        """Title, line and link, through one service. The service says no more than whether it worked."""
        text = notification.body if notification.url is None else f"{notification.body}\n{notification.url}"
        kind = _KINDS[notification.severity]
        try:
            async with asyncio.timeout(self._timeout_s):
                service = await self._on_thread(lambda: _service(channel.address, self._timeout_s))
                if service is None:
                    return Attempt(Outcome.REFUSED, "Apprise cannot make sense of the address any more")
                await self._check_hosts(service)
                sent = await self._on_thread(lambda: _notify(service, notification.title, text, kind))
        except Forbidden as problem:
            return Attempt(Outcome.REFUSED, str(problem))
        except TimeoutError:
            return Attempt(Outcome.TRY_AGAIN, f"no answer within {self._timeout_s:g} s")
        except OSError:
            return Attempt(Outcome.TRY_AGAIN, "the host's name is not known")
        return Attempt(Outcome.SENT) if sent else Attempt(Outcome.TRY_AGAIN, "the service did not take it")

    async def close(self) -> None:
        """Waits for nothing: what is under way ends by its own time-out, and is sent again at the next start."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _check_hosts(self, service: NotifyBase) -> None:
        for host in sorted(_hosts(service)):
            try:
                addresses = await resolve(host, 0)
            except OSError:
                continue  # it reaches nothing, and the service will say so
            for address in addresses:
                self._check_host(address)

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _service(address: str, timeout_s: float) -> NotifyBase | None:
    """The service of an address, with our time-outs whatever the address says, no retries and no redirects."""
    import apprise  # half a second and 45 MB, for those who use it

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # its notes on failures quote addresses and answers
    asset = apprise.AppriseAsset(
        app_id="Sightline", storage_mode="memory", service_timeout=timeout_s, http_redirects=False, pgp_autogen=False,
        pem_autogen=False,
    )  # fmt: skip
    service = apprise.Apprise.instantiate(address, asset=asset)
    if service is not None:
        service.socket_connect_timeout = service.socket_read_timeout = timeout_s
        service.retry = 0
        service.redirects = False
    return service


def _notify(service: NotifyBase, title: str, body: str, kind: str) -> bool:
    return bool(service.notify(title=title, body=body, notify_type=kind))


def _hosts(service: NotifyBase) -> set[str]:
    """The hosts that a service connects to. Services in the cloud keep an account or a token where others keep a host:
    those must not be looked up, because whoever answers for names would read them."""
    names = {getattr(service, "smtp_host", None)}
    if "host" in type(service).template_tokens:
        names.add(getattr(service, "host", None))
    return {name for name in names if isinstance(name, str) and _is_host(name)}


def _is_host(name: str) -> bool:
    return "." in name or ":" in name or name.lower() in ("localhost", socket.gethostname().lower())
