"""What `sightline agent` refuses before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sightline.cli import app
from sightline.exceptions import ConfigurationError

USER = ("agent", "--user", "Ada", "--dry-run", "--status-port", "0")


def refusal(*arguments: str) -> str:
    problem = CliRunner().invoke(app, [*USER, *arguments]).exception
    assert isinstance(problem, ConfigurationError), problem
    return str(problem)


def test_without_a_token_it_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "from --token-file or from SIGHTLINE_AGENT_TOKEN" in refusal()
    (tmp_path / "token").write_text("\n")
    assert "from --token-file or from SIGHTLINE_AGENT_TOKEN" in refusal("--token-file", str(tmp_path / "token"))
    assert "No such file" in refusal("--token-file", str(tmp_path / "none"))
    monkeypatch.setenv("SIGHTLINE_AGENT_TOKEN", "t0ken")
    assert "no offline policy" in refusal("--offline", "never"), "which is read after the token"


def test_a_token_on_the_command_line_is_refused_and_not_repeated() -> None:
    done = CliRunner().invoke(app, [*USER, "--token", "slm_secret"])
    assert done.exit_code == 2
    assert "slm_secret" not in done.output


def test_an_authority_is_of_use_only_with_tls(tmp_path: Path) -> None:
    assert "begins with https:" in refusal("--ca", str(tmp_path / "ca.pem"))
    assert "--ca" in refusal("--server", "https://localhost", "--ca", str(tmp_path / "ca.pem"))
