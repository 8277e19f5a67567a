"""Every setting, in one list: read once, validated whole, frozen.

A value comes from the first of these that gives one: a flag of the command line, the environment (`SIGHTLINE_PORT` for
`port`), the YAML file, the default. The file is `--config`, else `SIGHTLINE_CONFIG`, else `sightline.yaml` in the home
folder where there is one. A name that is not in the list is refused, and so is a value that does not fit, all of them
in one error, so that nobody mends a file one line at a time.

`Settings(port=8001)` takes what it is given and nothing from its surroundings; `load` looks at them.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
import yaml
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from sightline.accounts import Role
from sightline.deliveries.pushed import parse_levels
from sightline.deliveries.rates import parse_rates
from sightline.deliveries.target import check_url
from sightline.detections.classes import OUR_NAMES, parse_classes
from sightline.events.alert import AlertType, Severity
from sightline.exceptions import ConfigurationError
from sightline.listeners import parse_listeners

__all__ = [
    "ENVIRONMENT_PREFIX",
    "LOOPBACK_HOSTS",
    "Loaded",
    "Settings",
    "environment_name",
    "flag_name",
    "group_of",
    "load",
    "nearest",
]

ENVIRONMENT_PREFIX = "SIGHTLINE_"

_CONFIG_VARIABLE = "SIGHTLINE_CONFIG"
_TEST_PREFIX = "SIGHTLINE_TEST_"  # where the test suite finds its pictures and models: no setting of the program

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


def _split(value: object) -> object:
    """`a, b` as one may write a list in the environment or in a flag."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _known_zone(value: str | None) -> str | None:
    if value is not None:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone; write it like Europe/Berlin") from error
    return value


def _absolute(value: Path) -> Path:
    return value.expanduser().absolute()


def _absolute_or_none(value: Path | None) -> Path | None:
    return None if value is None else _absolute(value)


def _as_classes(value: tuple[str, ...]) -> tuple[str, ...]:
    parse_classes(value)
    return value


def _at_least_one_role(value: tuple[Role, ...]) -> tuple[Role, ...]:
    if not value or Role.MACHINE in value:
        raise ValueError("name at least one of admin, operator, responder, viewer")
    return value


def _as_rates(value: tuple[str, ...]) -> tuple[str, ...]:
    parse_rates(value)
    return value


def _as_listeners(value: tuple[str, ...]) -> tuple[str, ...]:
    parse_listeners(value)
    return value


def _as_levels(value: tuple[str, ...]) -> tuple[str, ...]:
    parse_levels(value)
    return value


def _as_networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise ValueError(f"{network!r} is no address or network; write it like 10.0.0.0/8") from error
    return value


def _as_base_url(value: str | None) -> str | None:
    if value is not None:
        try:
            check_url(value, secure=False)
        except ConfigurationError as error:
            raise ValueError(str(error)) from error
    return value


def _as_contact(value: str) -> str:
    if not value.startswith(("mailto:", "https://")) or not value.isascii() or " " in value:
        raise ValueError("write it like mailto:somebody@example.org")
    return value


def _alone_on_this_machine(data: dict[str, Any]) -> bool:
    return data.get("host") in LOOPBACK_HOSTS


def _setting(default: Any, group: str, description: str, **limits: Any) -> Any:
    return Field(default, description=description, json_schema_extra={"group": group}, **limits)


