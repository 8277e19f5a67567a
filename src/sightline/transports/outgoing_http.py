"""HTTP requests of the gateway's own, to addresses that somebody else chose.

The name is resolved here, every address of it is judged, and the connection goes to one that was judged: a name that
answers differently a moment later gains nothing. TLS still proves the name itself.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import certifi
import httpcore

from sightline.deliveries.notice import Attempt, Outcome
from sightline.exceptions import Forbidden

__all__ = ["Answer", "OutgoingHttp", "resolve", "trusted_certificates", "verdict"]

MAX_CONNECTIONS = 32
MAX_KEPT_CONNECTIONS = 8
KEEP_S = 30.0
MAX_ANSWER_BYTES = 65_536
"""Of an answer nothing but its status is of interest; so much is read that the connection can be used again."""

GONE = frozenset({404, 410})
WORTH_ANOTHER_TRY = frozenset({408, 425, 429})
_MAX_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Answer:
    """Status code, and how long the server asked to be left alone."""

    status: int
    retry_after_ms: int = 0


class OutgoingHttp:
    """One pool of connections; `check` raises `Forbidden` for an IP address that may not be connected to.

    `trust` may be shared: it takes tens of milliseconds to read.
    """

    def __init__(
        self, check: Callable[[str], None], *, timeout_s: float, trust: ssl.SSLContext | None = None
    ) -> None:
        self._timeout_s = timeout_s
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=trust or trusted_certificates(),
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_KEPT_CONNECTIONS,
            keepalive_expiry=KEEP_S,
            network_backend=_CheckedNetwork(check),
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer | Attempt:
        """The answer, or the attempt that failed before there was one."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(url, headers, body)
        except Forbidden as problem:
            return Attempt(Outcome.REFUSED, str(problem))
        except TimeoutError:
            return Attempt(Outcome.TRY_AGAIN, f"no answer within {self._timeout_s:g} s")
        except ssl.SSLError:
            return Attempt(Outcome.TRY_AGAIN, "the server's certificate is not valid for its name")
        except (httpcore.ConnectError, OSError) as error:
            return Attempt(Outcome.TRY_AGAIN, _unreachable(error))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
            return Attempt(Outcome.TRY_AGAIN, "the connection broke")
        except (httpcore.UnsupportedProtocol, UnicodeError, ValueError):
            return Attempt(Outcome.REFUSED, "the address is not one of HTTP")

    async def close(self) -> None:
        """Closes every connection."""
        await self._pool.aclose()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        sent = [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
        async with self._pool.stream("POST", url, headers=sent, content=body) as response:
            read = 0
            async for chunk in response.aiter_stream():
                read += len(chunk)
                if read > MAX_ANSWER_BYTES:
                    break
            return Answer(response.status, _retry_after_ms(response.headers))


def verdict(answer: Answer, *, gone: frozenset[int] = frozenset()) -> Attempt:
    """What a status means: 2xx sent, `gone` the end of the target, 5xx and a few others worth another try.

    A redirect is refused: it would lead to an address that nobody chose.
    """
    status = answer.status
    if 200 <= status < 300:
        return Attempt(Outcome.SENT)
    if status in gone:
        return Attempt(Outcome.TARGET_GONE, f"the server answered {status}")
    if status >= 500 or status in WORTH_ANOTHER_TRY:
        return Attempt(Outcome.TRY_AGAIN, f"the server answered {status}", answer.retry_after_ms)
    if 300 <= status < 400:
        return Attempt(Outcome.REFUSED, f"the server answered {status}: redirects are not followed")
    return Attempt(Outcome.REFUSED, f"the server answered {status}")


@functools.cache
def trusted_certificates() -> ssl.SSLContext:
    """The machine's own certificates, a company's among them, and the public ones where the machine has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


async def resolve(host: str, port: int) -> list[str]:
    """The IP addresses behind a host, in the resolver's order. Raises `OSError` when there are none."""
    try:
        return [str(ipaddress.ip_address(host.strip("[]")))]
    except ValueError:
        pass
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that `check` lets pass; one bad address behind a name spoils the name."""

    def __init__(self, check: Callable[[str], None]) -> None:
        self._check = check
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await resolve(host, port)
        for address in addresses:
            self._check(address)
        problem: Exception | None = None
        for address in addresses:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem or httpcore.ConnectError("no address")


def _unreachable(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "the host's name is not known"
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) is not None and len(causes) < 8:
        causes.append(cause)
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "the server's certificate is not valid for its name"
    return "the server cannot be reached"


def _retry_after_ms(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """`Retry-After` in seconds (RFC 9110 section 10.2.3); the form with a date is not worth a guess at clocks."""
    for name, value in headers:
        if name.lower() == b"retry-after" and value.isdigit() and len(value) <= _MAX_DIGITS:
            return int(value) * 1000
    return 0
