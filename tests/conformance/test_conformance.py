"""The Python client, held to the cases that every client has to pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.driver import CaseDriver

CASES = sorted((Path(__file__).parent / "cases").glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return case


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = read(path)
    CaseDriver(case.get("client", {})).run(case["steps"])


def test_there_are_cases() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize(
    "wrong",
    [
        {"sends": {"type": "client_identify", "data": {"device": "another"}}},
        {"sends": {"type": "client_identify", "data": {}, "without": ["device"]}},
        {"sends_nothing": {}},
        {"state": "authenticated"},
        {"stopped": "revoked"},
        {"retry_in_ms": 1000},
        {"abandons": {}},
        {"asked_for_token": {"fresh": True}},
        {"event": {"name": "alert", "data": {}}},
        {"waiting": 1},
        {"socket": "opens"},
    ],
    ids=lambda step: next(iter(step)),
)
def test_a_wrong_expectation_fails(wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="step 3"):
        CaseDriver({}).run([{"connect": {}}, {"socket": "opens"}, wrong])