class Settings(BaseSettings):
    """What an administrator may choose. Sizes, times and rates carry their unit in the name."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, validate_default=True
    )

    home: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=lambda: platformdirs.user_data_path("sightline"),
        description="Folder of everything that is kept: database, keys, models, pictures, spool. "
        "Default: the platform's folder for the data of programs.",
        json_schema_extra={"group": "Storage"},
    )
    database_url: str | None = _setting(
        None, "Storage", "SQLAlchemy URL of the database. Default: SQLite in the home folder."
    )
    retention_days: int = _setting(
        90, "Storage", "Days after which an alert that nobody has open is forgotten.", ge=1, le=3650
    )
    spool_limit_mb: int = _setting(
        512, "Storage", "Disk space for facts that wait for the gateway, in MB. Over it the oldest pictures go first.",
        ge=8, le=1_000_000,
    )
    timezone: Annotated[str | None, AfterValidator(_known_zone)] = _setting(
        None, "Storage", "Time zone of the folders of screenshots, like Europe/Berlin. Default: the machine's."
    )

    host: str = _setting("127.0.0.1", "Network", "Address to listen on. 0.0.0.0 is every address of this machine.")
    port: int = _setting(8000, "Network", "Port to listen on. 0 takes a free one.", ge=0, le=65535)
    allowed_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = _setting(
        (), "Network", "Further origins whose pages may connect, like https://wall.example. The server's own may."
    )
    allow_loopback_sources: bool = Field(
        default_factory=_alone_on_this_machine,
        description="Whether a camera's address may be this machine. Default: yes while only this machine can connect.",
        json_schema_extra={"group": "Network"},
    )
    max_connections: int = _setting(1000, "Network", "WebSocket connections at a time.", ge=1, le=100_000)
    max_connections_per_address: int = _setting(
        250, "Network", "WebSocket connections of one address at a time; of this machine itself any number. 0: any.",
        ge=0, le=100_000,
    )
    max_connections_per_user: int = _setting(
        100, "Network", "WebSocket connections of one user at a time. 0: any.", ge=0, le=100_000
    )
    message_rates: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_rates)] = _setting(
        ("heartbeat=50", "received=200", "ack=10", "alerts=20", "echo=5", "process_frame=60", "*=20"), "Network",
        "Messages a second of each type that one connection may send; a minute's worth at once.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_networks)] = (
        _setting((), "Network", "Addresses or networks of reverse proxies whose X-Forwarded-For is believed.")
    )
    listen: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_listeners)] = _setting(
        (), "Network", "Further ports for one dialect each, like 5000=field or 5001=socketio."
    )
    anonymous_dialects: bool = _setting(
        False, "Network", "Whether field clients may connect without a token, and everybody may read /api/stats."
    )
    heartbeat_interval_s: float = _setting(
        30.0, "Network", "Seconds between heartbeats of a connection; twice that without an answer closes it.",
        ge=0.1, le=600,
    )
    identify_timeout_s: float = _setting(
        10.0, "Network", "Seconds in which a new connection must say who it is.", ge=0.1, le=120
    )
    max_message_kib: int = _setting(1024, "Network", "Largest WebSocket message, in KiB.", ge=16, le=65_536)
    max_image_mib: int = _setting(16, "Network", "Largest picture that is accepted, in MiB.", ge=1, le=256)
    max_image_megapixels: int = _setting(
        64, "Network", "Largest picture that is accepted, in millions of pixels. A larger one is not decoded.",
        ge=1, le=200,
    )

    max_frame_mib: int = _setting(8, "Pushed frames", "Largest frame on /ws, in MiB of picture.", ge=1, le=11)
    max_frame_side: int = _setting(
        1024, "Pushed frames", "Longest side in pixels to which a frame is shrunk for analysis; boxes stay in its own "
        "pixels.", ge=64, le=8192,
    )
    max_frame_connections: int = _setting(
        50, "Pushed frames", "Connections at a time that push frames.", ge=1, le=100_000
    )
    confidence_threshold: float = _setting(
        0.5, "Pushed frames", "Least confidence of a face or body, 0 to 1, where a frame's own settings say nothing.",
        ge=0, le=1,
    )
    crowd_threshold: int = _setting(
        10, "Pushed frames", "Number of people above which a frame is answered with a crowd warning, where its own "
        "settings say nothing.", ge=0, le=100_000,
    )
    frame_alert_levels: Annotated[
        tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_levels)
    ] = _setting(
        ("crowd_warning=warning", "processing_error=error", "connection_limit=warning"), "Pushed frames",
        "Level of each kind of alert: info, warning, error or critical.",
    )

    token_minutes: int = _setting(15, "Sign-in", "Minutes for which an access token is good.", ge=1, le=1440)
    session_hours: int = _setting(12, "Sign-in", "Hours after which a password is asked for again.", ge=1, le=720)

    analysis_fps: float = _setting(5.0, "Recognition", "Analysed frames a second of a new camera.", gt=0, le=60)
    alert_unknown: bool = _setting(False, "Recognition", "Whether a new camera raises alerts about unknown people.")
    object_fps: float = _setting(
        2.0, "Recognition", "How often a second persons and things are looked for where something moves, for cameras "
        "that do not say it themselves. 0: never.", ge=0, le=30,
    )
    detector_threshold: float | None = _setting(
        None, "Recognition", "Score from which a detection counts as a face, 0 to 1. Default: the model's.", gt=0, lt=1
    )
    min_face_px: int = _setting(40, "Recognition", "Width from which a face is recognised, in pixels.", ge=16, le=1000)
    similarity_threshold: float | None = _setting(
        None, "Recognition", "Similarity from which a person is named, 0 to 1. Default: the model's.", gt=0, lt=1
    )
    identity_margin: float | None = _setting(
        None, "Recognition", "How much more similar the best person must be than the second best, 0 to 1. "
        "Default: the model's.", ge=0, lt=1,
    )
    consensus_samples: int = _setting(3, "Recognition", "Good samples of a track that name a person.", ge=1, le=50)
    unknown_samples: int = _setting(
        5, "Recognition", "Good samples of a track after which it is called unknown.", ge=1, le=50
    )

    face_model: str = _setting(
        "centerface", "Models", "Face detector: a name of `sightline models list`, or a file."
    )
    embedding_model: str = _setting(
        "dlib-face-resnet29", "Models", "Face embedder: a name of `sightline models list`, or a file. After a change "
        "the stored samples are embedded anew, and the old one serves until that is done.",
    )
    object_model: str = _setting(
        "fastestdet", "Models", "Detector of persons and things: a name of `sightline models list`, or a file. "
        "`none`: none.",
    )
    liveness_model: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = _setting(
        ("minifasnet-v2", "minifasnet-v1se"), "Models", "Networks that tell faces from pictures of faces: names of "
        "`sightline models list`, or files. `none`: none.",
    )
    object_classes: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split), AfterValidator(_as_classes)] = (
        _setting(OUR_NAMES, "Models", "Which of the object model's classes are called person, vehicle, package, phone.")
    )
    object_threshold: float | None = _setting(
        None, "Models", "Score from which an object counts, 0 to 1. Default: the model's.", gt=0, lt=1
    )
    device: Literal["cpu", "cuda", "tensorrt", "openvino"] = _setting(
        "cpu", "Models", "What the models run on. What is not to be had is said, and the CPU is used."
    )
    model_mirror: Annotated[Path | None, AfterValidator(_absolute_or_none)] = _setting(
        None, "Models", "Folder of model files that is looked into before anything is fetched."
    )

    engine_workers: int | None = _setting(
        None, "Engine", "Frames that are analysed at a time. Default: one for each core.", ge=1, le=256
    )
    engine_threads: int = _setting(1, "Engine", "Threads for each inference.", ge=1, le=64)
    engine_stills: int | None = _setting(
        None, "Engine", "Pushed frames and pictures of a batch that are analysed at a time, with less priority than "
        "cameras. Default: as many as `engine_workers`.", ge=1, le=256,
    )
    stall_seconds: float = _setting(
        5.0, "Engine", "Seconds without a frame after which a camera is stalled and opened anew.", ge=0.5, le=600
    )
    offline_fact_seconds: float = _setting(
        10.0, "Engine", "Seconds after which a camera that is away is reported.", ge=0, le=86_400
    )

    unseen_seconds: float = _setting(
        5.0, "Alerts", "Seconds for which a person must have been unseen to raise a new alert.", ge=0, le=86_400
    )
    realert_seconds: float = _setting(
        3.0, "Alerts", "Seconds after an alert in which the same person raises no other.", ge=0, le=86_400
    )
    presence_per_camera: bool = _setting(
        False, "Alerts", "Whether `unseen_seconds` is counted for each camera by itself."
    )
    alert_roles: Annotated[tuple[Role, ...], NoDecode, BeforeValidator(_split), AfterValidator(_at_least_one_role)] = (
        _setting(
            (Role.ADMIN, Role.OPERATOR, Role.RESPONDER, Role.VIEWER), "Alerts", "Roles to which alerts are addressed."
        )
    )

    late_seconds: float = _setting(
        60.0,
        "Alerts",
        "Age in seconds from which a sighting on arrival is told to everybody, but nobody is sent.",
        gt=0,
        le=86_400,
    )
    routed_types: Annotated[tuple[AlertType, ...], NoDecode, BeforeValidator(_split)] = _setting(
        (AlertType.WATCHLIST_MATCH,), "Duty", "Alert types that go to the nearest responder on duty, then to the next."
    )
    routed_severities: Annotated[tuple[Severity, ...], NoDecode, BeforeValidator(_split)] = _setting(
        (), "Duty", "Severities whose alerts go to the nearest responder on duty, whatever their type."
    )
    receipt_seconds: float = _setting(
        5.0,
        "Duty",
        "Seconds in which an alert must be on a connected responder's device before the next is told.",
        gt=0,
        le=3600,
    )
    acknowledge_seconds: float = _setting(
        30.0, "Duty", "Seconds in which a responder must take an alert before the next is told.", gt=0, le=86_400
    )
    fix_seconds: float = _setting(
        120.0,
        "Duty",
        "Seconds for which a device's position counts; after that its user's duty post does.",
        gt=0,
        le=86_400,
    )
    restart_grace_seconds: float = _setting(
        5.0,
        "Duty",
        "Seconds after a start in which devices may come back before alerts go to the next responder.",
        ge=0,
        le=600,
    )
    flood_alerts: int = _setting(
        20,
        "Alerts",
        "Alerts of one camera and type within `flood_seconds` after which others are only counted.",
        ge=2,
        le=30,
    )
    flood_seconds: float = _setting(
        60.0, "Alerts", "Seconds of quiet after which a flood of alerts is over.", gt=0, le=86_400
    )

    notification_tries: int = _setting(
        8, "Notifications", "Attempts at web push, webhook or Apprise before it becomes a dead letter.", ge=1, le=50
    )
    notification_retry_seconds: float = _setting(
        5.0, "Notifications", "Seconds before the second attempt; each further pause is three times as long, "
        "an hour at most.", ge=0.05, le=3600,
    )
    notification_timeout_seconds: float = _setting(
        10.0, "Notifications", "Seconds in which an attempt must be answered.", ge=0.1, le=60
    )
    notification_names: bool = _setting(
        False, "Notifications", "Whether web push and Apprise name people. A webhook gets the whole alert in any case."
    )
    allow_loopback_targets: bool = _setting(
        False, "Notifications", "Whether webhooks, Apprise and push services may be on this machine, and push "
        "services in the local network and without TLS.",
    )
    public_url: Annotated[str | None, AfterValidator(_as_base_url)] = _setting(
        None, "Notifications", "Where people reach the console, like https://alerts.example.org, for links."
    )
    push_contact: Annotated[str, AfterValidator(_as_contact)] = _setting(
        "mailto:administrator@sightline.invalid", "Notifications",
        "Whom a push service may write to: mailto: or https:. Apple's refuses an address that cannot exist.",
    )

    log_level: Literal["debug", "info", "warning", "error"] = _setting("info", "Logs", "Least level that is logged.")
    log_format: Literal["auto", "console", "json"] = _setting(
        "auto", "Logs", "How lines look: for people, for machines, or `auto`: for people on a terminal."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the caller gives: `load` is the one place that looks at the surroundings."""
        return (init_settings,)

    @property
    def models_folder(self) -> Path:
        """Model files and the demo camera's pictures."""
        return self.home / "models"

    @property
    def run_folder(self) -> Path:
        """What a running server leaves for other commands to find."""
        return self.home / "run"

    @property
    def spool_folder(self) -> Path:
        """Facts that the engine on this machine has not delivered yet."""
        return self.home / "spool"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings with where each came from: `default`, `file …`, `environment …` or `flag …`."""

    settings: Settings
    origins: Mapping[str, str]
    config: Path | None


@dataclass(frozen=True, slots=True)
class _Layer:
    """What one source gives, and how that source names a setting."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]
    problems: tuple[str, ...] = ()


