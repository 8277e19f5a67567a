from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Mount

from sightline.gateway.web.console import Console


@pytest_asyncio.fixture
async def browser(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=[Mount("/", Console(tmp_path))]))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        yield client


@pytest.fixture
def built(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>the console</title>")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "page-1a2b.js").write_text("go()")
    (tmp_path / "favicon.svg").write_text("<svg/>")


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/", "/alerts", "/people/7", "/assetsx", "/wall"])
async def test_pages_of_the_console_are_its_own_to_route(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert (answer.status_code, "the console" in answer.text) == (200, True)
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.usefixtures("built")
async def test_files_with_a_hash_in_their_name_may_be_kept(browser: httpx.AsyncClient) -> None:
    assert "immutable" in (await browser.get("/assets/page-1a2b.js")).headers["cache-control"]
    assert (await browser.get("/favicon.svg")).headers["cache-control"] == "no-cache"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/api/nothing", "/assets/old.js", "/logo.png", "/metrics2", "/ws/nothing"])
async def test_what_is_not_there_is_not_a_page(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", ["/%2e%2e/secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt", "//secret.txt"])
async def test_nothing_beside_the_console_is_served(browser: httpx.AsyncClient, tmp_path: Path, path: str) -> None:
    (tmp_path.parent / "secret.txt").write_text("a secret")
    assert "a secret" not in (await browser.get(path)).text


@pytest.mark.usefixtures("built")
async def test_the_copy_that_the_build_compressed_goes_to_browsers_that_take_it(
    browser: httpx.AsyncClient, tmp_path: Path
) -> None:
    (tmp_path / "assets" / "page-1a2b.js.gz").write_bytes(gzip.compress(b"go()"))
    compressed = await browser.get("/assets/page-1a2b.js", headers={"Accept-Encoding": "gzip, br"})
    assert (compressed.headers["content-encoding"], compressed.text) == ("gzip", "go()")
    assert "javascript" in compressed.headers["content-type"]
    plain = await browser.get("/assets/page-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert ("content-encoding" in plain.headers, plain.text) == (False, "go()")


async def test_console_that_is_not_built_says_so(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/alerts")
    assert answer.status_code == 503
    assert "make console" in answer.text


async def test_console_without_its_folder_says_so_too(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(Starlette(routes=[Mount("/", Console(tmp_path / "nowhere"))]))
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as client:
        assert (await client.get("/")).status_code == 503
