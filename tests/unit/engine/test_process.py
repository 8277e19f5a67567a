from __future__ import annotations

import io

from sightline.engine.process import read_token


def test_the_token_is_the_first_line() -> None:
    stream = io.BytesIO(b"token-1\nhttp://127.0.0.1:8000\n")
    assert read_token(stream) == "token-1"
    assert read_token(stream) == "http://127.0.0.1:8000"
    assert read_token(stream) == ""
