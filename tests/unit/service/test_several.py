"""The parent of several gateways, with children that are scripts of a few lines."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from sightline.clock import SystemClock
from sightline.exceptions import ConfigurationError, Unavailable
from sightline.service import serve, several
from sightline.service.gateway_child import Backoff, GatewayChild
from sightline.service.gateway_words import Failed
from sightline.service.listening import door, listening, place
from sightline.service.several import check_several
from sightline.settings import Settings

SERVES = """
import sys, time, pathlib
name = sys.stdin.readline().strip()
with open(name, "a") as file:
    print(len(open(name).readlines()) + 1, file=file)
print("something of a library's")
print('{"type":"began","password":"p"}', flush=True)
time.sleep(600)
"""
FAILS = r"""print('{"type":"failed","kind":"ConfigurationError","message":"no such host","key":"host"}')"""
DIES = "raise SystemExit(3)"


@pytest_asyncio.fixture
async def child() -> AsyncIterator[Callable[..., GatewayChild]]:
    made: list[GatewayChild] = []
    with door() as socket:

        def make(program: str, orders: str = "") -> GatewayChild:
            command = [sys.executable, "-c", program]
            made.append(GatewayChild(1, socket, f"{orders}\n".encode(), SystemClock(), command=command))
            return made[-1]

        yield make
        for one in made:
            await one.stop()


async def test_a_child_that_is_killed_is_started_again(child: Callable[..., GatewayChild], tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    one = child(SERVES, str(lives))
    await one.start()
    assert (await one.begin()).password == "p"
    again = asyncio.Event()
    keeping = asyncio.create_task(one.keep(again.set))
    assert one._process is not None
    first = one._process.pid
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(20):
        await again.wait()
    assert one._process.pid != first
    assert lives.read_text().split() == ["1", "2"]
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await one.stop()
    assert one._process.returncode == -signal.SIGTERM


async def test_what_a_child_fails_by_is_raised_here(child: Callable[..., GatewayChild]) -> None:
    one = child(FAILS)
    await one.start()
    with pytest.raises(ConfigurationError, match="^no such host$") as raised:
        await one.begin()
    assert raised.value.key == "host"


async def test_what_the_first_fails_by_ends_all(child: Callable[..., GatewayChild], tmp_path: Path) -> None:
    first, other = child(FAILS), child(SERVES, str(tmp_path / "lives"))
    with pytest.raises(ConfigurationError, match="^no such host$"):
        await several._run([first, other], lambda word: pytest.fail("it began"))
    assert other._process is not None and other._process.returncode is not None
    assert not (tmp_path / "lives").exists(), "the other did not begin"


async def test_a_child_that_says_nothing_is_said_to_have_ended(child: Callable[..., GatewayChild]) -> None:
    one = child(DIES)
    await one.start()
    with pytest.raises(Unavailable, match="gateway 1 ended before it began .exit status 3."):
        await one.begin()


def test_the_pause_grows_with_failures_in_a_row() -> None:
    backoff = Backoff((0.0, 1.0, 5.0), steady_s=60)
    assert [backoff.pause_s(2) for _ in range(4)] == [0.0, 1.0, 5.0, 5.0]
    assert [backoff.pause_s(60), backoff.pause_s(1)] == [0.0, 1.0]


def test_an_error_says_the_same_on_the_other_side() -> None:
    error = Failed.of(ConfigurationError("no", key="port")).error()
    assert isinstance(error, ConfigurationError) and (str(error), error.key) == ("no", "port")
    assert str(Failed("SomethingElse", "why").error()) == "why"


def test_sqlite_is_refused_with_what_to_do(tmp_path: Path) -> None:
    for url in (None, f"sqlite:///{tmp_path}/sightline.sqlite3"):
        with pytest.raises(ConfigurationError, match="2 gateways need a database.*postgresql://.*leave gateways at 1"):
            serve(Settings(home=tmp_path, gateways=2, database_url=url))
    assert not any(tmp_path.iterdir()), "nothing was begun"
    check_several(Settings(home=tmp_path, gateways=2, database_url="postgresql://sightline@db.internal/sightline"))


def test_a_place_is_shared_and_keeps_others_out() -> None:
    with place("127.0.0.1", 0) as kept:
        port = kept.getsockname()[1]
        with place("127.0.0.1", port) as one, place("127.0.0.1", port) as other:
            one.listen()
            other.listen()
            with pytest.raises(ConfigurationError, match="another program has the port"), listening("127.0.0.1", port):
                pass
