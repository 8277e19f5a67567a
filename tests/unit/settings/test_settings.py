"""Settings: which source wins, and that every mistake is told in words, all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sightline import settings, settings_sources
from sightline.accounts import Role
from sightline.exceptions import ConfigurationError
from sightline.settings import Settings


@pytest.fixture(autouse=True)
def user_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The platform's folder is this test's own."""
    folder = tmp_path / "platform"
    monkeypatch.setattr(settings.platformdirs, "user_data_path", lambda _name: folder)
    return folder


def problems(**flags: object) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        settings_sources.load(flags)
    return [line.removeprefix("  - ") for line in str(raised.value).splitlines() if line.startswith("  - ")]


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("port: 1\nhost: file\nmin_face_px: 50\n")
    monkeypatch.setenv("SIGHTLINE_PORT", "2")
    monkeypatch.setenv("SIGHTLINE_HOST", "environment")
    loaded = settings_sources.load({"port": "3", "host": None}, config=file)
    chosen = loaded.settings
    assert (chosen.port, chosen.host, chosen.min_face_px, chosen.token_minutes) == (3, "environment", 50, 15)
    assert {name: loaded.origins[name] for name in ("port", "host", "min_face_px", "token_minutes")} == {
        "port": "flag --port",
        "host": "environment SIGHTLINE_HOST",
        "min_face_px": f"file {file}",
        "token_minutes": "default",
    }


def test_the_file_in_the_home_folder_is_read_when_no_other_is_named(
    tmp_path: Path, user_data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, port in ((tmp_path / "home", 1), (user_data_folder, 2)):
        folder.mkdir()
        (folder / "sightline.yaml").write_text(f"port: {port}")
    named = tmp_path / "named.yaml"
    named.write_text("port: 3")
    assert settings_sources.load({"home": tmp_path / "home"}).settings.port == 1
    assert settings_sources.load().settings.port == 2
    monkeypatch.setenv("SIGHTLINE_CONFIG", str(named))
    assert settings_sources.load().settings.port == 3
    assert settings_sources.load().config == named
    monkeypatch.setenv("SIGHTLINE_CONFIG", str(tmp_path / "none.yaml"))
    with pytest.raises(ConfigurationError, match=r"no settings file .*none\.yaml"):
        settings_sources.load()


def test_the_object_alone_looks_at_nothing_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_PORT", "1")
    assert Settings().port == 8000


def test_lists_are_written_with_commas_or_as_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_ALLOWED_ORIGINS", "https://a.example, https://b.example")
    file = tmp_path / "my.yaml"
    file.write_text("alert_roles: [admin, viewer]")
    chosen = settings_sources.load(config=file).settings
    assert chosen.allowed_origins == ("https://a.example", "https://b.example")
    assert chosen.alert_roles == (Role.ADMIN, Role.VIEWER)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_PORT", "")
    assert settings_sources.load().settings.port == 8000


def test_every_problem_is_told_with_its_source_and_the_nearest_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("prot: 1\ntoken_minutes: -1\nmotto: be careful\n")
    monkeypatch.setenv("SIGHTLINE_LOG_LEVL", "info")
    monkeypatch.setenv("SIGHTLINE_MOTTO", "be careful")
    monkeypatch.setenv("SIGHTLINE_PORT", "eighty")
    monkeypatch.setenv("SIGHTLINE_TIMEZONE", "Mars/Olympus")
    monkeypatch.setenv("SIGHTLINE_CONFIG", str(file))
    assert sorted(problems(alert_roles="boss")) == sorted(
        [
            f"prot in {file} is no setting; did you mean port?",
            f"motto in {file} is no setting",
            f"token_minutes (file {file}): must be greater than or equal to 1, not -1",
            "SIGHTLINE_LOG_LEVL is no setting of Sightline; did you mean SIGHTLINE_LOG_LEVEL?",
            "SIGHTLINE_MOTTO is no setting of Sightline",
            "port (environment SIGHTLINE_PORT): must be a valid integer, not 'eighty'",
            "timezone (environment SIGHTLINE_TIMEZONE): 'Mars/Olympus' is no time zone; write it like Europe/Berlin",
            "alert_roles (flag --alert-roles): must be 'admin', 'operator', 'responder', 'viewer' or 'machine', "
            "not 'boss'",
        ]
    )


def test_alerts_are_addressed_to_people() -> None:
    assert problems(alert_roles="admin,machine") == [
        "alert_roles (flag --alert-roles): name at least one of admin, operator, responder, viewer"
    ]
    assert problems(alert_roles="") != []


def test_a_database_password_is_never_told() -> None:
    for wrong in (
        {"database_url": ["postgresql://sightline:s3cret@db/sightline"]},
        {"redis_url": ["redis://:s3cret@db"]},
        {"redis_url": "http://:s3cret@db"},
        {"redis_url": "redis://:s3cret@db:not-a-port"},
    ):
        (problem,) = problems(**wrong)
        assert "s3cret" not in problem


@pytest.mark.parametrize("url", ["redis://127.0.0.1", "rediss://:pw@db:6380/2", "unix:///run/redis.sock?db=1"])
def test_where_redis_is(url: str) -> None:
    assert Settings(redis_url=url).redis_url == url


@pytest.mark.parametrize("namespace", ["", "a b", "{x}", "x" * 65])
def test_a_namespace_is_a_word(namespace: str) -> None:
    with pytest.raises(ValueError, match="namespace"):
        Settings(namespace=namespace)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("port: [", "line 1 is not YAML"),
        ("- port", "must hold `name: value` lines"),
        ("port: 1\nport: 2\n\tx", "is not YAML"),
        ("\x00", "cannot be read"),
    ],
)
def test_a_file_that_is_no_settings_file_is_refused(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "my.yaml"
    file.write_text(content)
    with pytest.raises(ConfigurationError, match=words):
        settings_sources.load(config=file)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=80), st.text(max_size=80).map(str.encode)))
def test_no_file_raises_anything_but_a_configuration_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "any.yaml"
    file.write_bytes(content)
    try:
        settings_sources.load(config=file)
    except ConfigurationError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.0.0.9", False)],
)
def test_loopback_cameras_are_allowed_while_nobody_else_can_connect(host: str, allowed: bool) -> None:
    assert Settings(host=host).allow_loopback_sources is allowed
    assert Settings(host=host, allow_loopback_sources=not allowed).allow_loopback_sources is not allowed


def test_settings_are_frozen_and_survive_the_way_to_the_engine(tmp_path: Path) -> None:
    chosen = Settings(home=tmp_path, alert_roles=(Role.VIEWER,), port=0)
    with pytest.raises(ValueError, match="frozen"):
        chosen.port = 1  # type: ignore[misc]
    assert Settings.model_validate_json(chosen.model_dump_json()) == chosen


def test_the_home_folder_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings(home=Path("data")).home == tmp_path / "data"
    assert Settings(home=Path("~/data")).home == tmp_path / "data"


def test_every_setting_is_described_and_grouped() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
        assert settings.group_of(field), name
