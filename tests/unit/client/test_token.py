from __future__ import annotations

import base64
import json

import jwt
from hypothesis import given
from hypothesis import strategies as st

from sightline.client.token import Credential, expires_at_ms, refresh_at_ms


def test_a_real_token_is_read() -> None:
    token = jwt.encode({"sub": "ada", "exp": 1_767_265_205}, "k" * 32, algorithm="HS256")
    assert expires_at_ms(token) == 1_767_265_205_000


@given(st.text() | st.binary().map(lambda raw: f"a.{base64.urlsafe_b64encode(raw).decode()}.b"))
def test_any_text_is_a_token(text: str) -> None:
    assert expires_at_ms(text) is None or isinstance(expires_at_ms(text), int)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_any_expiry_is_read(exp: object) -> None:
    payload = base64.urlsafe_b64encode(json.dumps({"exp": exp}).encode()).decode()
    assert expires_at_ms(f"a.{payload}.b") is None or isinstance(exp, (int, float))


def test_a_minute_before_the_end_or_halfway() -> None:
    assert refresh_at_ms(expires_ms=900_000, now_ms=0) == 840_000
    assert refresh_at_ms(expires_ms=100_000, now_ms=0) == 50_000
    assert refresh_at_ms(expires_ms=1_000, now_ms=5_000) == 5_000


def test_it_is_the_servers_clock_that_ends_a_token() -> None:
    credential = Credential(server_ahead_ms=30_000)
    assert credential.refresh_at_ms(900_000, now_ms=0) == 810_000


def test_an_opaque_token_is_not_refreshed_on_its_own_account() -> None:
    assert Credential(token="slm_opaque").refresh_at_ms(None, now_ms=0) is None


def test_one_other_token_after_a_refusal() -> None:
    credential = Credential(token="old")
    assert credential.is_worth_trying("old")
    assert credential.refused()
    assert credential.fresh
    assert not credential.is_worth_trying("old")
    assert credential.is_worth_trying("new")
    assert not credential.refused()
    credential.accepted()
    assert not credential.fresh
    assert credential.refused()


def test_an_answer_that_nobody_waits_for_is_known() -> None:
    credential = Credential(wanted=True)
    assert credential.given()
    assert not credential.given()
