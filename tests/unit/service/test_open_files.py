"""On this process's real limits."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from sightline.service.open_files import OTHER_FILES, allow_connections


@pytest.fixture(autouse=True)
def limits() -> Iterator[int]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_low_limit_is_raised_as_far_as_needed(limits: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (OTHER_FILES, limits))
    assert allow_connections(100) == OTHER_FILES + 100
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (OTHER_FILES + 100, limits)
    assert allow_connections(50) == OTHER_FILES + 100, "it is never lowered"


def test_too_low_a_hard_limit_is_said(limits: int, capsys: pytest.CaptureFixture[str]) -> None:
    if limits == resource.RLIM_INFINITY:
        pytest.skip("there is no hard limit here")
    assert allow_connections(limits) == limits
    assert "too_few_open_files" in capsys.readouterr().out
