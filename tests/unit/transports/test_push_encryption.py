"""Encryption for one browser, against the RFC's example and a browser that was written from the RFC alone."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from sightline.exceptions import ConfigurationError
from sightline.transports.push_encryption import MAX_PLAIN_BYTES, BrowserKeys, encrypt
from tests.push_browser import Browser, b64, unb64

BROWSER = Browser()


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unb64(text), "big"), ec.SECP256R1())


def test_the_example_of_rfc_8291_appendix_a() -> None:
    browser = Browser(private_key("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), unb64("BTBZMqHH6r4Tts7J_aSIgg"))
    assert browser.keys["p256dh"] == (
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    )
    plain = b"When I grow up, I want to be a watermelon"
    body = encrypt(
        plain,
        BrowserKeys(**browser.keys),
        salt=unb64("DGv6ra1nlYgDCS1FRnbzlw"),
        private=private_key("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
    )
    assert b64(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3"
        "jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert browser.decrypt(body) == plain


@given(st.binary(max_size=MAX_PLAIN_BYTES))
def test_the_browser_reads_what_was_written(plain: bytes) -> None:
    body = encrypt(plain, BrowserKeys(**BROWSER.keys))
    assert BROWSER.decrypt(body) == plain
    assert len(body) <= 4096


def test_no_two_messages_look_alike_and_nobody_else_reads_them() -> None:
    keys = BrowserKeys(**BROWSER.keys)
    body = encrypt(b"x", keys)
    assert encrypt(b"x", keys)[:86] != body[:86]
    with pytest.raises(InvalidTag):
        Browser().decrypt(body)


def test_a_message_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 3993"):
        encrypt(bytes(MAX_PLAIN_BYTES + 1), BrowserKeys(**BROWSER.keys))


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"p256dh": "not base64url!"}, "keys.p256dh"),
        ({"p256dh": b64(b"\x04" + bytes(64))}, "keys.p256dh"),
        ({"p256dh": b64(BROWSER.point[:64])}, "keys.p256dh"),
        ({"auth": b64(bytes(15))}, "keys.auth"),
        ({"auth": "Ä"}, "keys.auth"),
    ],
)
def test_keys_that_no_browser_gives(changed: dict[str, str], key: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        BrowserKeys(**(BROWSER.keys | changed))
    assert raised.value.key == key


@given(st.text(max_size=120), st.text(max_size=40))
def test_only_the_documented_error_escapes(p256dh: str, auth: str) -> None:
    try:
        BrowserKeys(p256dh, auth)
    except ConfigurationError:
        return
    raise AssertionError("random text was taken for keys")