def environment_name(name: str) -> str:
    """The variable of a setting.

    >>> environment_name("log_level")
    'SIGHTLINE_LOG_LEVEL'
    """
    return ENVIRONMENT_PREFIX + name.upper()


def flag_name(name: str) -> str:
    """The flag of a setting.

    >>> flag_name("log_level")
    '--log-level'
    """
    return "--" + name.replace("_", "-")


def group_of(field: FieldInfo) -> str:
    """The heading under which a setting is listed."""
    extra = field.json_schema_extra
    assert isinstance(extra, dict), "every setting is declared with its group"
    return str(extra["group"])


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that somebody who wrote `name` most likely meant."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def load(flags: Mapping[str, Any] | None = None, *, config: Path | None = None) -> Loaded:
    """Settings from flags (`{"port": 8001}`; `None` means not given), environment, file and defaults.

    Raises `ConfigurationError` that lists everything that is wrong, in words.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    flag_layer = _Layer(given, {name: f"flag {flag_name(name)}" for name in given})
    environment = _read_environment()
    path = _config_file(config, flag_layer, environment)
    layers = (_read_file(path) if path else _Layer({}, {}), environment, flag_layer)

    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    for layer in layers:
        values.update(layer.values)
        origins.update(layer.origins)
    problems = [problem for layer in layers for problem in layer.problems]
    settings = _validate(values, origins, problems)
    return Loaded(settings=settings, origins=origins, config=path)


def _validate(values: Mapping[str, Any], origins: Mapping[str, str], problems: list[str]) -> Settings:
    try:
        settings = Settings(**values)
    except ValidationError as error:
        problems = problems + [
            _in_words(detail, origins) for detail in error.errors() if detail["type"] != "default_factory_not_called"
        ]
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise ConfigurationError(
            f"the settings cannot be used:\n{listed}\n`sightline settings --help` lists every setting."
        )
    return settings


def _read_environment() -> _Layer:
    known = {environment_name(name): name for name in Settings.model_fields}
    problems = [
        f"{variable} is no setting of Sightline{_meant_variable(variable)}"
        for variable in sorted(os.environ)
        if variable.upper().startswith(ENVIRONMENT_PREFIX)
        and variable.upper() not in known
        and variable.upper() != _CONFIG_VARIABLE
        and not variable.upper().startswith(_TEST_PREFIX)
    ]
    values = EnvSettingsSource(Settings)()
    origins = {name: f"environment {environment_name(name)}" for name in values}
    return _Layer(values, origins, tuple(problems))


def _config_file(config: Path | None, flags: _Layer, environment: _Layer) -> Path | None:
    """The file to read: one that was asked for must exist, the one in the home folder may."""
    asked = config or (Path(os.environ[_CONFIG_VARIABLE]) if os.environ.get(_CONFIG_VARIABLE) else None)
    if asked is not None:
        if not asked.is_file():
            raise ConfigurationError(f"there is no settings file {asked}; check --config and {_CONFIG_VARIABLE}")
        return asked
    home = flags.values.get("home") or environment.values.get("home") or platformdirs.user_data_path("sightline")
    usual = Path(home).expanduser() / "sightline.yaml"
    return usual if usual.is_file() else None


def _read_file(path: Path) -> _Layer:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        where = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise ConfigurationError(f"{path}{where} is not YAML: {error.problem}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path} must hold `name: value` lines")
    names = Settings.model_fields
    problems = [f"{key} in {path} is no setting{_meant(str(key), names)}" for key in content if key not in names]
    values = {name: value for name, value in content.items() if name in names}
    return _Layer(values, dict.fromkeys(values, f"file {path}"), tuple(problems))


def _meant(name: str, known: Iterable[str]) -> str:
    found = nearest(name, known)
    return f"; did you mean {found}?" if found else ""


def _meant_variable(variable: str) -> str:
    """Compares without the prefix, which every variable shares."""
    found = nearest(variable.upper().removeprefix(ENVIRONMENT_PREFIX).lower(), Settings.model_fields)
    return f"; did you mean {environment_name(found)}?" if found else ""


def _in_words(detail: Any, origins: Mapping[str, str]) -> str:
    """One of pydantic's error records as a sentence that names setting, source and rule, never a password."""
    name = str(detail["loc"][0])
    if detail["type"] == "extra_forbidden":
        return f"{name} is no setting{_meant(name, Settings.model_fields)}"
    rule = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    rule = rule.split(", unable")[0]
    shows_value = detail["type"] != "value_error" and name != "database_url"
    got = f", not {detail['input']!r}" if shows_value else ""
    return f"{name} ({origins[name]}): {rule[0].lower()}{rule[1:]}{got}"
