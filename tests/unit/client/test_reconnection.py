"""What the breaker counts: servers that refuse, not lines that break."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.driver import CaseDriver

OPENS: list[dict[str, Any]] = [{"socket": "opens"}, {"sends": {"type": "client_identify", "data": {}}}]
SUCCESS = {"type": "identification_success", "data": {"epoch": "e", "offset": 0, "mode": "live"}}
SIGNS_IN: list[dict[str, Any]] = [*OPENS, {"server": SUCCESS}]


def close(code: int, reason: str = "") -> dict[str, Any]:
    return {"close": {"code": code, "reason": reason}}


def run(*steps: dict[str, Any]) -> None:
    CaseDriver({}).run([{"connect": {}}, *steps])


def test_a_line_that_breaks_is_no_refusal() -> None:
    run(*[step for _ in range(20) for step in (*SIGNS_IN, close(1006), {"retry_in_ms": 1000}, {"advance_ms": 1000})])


def test_a_server_that_never_identifies_is_one() -> None:
    waits = [1000, 1500, 2250, 3375]
    started = [step for ms in waits for step in (*OPENS, close(1011), {"retry_in_ms": ms}, {"advance_ms": ms})]
    run(*started, *OPENS, close(1011), {"retry_in_ms": 60_000})


@pytest.mark.parametrize(("seconds", "wait_ms"), [(0, 60_000), (90, 90_000)])
def test_retry_after_shortens_no_pause(seconds: int, wait_ms: int) -> None:
    reason = f"retry_after_s={seconds}"
    started = [step for _ in range(4) for step in (*SIGNS_IN, close(4001, reason), {"advance_ms": seconds * 1000})]
    run(*started, *SIGNS_IN, close(4001, reason), {"retry_in_ms": wait_ms})
