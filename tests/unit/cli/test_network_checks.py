"""What doctor finds between machines, on real certificates and a real server."""

from __future__ import annotations

import datetime
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.cli.checks import Level
from sightline.cli.network_checks import check_gateway, check_own_engine, check_tls
from sightline.engine.standing import Standing
from sightline.service.certificates import own_certificate
from sightline.service.engine_record import EngineRecord
from sightline.settings import Settings

NOW = datetime.datetime.now(datetime.UTC)
DAYS = datetime.timedelta(days=1)


@pytest.mark.parametrize(
    ("settings", "level", "words"),
    [
        ({}, Level.OK, "only this machine"),
        ({"host": "0.0.0.0"}, Level.WARN, "who listens sees"),
        ({"host": "0.0.0.0", "trusted_proxies": ("10.0.0.2",)}, Level.OK, "left to the proxies"),
        ({"tls": "self-signed"}, Level.OK, "will be made"),
        ({"tls_cert": "/nowhere/cert.pem"}, Level.FAIL, "No such file"),
    ],
)
def test_whether_tls_is_spoken(tmp_path: Path, settings: dict[str, object], level: Level, words: str) -> None:
    finding = check_tls(Settings(home=tmp_path, **settings), NOW)  # type: ignore[arg-type]
    assert finding.level is level
    assert words in finding.message


@pytest.mark.parametrize(("later", "level"), [(0, Level.OK), (390, Level.WARN), (400, Level.FAIL)])
def test_a_certificate_is_told_of_before_it_ends(tmp_path: Path, later: int, level: Level) -> None:
    own = own_certificate(tmp_path / "tls", ["sightline.example"], NOW)
    settings = Settings(home=tmp_path, tls_cert=own.certificate, tls_key=own.key)
    finding = check_tls(settings, NOW + later * DAYS)
    assert finding.level is level
    assert "sightline.example" in finding.message


def test_a_key_of_another_certificate_is_found(tmp_path: Path) -> None:
    one, other = (own_certificate(tmp_path / name, ["sightline.example"], NOW) for name in ("one", "other"))
    finding = check_tls(Settings(home=tmp_path, tls_cert=one.certificate, tls_key=other.key), NOW)
    assert finding.level is Level.FAIL


@pytest.mark.parametrize(
    ("problem", "age_ms", "level", "words"),
    [
        ("", 1_000, Level.OK, "linked to https://gateway.example, 7 cameras, load 25%"),
        ("the gateway refuses this engine's token (403)", 1_000, Level.FAIL, "(403); 3 facts wait"),
        ("", 60_000, Level.FAIL, "has stood still for 60 s"),
    ],
)
def test_the_engine_of_this_machine(problem: str, age_ms: int, level: Level, words: str) -> None:
    standing = Standing("https://gateway.example", problem, 7, 0.25, 3, ["its clock is off"])
    first, *warnings = check_own_engine(EngineRecord(9, 100_000, standing), 100_000 + age_ms, 30_000)
    assert first.level is level
    assert words in first.message
    assert [warning.message for warning in warnings] == ([] if age_ms > 30_000 else ["its clock is off"])


class Answering(http.server.BaseHTTPRequestHandler):
    """`/health` and nothing else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address of an HTTPS server, and the authority that vouches for it."""
    own = own_certificate(tmp_path / "tls", ["127.0.0.1"], NOW)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        serving = threading.Thread(target=server.serve_forever, args=(0.05,))
        serving.start()
        yield f"https://127.0.0.1:{server.server_port}", own.authority
        server.shutdown()
        serving.join()


def test_an_engine_s_way_to_its_gateway(gateway: tuple[str, Path], tmp_path: Path) -> None:
    url, authority = gateway
    assert check_gateway(url, authority).level is Level.OK
    assert "is not trusted" in check_gateway(url, None).message
    assert "answers 404" in check_gateway(f"{url}/elsewhere", authority).message
    assert "is not reached" in check_gateway("http://127.0.0.1:9", None).message
    assert "cannot be used as an authority" in check_gateway(url, tmp_path / "nowhere").message
