"""The check that `docs/howto/webhooks.md` gives to receivers accepts what is sent, and nothing else."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from sightline.transports.webhook import signature

PAGE = Path(__file__).resolve().parents[3] / "docs/howto/webhooks.md"
SECRET = "whsec_of_a_test"
BODY = b'{"id": "1"}'


@pytest.fixture(scope="module")
def is_ours() -> Any:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    return names["is_ours"]


def test_what_was_sent_is_taken(is_ours: Any) -> None:
    assert is_ours(signature(SECRET, BODY, int(time.time())), BODY, SECRET)


@pytest.mark.parametrize("late_s", [-400, 400])
def test_an_old_message_is_not_taken_again(is_ours: Any, late_s: int) -> None:
    assert not is_ours(signature(SECRET, BODY, int(time.time()) + late_s), BODY, SECRET)


def test_another_word_or_secret_is_not_taken(is_ours: Any) -> None:
    header = signature(SECRET, BODY, int(time.time()))
    assert not is_ours(header, BODY + b" ", SECRET)
    assert not is_ours(header, BODY, "another secret")
    moved = header.replace(f"t={int(header[2:12])}", f"t={int(header[2:12]) - 1}")
    assert not is_ours(moved, BODY, SECRET)
