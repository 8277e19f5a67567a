"""What workstations say and hear."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.decisions.workstation import Action, Reason
from sightline.deliveries.verification import VerifyFrame, decode_verify_frame, encode_answer
from sightline.exceptions import WireError


def test_a_frame_is_read_as_the_contract_has_it() -> None:
    text = '{"user_name": "ada", "image": "/9j/", "send_time": "2026-11-21 02:00", "further": 1}'
    assert decode_verify_frame(text) == VerifyFrame(user_name="ada", image="/9j/", send_time="2026-11-21 02:00")


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("reason", list(Reason))
def test_every_answer_can_be_said(action: Action, reason: Reason) -> None:
    said = json.loads(encode_answer(action, reason, actual="Ada", send_time=1.5, finish_ms=2))
    assert said == {
        "action": action, "reason": reason, "actual_username": "Ada", "send_time": 1.5, "finish_time": 2
    }  # fmt: skip


@given(st.text() | st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(st.text(), inner)).map(json.dumps))
def test_nothing_but_wire_errors_escapes(text: str) -> None:
    with contextlib.suppress(WireError):
        decode_verify_frame(text)
