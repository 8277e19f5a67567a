"""The nginx configuration of `deploy/`, run by nginx before two gateways."""

from __future__ import annotations

import datetime
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.typing import Origin

from sightline.accounts import Role
from sightline.service.certificates import own_certificate
from sightline.trust import trusting
from tests.integration.gateway_app import GatewayRun, NativeClient, RunningGateway
from tests.integration.test_streams import online, start

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "sightline.conf"
pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def here(folder: Path, gateways: list[str], plain: int, secure: int) -> str:
    """The configuration, with addresses and files of this test; everything else as it is."""
    text = CONFIGURATION.read_text()
    for number, url in enumerate(gateways, 1):
        text = text.replace(f"gateway-{number}:8000", url.removeprefix("http://"))
    text = re.sub(r"^ *listen \[::\].*$", "", text, flags=re.MULTILINE)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{plain};").replace("listen 443", f"listen 127.0.0.1:{secure}")
    text = text.replace("/etc/nginx/tls/fullchain.pem", str(folder / "tls" / "server.pem"))
    text = text.replace("/etc/nginx/tls/privkey.pem", str(folder / "tls" / "server.key"))
    text = text.replace("/var/log/nginx", str(folder))
    assert not re.search(r"^[^#]*(gateway-|/etc/)", text, re.MULTILINE), "something of it would be another machine's"
    temporary = "".join(
        f"  {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return (
        f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nworker_processes 1;\n"
        f"events {{}}\nhttp {{\n{temporary}{text}\n}}\n"
    )


@contextmanager
def proxy(folder: Path, gateways: list[str]) -> Iterator[tuple[str, str]]:
    """The addresses of nginx without and with TLS."""
    folder.mkdir()
    own = own_certificate(folder / "tls", ["127.0.0.1"], datetime.datetime.now(datetime.UTC))
    assert (own.certificate.name, own.key.name) == ("server.pem", "server.key")
    plain, secure = free_ports(2)
    file = folder / "nginx.conf"
    file.write_text(here(folder, gateways, plain, secure))
    command = ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(file)]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0 and "warn" not in tried.stderr, tried.stderr
    process = subprocess.Popen(command)
    try:
        _wait_until_it_listens(process, secure)
        yield f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}"
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int) -> None:
    until_s = time.monotonic() + 20
    while True:
        assert process.poll() is None and time.monotonic() < until_s, "nginx does not listen"
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.02)


async def test_everything_passes_through_nginx(tmp_path: Path) -> None:
    settings = {"trusted_proxies": ["127.0.0.1"]}
    async with GatewayRun(tmp_path / "home", settings) as run:
        gateway: RunningGateway = await run.start()
        (dead,) = free_ports(1)
        # The first of the two is not there: every request has to find the other.
        with proxy(tmp_path / "nginx", [f"http://127.0.0.1:{dead}", gateway.url]) as (plain, secure):
            tls = trusting(tmp_path / "nginx" / "tls" / "authority.pem")
            _, token = await gateway.user("vera", Role.VIEWER)
            async with httpx.AsyncClient(base_url=secure, verify=tls, trust_env=False) as http:
                moved = await http.get(f"{plain}/alerts")
                assert (moved.status_code, moved.headers["location"]) == (301, "https://127.0.0.1/alerts")
                assert (await http.get("/health")).status_code == 200
                assert (await http.get("/metrics")).status_code == 404
                # A client that says it is somebody else is not believed.
                mine = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.7"}
                assert (await http.get("/api/cameras", headers=mine)).status_code == 200
                asked = {"Origin": secure, "Content-Type": "image/jpeg", "Authorization": f"Bearer {token}"}
                large = await http.post("/api/people/x/references", content=bytes(2**20 + 1), headers=asked)
                assert large.status_code in (403, 404, 413), "a gateway answers, not nginx"
                assert "nginx" not in large.text
            await _speaks(gateway, secure, tls, token)
    log = (tmp_path / "nginx" / "access.log").read_text()
    assert '"GET /ws/v1" 101' in log and "not-to-be-logged" not in log


async def _speaks(gateway: RunningGateway, secure: str, tls: ssl.SSLContext, token: str) -> None:
    """A console's WebSocket: its origin is the proxy's, and the address of a stream leads through it."""
    address = secure.replace("https", "wss") + "/ws/v1?ticket=not-to-be-logged"
    camera = await gateway.camera()
    async with (
        gateway.engine() as engine,
        connect(address, ssl=tls, origin=Origin(secure), proxy=None) as socket,
        httpx.AsyncClient(verify=tls, trust_env=False, timeout=20) as http,
    ):
        await online(gateway, engine, camera)
        client = NativeClient(socket)
        await client.send("client_identify", client_type="frontend", auth_token=token)
        await client.next("identification_success")
        url = (await start(client, camera))["stream_url"]
        assert url.startswith(f"{secure}/api/cameras/")
        async with http.stream("GET", url) as playing:
            assert playing.status_code == 200
            assert playing.headers["content-type"].startswith("multipart/x-mixed-replace")
