from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.client.closing import Stopped, StopReason, meaning_of, retry_after_ms, stop_reason_of
from sightline.deliveries.session import CloseCode


@given(st.integers(0, 65_535))
def test_only_4500_to_4999_stop(code: int) -> None:
    assert (stop_reason_of(code) is not None) == (4500 <= code <= 4999)


def test_every_code_of_the_protocol_has_a_meaning_of_its_own() -> None:
    meanings = {meaning_of(code) for code in CloseCode}
    assert len(meanings) == len(CloseCode)
    assert not any("code" in meaning for meaning in meanings)
    assert meaning_of(4321) == "the connection was closed (code 4321)"


@pytest.mark.parametrize(
    ("reason", "delay_ms"),
    [
        ("overloaded; retry_after_s=7", 7_000),
        ("retry_after_s = 2.5", 2_500),
        ('{"retry_after_s": 1.25}', 1_250),
        ("retry_after_s=0", 0),
        ("retry_after_s=" + "9" * 400, 3_600_000),
        ("retry_after_s=", None),
        ("retry_after_s=-3", None),
        ("retry_after_s=soon", None),
        ("", None),
    ],
)
def test_retry_after(reason: str, delay_ms: int | None) -> None:
    assert retry_after_ms(reason) == delay_ms


@given(st.text())
def test_any_reason_is_read(reason: str) -> None:
    delay_ms = retry_after_ms(reason)
    assert delay_ms is None or 0 <= delay_ms <= 3_600_000


def test_the_exception_says_why() -> None:
    stopped = Stopped("access was revoked", why=StopReason.REVOKED, code=4503)
    assert (str(stopped), stopped.why, stopped.code) == ("access was revoked", StopReason.REVOKED, 4503)
