"""Requests to addresses that somebody else chose, against a real server."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from sightline.deliveries.notice import Attempt, Outcome
from sightline.deliveries.target import check_target
from sightline.transports.outgoing_http import GONE, Answer, OutgoingHttp, resolve, verdict
from tests.http_receiver import HttpReceiver, http_receiver

ANYWHERE = partial(check_target, public=False, allow_loopback=True)
NOT_HERE = partial(check_target, public=False, allow_loopback=False)
HEADERS = {"Content-Type": "text/plain"}


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[HttpReceiver]:
    async with http_receiver() as receiver:
        yield receiver


@pytest_asyncio.fixture
async def http() -> AsyncIterator[OutgoingHttp]:
    http = OutgoingHttp(ANYWHERE, timeout_s=5)
    yield http
    await http.close()


def self_signed(folder: Path, name: str) -> Path:
    """A certificate for `name` with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    return path


async def test_sends_what_it_was_given_and_keeps_the_connection(http: OutgoingHttp, receiver: HttpReceiver) -> None:
    assert await http.post(f"{receiver.url}/hook?a=1", HEADERS, b"body") == Answer(201)
    assert await http.post(f"{receiver.url}/hook", HEADERS, b"more") == Answer(201)
    first, second = receiver.requests
    assert (first.method, first.path, first.body, first.headers["content-type"]) == (
        "POST", "/hook?a=1", b"body", "text/plain"
    )  # fmt: skip
    assert second.body == b"more"
    assert receiver.connections == 1


async def test_a_redirect_is_not_followed(http: OutgoingHttp, receiver: HttpReceiver) -> None:
    receiver.status, receiver.headers = 302, {"Location": f"{receiver.url}/elsewhere"}
    answer = await http.post(f"{receiver.url}/hook", HEADERS, b"")
    assert isinstance(answer, Answer)
    assert verdict(answer).outcome is Outcome.REFUSED
    assert [request.path for request in receiver.requests] == ["/hook"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_this_machine_is_refused_before_anything_is_sent(receiver: HttpReceiver, host: str) -> None:
    http = OutgoingHttp(NOT_HERE, timeout_s=5)
    attempt = await http.post(f"http://{host}:{receiver.port}/", HEADERS, b"")
    await http.close()
    assert isinstance(attempt, Attempt)
    assert attempt.outcome is Outcome.REFUSED
    assert "allow_loopback_targets" in attempt.problem
    assert receiver.connections == 0


async def test_a_name_is_judged_when_it_is_connected_to(
    receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that had a good address when it was entered and leads home when it is used."""
    answers = [["93.184.216.34", "127.0.0.1"]]

    async def rebound(self: Any, host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers[0]]

    monkeypatch.setattr(type(asyncio.get_running_loop()), "getaddrinfo", rebound)
    http = OutgoingHttp(NOT_HERE, timeout_s=5)
    attempt = await http.post(f"http://hooks.example.org:{receiver.port}/", HEADERS, b"")
    assert isinstance(attempt, Attempt)
    assert attempt.outcome is Outcome.REFUSED
    assert receiver.connections == 0
    await http.close()


async def test_the_environments_proxy_is_not_used(
    http: OutgoingHttp, receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert await http.post(receiver.url, HEADERS, b"") == Answer(201)


async def test_a_server_that_never_answers_is_given_up(receiver: HttpReceiver) -> None:
    receiver.silent = True
    http = OutgoingHttp(ANYWHERE, timeout_s=0.2)
    assert await http.post(receiver.url, HEADERS, b"") == Attempt(Outcome.TRY_AGAIN, "no answer within 0.2 s")
    await http.close()


async def test_an_endless_answer_is_not_read(http: OutgoingHttp, receiver: HttpReceiver) -> None:
    receiver.body = bytes(5_000_000)
    assert await http.post(receiver.url, HEADERS, b"") == Answer(201)
    receiver.body = b""
    assert await http.post(receiver.url, HEADERS, b"") == Answer(201)
    assert receiver.connections == 2


async def test_a_port_where_nobody_listens(http: OutgoingHttp, free_port: int) -> None:
    attempt = await http.post(f"http://127.0.0.1:{free_port}/s3cret", HEADERS, b"")
    assert attempt == Attempt(Outcome.TRY_AGAIN, "the server cannot be reached")


async def test_a_name_that_does_not_exist(http: OutgoingHttp) -> None:
    attempt = await http.post("http://no-such-host.invalid/", HEADERS, b"")
    assert attempt == Attempt(Outcome.TRY_AGAIN, "the host's name is not known")


async def test_tls_proves_the_name_though_the_address_was_chosen_here(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "localhost")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    trusting = OutgoingHttp(ANYWHERE, timeout_s=5, trust=ssl.create_default_context(cafile=certificate))
    strict = OutgoingHttp(ANYWHERE, timeout_s=5)
    async with http_receiver(server) as receiver:
        assert await trusting.post(receiver.url, HEADERS, b"") == Answer(201)
        wrong_name = await trusting.post(receiver.url.replace("localhost", "127.0.0.1"), HEADERS, b"")
        unknown = await strict.post(receiver.url, HEADERS, b"")
    refused = Attempt(Outcome.TRY_AGAIN, "the server's certificate is not valid for its name")
    assert (wrong_name, unknown) == (refused, refused)
    assert len(receiver.requests) == 1
    await trusting.close()
    await strict.close()


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://", "nonsense", "http://127.0.0.1:99999/"])
async def test_what_is_no_address_of_http(http: OutgoingHttp, url: str) -> None:
    attempt = await http.post(url, HEADERS, b"")
    assert isinstance(attempt, Attempt)


async def test_resolves_names_and_literals() -> None:
    assert await resolve("[::1]", 80) == ["::1"]
    assert await resolve("10.0.0.9", 80) == ["10.0.0.9"]
    assert "127.0.0.1" in await resolve("localhost", 80)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.SENT), (204, Outcome.SENT), (301, Outcome.REFUSED), (400, Outcome.REFUSED),
        (403, Outcome.REFUSED), (404, Outcome.TARGET_GONE), (410, Outcome.TARGET_GONE), (413, Outcome.REFUSED),
        (408, Outcome.TRY_AGAIN), (429, Outcome.TRY_AGAIN), (500, Outcome.TRY_AGAIN), (503, Outcome.TRY_AGAIN),
    ],
)  # fmt: skip
def test_what_a_status_means(status: int, outcome: Outcome) -> None:
    assert verdict(Answer(status), gone=GONE).outcome is outcome


def test_nothing_is_gone_where_nothing_can_be() -> None:
    assert verdict(Answer(404)).outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    ("value", "wanted_ms"),
    [("120", 120_000), ("soon", 0), ("-1", 0), ("9" * 30, 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0)],
)
async def test_hears_when_to_come_back(
    http: OutgoingHttp, receiver: HttpReceiver, value: str, wanted_ms: int
) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": value}
    answer = await http.post(receiver.url, HEADERS, b"")
    assert answer == Answer(429, wanted_ms)
    assert isinstance(answer, Answer)
    assert verdict(answer).retry_after_ms == wanted_ms
