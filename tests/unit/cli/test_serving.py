"""What `sightline demo` makes of the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.cli import serving
from sightline.service import demo as demonstration
from sightline.settings import Settings


@pytest.mark.parametrize(
    ("host", "asked", "anonymous"),
    [
        ("127.0.0.1", "false", True),
        ("localhost", "false", True),
        ("0.0.0.0", "false", False),
        ("0.0.0.0", "true", True),
    ],
)
def test_the_demonstration_serves_anybody_only_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, asked: str, anonymous: bool
) -> None:
    served: list[Settings] = []
    monkeypatch.setattr(serving, "pull_missing", lambda settings: None)
    monkeypatch.setattr(demonstration, "demo", lambda settings, open_browser: served.append(settings))
    monkeypatch.setenv("SIGHTLINE_HOST", host)
    monkeypatch.setenv("SIGHTLINE_ANONYMOUS_DIALECTS", asked)
    serving.demo(no_open=True, home=tmp_path)
    assert [settings.anonymous_dialects for settings in served] == [anonymous]
