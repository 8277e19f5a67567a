"""Every setting, in one list: validated whole, frozen.

`Settings(port=8001)` takes what it is given and nothing from its surroundings; `settings_sources.load` looks at them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from sightline.accounts import Role
from sightline.detections.classes import OUR_NAMES
from sightline.events.alert import AlertType
from sightline.setting_types import (
    AbsolutePath,
    AlertLevels,
    AlertTypes,
    BaseUrl,
    Contact,
    FrameAlertLevels,
    IceServers,
    IpAddresses,
    Listeners,
    Namespace,
    Networks,
    ObjectClasses,
    OptionalAbsolutePath,
    Rates,
    RedisUrl,
    Renditions,
    Roles,
    Severities,
    ShareOfPictures,
    TimeZoneName,
    UdpPorts,
    Words,
)

__all__ = [
    "ENVIRONMENT_PREFIX",
    "LOOPBACK_HOSTS",
    "Settings",
    "environment_name",
    "flag_name",
    "group_of",
]

ENVIRONMENT_PREFIX = "SIGHTLINE_"

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


def _alone_on_this_machine(data: dict[str, Any]) -> bool:
    return data.get("host") in LOOPBACK_HOSTS


def _setting(default: Any, group: str, description: str, **limits: Any) -> Any:
    return Field(default, description=description, json_schema_extra={"group": group}, **limits)


class Settings(BaseSettings):
    """What an administrator may choose. Sizes, times and rates carry their unit in the name."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, validate_default=True
    )

    home: AbsolutePath = Field(
        default_factory=lambda: platformdirs.user_data_path("sightline"),
        description="Folder of everything that is kept: database, keys, models, pictures, spool. "
        "Default: the platform's folder for the data of programs.",
        json_schema_extra={"group": "Storage"},
    )
    database_url: str | None = _setting(
        None, "Storage", "Address of the database: postgresql://user:password@host/name for PostgreSQL 14 or newer, "
        "which several gateways may share. Default: SQLite in the home folder."
    )
    redis_url: RedisUrl = _setting(
        None, "Storage", "Redis, like redis://127.0.0.1:6379/0: it carries live pictures and boxes from one gateway to "
        "clients of another, and signals to and from other programs. Default: none; alerts need none.",
    )
    namespace: Namespace = _setting("sightline", "Storage", "What the names of keys in Redis begin with.")
    retention_days: int = _setting(
        90, "Storage", "Days after which an alert that nobody has open is forgotten.", ge=1, le=3650
    )
    sighting_days: int = _setting(
        30, "Storage", "Days for which the best picture and template of every finished track are kept, so that a face "
        "can be searched in the past and strangers be told apart. 0 keeps none.", ge=0, le=3650,
    )
    record_days: int = _setting(
        365, "Storage", "Days after which events, and alerts that are over, are deleted with their pictures; never "
        "before `retention_days`.", ge=1, le=36_500,
    )
    history_days: int = _setting(
        400, "Storage", "Days after which the figures by the hour are forgotten.", ge=1, le=3650
    )
    spool_limit_mb: int = _setting(
        512, "Storage", "Disk space for facts that wait for the gateway, in MB. Over it the oldest pictures go first.",
        ge=8, le=1_000_000,
    )
    clips: bool = _setting(
        True, "Storage", "Whether every alert gets a clip of what was before and after it."
    )
    clip_before_seconds: float = _setting(
        5.0, "Storage", "Seconds of a clip before its alert; it begins with the keyframe before that.", ge=0, le=30
    )
    clip_after_seconds: float = _setting(10.0, "Storage", "Seconds of a clip after its alert.", ge=1, le=60)
    clip_ring_mb: int = _setting(
        32, "Storage", "Memory for the last seconds of one camera's video, in MB: what clips begin with.", ge=1, le=1024
    )
    clip_spool_mb: int = _setting(
        1024, "Storage", "Disk space for clips that wait for the gateway, in MB. Over it the oldest go first.",
        ge=8, le=1_000_000,
    )
    clip_upload_mb: int = _setting(64, "Storage", "Largest clip that a gateway takes, in MB.", ge=1, le=1024)
    clip_days: int = _setting(
        30, "Storage", "Days after which the clip of an alert is deleted; the alert stays for `record_days`.",
        ge=1, le=36_500,
    )
    footage_folder: Path | None = _setting(
        None, "Storage", "Folder of continuous recordings, one sub-folder an engine. Default: with the engine's spool."
    )
    footage_days: float = _setting(
        7.0, "Storage", "Days for which continuous recordings are kept, at most.", gt=0, le=3650
    )
    footage_disk_percent: float = _setting(
        50.0, "Storage", "Most of the engine's disk that continuous recordings fill, in percent; the oldest go first.",
        gt=0, le=95,
    )
    footage_keep_free_mb: int = _setting(
        2048, "Storage", "Disk space that recording leaves free, in MB; it stops, and says so, rather than take it.",
        ge=0, le=100_000_000,
    )
    timezone: TimeZoneName = _setting(
        None, "Storage", "Time zone of the folders of screenshots, like Europe/Berlin. Default: the machine's."
    )

    host: str = _setting("127.0.0.1", "Network", "Address to listen on. 0.0.0.0 is every address of this machine.")
    port: int = _setting(8000, "Network", "Port to listen on. 0 takes a free one.", ge=0, le=65535)
    gateways: int = _setting(
        1, "Network", "Gateways that `serve` starts behind this address, each a process of its own, for more clients "
        "than one has time for. More than one need PostgreSQL (`database_url`). What is bounded by a number of "
        "connections, or of new ones a second, is bounded so in each.", ge=1, le=64,
    )
    tls: Literal["off", "self-signed"] = _setting(
        "off", "Network", "`self-signed`: speak TLS with a certificate that the server makes itself, under an "
        "authority of its own in the keys folder. For one of yours give `tls_cert`.",
    )
    tls_cert: OptionalAbsolutePath = _setting(
        None, "Network", "Certificate, with its chain, in PEM form: speak TLS. A renewed one is taken up by itself."
    )
    tls_key: OptionalAbsolutePath = _setting(
        None, "Network", "Its private key. Default: in the same file."
    )
    tls_names: Words = _setting(
        (), "Network", "Further names and addresses of this machine for the certificate that it makes itself."
    )
    allowed_origins: Words = _setting(
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
    new_connections_per_second: int = _setting(
        40, "Network", "WebSocket connections of clients that are let in each second, and at once; the others are told "
        "when to come back, everybody at their own time. 0: any.", ge=0, le=100_000,
    )
    message_rates: Rates = _setting(
        (
            "heartbeat=50", "received=200", "ack=10", "alerts=20", "echo=5", "process_frame=60",
            "ai_detection_result=500", "face_detection_result=500", "*=20",
        ), "Network",
        "Messages a second of each type that one connection may send; a minute's worth at once.",
    )
    trusted_proxies: Networks = (
        _setting((), "Network", "Addresses or networks of reverse proxies whose X-Forwarded-For is believed.")
    )
    metrics_from: Networks = _setting(
        (), "Network", "Addresses or networks from which /metrics may be read without a token, beside this machine."
    )
    listen: Listeners = _setting(
        (), "Network", "Further ports for one dialect each, like 5000=field or 5001=socketio."
    )
    anonymous_dialects: bool = _setting(
        False, "Network", "Whether field clients, clients that push frames, and workstations may connect without a "
        "token, and everybody may read /api/stats and /api/models/info.",
    )
    heartbeat_interval_s: float = _setting(
        30.0, "Network", "Seconds between heartbeats of a connection; twice that without an answer closes it.",
        ge=0.1, le=600,
    )
    identify_timeout_s: float = _setting(
        10.0, "Network", "Seconds in which a new connection must say who it is.", ge=0.1, le=120
    )
    websocket_compression: bool = _setting(
        False, "Network", "Whether WebSocket clients that ask for compression get it."
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
        "settings say nothing; and that of cameras without a view of their own.", ge=0, le=100_000,
    )
    frame_alert_levels: FrameAlertLevels = _setting(
        ("crowd_warning=warning", "processing_error=error", "connection_limit=warning"), "Pushed frames",
        "Level of each kind of alert: info, warning, error or critical.",
    )

    max_pipelines: int = _setting(
        5, "Workstations", "Pipelines, which are engine processes: further ones are started as workstations and "
        "clients that push frames need them. With `max_clients_per_pipeline`, how many workstations may be connected.",
        ge=1, le=1000,
    )
    max_clients_per_pipeline: int = _setting(
        30, "Workstations", "Workstations for each of `max_pipelines`.", ge=1, le=1000
    )
    gpu_mem_threshold: float = _setting(
        0.8, "Workstations", "Share of the device's memory, 0 to 1, above which no further engine is started; of the "
        "machine's where engines do not compute on a GPU.", ge=0, le=1,
    )
    pipeline_idle_seconds: float = _setting(
        60.0, "Workstations", "Seconds after which an engine that nobody needs is stopped; the first never is.",
        ge=0, le=86_400,
    )
    workstation_timeout_seconds: float = _setting(
        30.0, "Workstations", "Seconds without a picture after which a workstation is disconnected.", ge=0.5, le=3600
    )
    workstation_grace_seconds: float = _setting(
        0.0, "Workstations", "Seconds after somebody sits down in which nothing is done to them.", ge=0, le=3600
    )
    workstation_phone_threshold: float = _setting(
        0.5, "Workstations", "Confidence from which a phone counts, 0 to 1.", ge=0, le=1
    )
    workstation_live_threshold: float = _setting(
        0.5, "Workstations", "How much a face must look alive not to count as a picture of one, 0 to 1.", ge=0, le=1
    )
    workstation_similarity_threshold: float = _setting(
        0.5, "Workstations", "Similarity from which somebody is who they claim to be, 0 to 1.", ge=0, le=1
    )
    decide_over: ShareOfPictures = _setting(
        "1/1", "Workstations", "How many of the last pictures must show the same before it is acted upon, like 3/5."
    )
    workstation_action_days: int = _setting(
        90, "Workstations", "Days after which entries of the action log are destroyed with their pictures.",
        ge=1, le=3650,
    )

    stream_qualities: Renditions = _setting(
        ("thumbnail=320@2", "sd=960@10", "hd=1920@25"), "Streams",
        "Longest side in pixels and pictures a second of each quality of a camera's live pictures. `sd` is also what "
        "the console shows. An engine sends no more pictures than it analyses.",
    )
    stream_url_seconds: int = _setting(
        60, "Streams", "Seconds in which a player may open the address of a stream; one that plays may go on.",
        ge=5, le=86_400,
    )

    ice_servers: IceServers = _setting(
        (), "Streams", "STUN and TURN servers for WebRTC, like stun:stun.example:3478 or "
        "turn:user:password@turn.example:3478. Devices and browsers in the same network need none.",
    )
    webrtc_addresses: IpAddresses = _setting(
        (), "Streams", "Addresses that devices are told to send video to, in place of this machine's own: for a server "
        "in a container or behind a router, which must pass the ports of `webrtc_ports` on as they are.",
    )
    webrtc_ports: UdpPorts = _setting(
        "", "Streams", "UDP ports for WebRTC, like 50000-50100; each session takes one an address. Default: any free "
        "one.",
    )

    analysis_disk_mb: int = _setting(
        4096, "Recordings", "Disk space for recordings that are uploaded for analysis, with their results, in MB.",
        ge=16, le=10_000_000,
    )
    analysis_upload_mb: int = _setting(
        2048, "Recordings", "Largest upload of recordings for analysis, in MB.", ge=1, le=1_000_000
    )
    analysis_minutes: int = _setting(
        60, "Recordings", "Minutes that the analysis of an upload may take; what was seen until then is kept.",
        ge=1, le=10_080,
    )
    analysis_hours: int = _setting(
        24, "Recordings", "Hours after its end after which an analysis is forgotten, with all its files.",
        ge=1, le=8760,
    )

    token_minutes: int = _setting(15, "Sign-in", "Minutes for which an access token is good.", ge=1, le=1440)
    session_hours: int = _setting(12, "Sign-in", "Hours after which a password is asked for again.", ge=1, le=720)

    analysis_fps: float = _setting(5.0, "Recognition", "Analysed frames a second of a new camera.", gt=0, le=60)
    alert_unknown: bool = _setting(False, "Recognition", "Whether a new camera raises alerts about unknown people.")
    liveness: Literal["off", "report", "require"] = _setting(
        "report", "Recognition", "What becomes of signs that a face is a picture of one, for cameras that do not say "
        "it themselves: nobody looks, they are recorded, or a name takes a proof that there are none.",
    )
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
    liveness_model: Words = _setting(
        ("minifasnet-v2", "minifasnet-v1se"), "Models", "Networks that tell faces from pictures of faces: names of "
        "`sightline models list`, or files. `none`: none.",
    )
    object_classes: ObjectClasses = (
        _setting(OUR_NAMES, "Models", "Which of the object model's classes are called person, vehicle, package, phone.")
    )
    object_threshold: float | None = _setting(
        None, "Models", "Score from which an object counts, 0 to 1. Default: the model's.", gt=0, lt=1
    )
    device: Literal["cpu", "cuda", "tensorrt", "openvino"] = _setting(
        "cpu", "Models", "What the models run on. What is not to be had is said, and the CPU is used."
    )
    model_mirror: OptionalAbsolutePath = _setting(
        None, "Models", "Folder of model files that is looked into before anything is fetched."
    )

    hardware_decoding: Literal["none", "cuda", "vaapi", "qsv", "videotoolbox", "d3d11va"] = _setting(
        "none", "Engine", "What decodes the video of RTSP cameras. Where it is not to be had, the log says so, and the "
        "processor does it.",
    )
    engine_workers: int | None = _setting(
        None, "Engine", "Frames that are analysed at a time. Default: one for each core.", ge=1, le=256
    )
    engine_threads: int = _setting(1, "Engine", "Threads for each inference.", ge=1, le=64)
    engine_stills: int | None = _setting(
        None, "Engine", "Pushed frames and pictures of a batch that are analysed at a time, with less priority than "
        "cameras. Default: as many as `engine_workers`.", ge=1, le=256,
    )
    local_engine: bool = _setting(
        True, "Engine", "Whether `serve` starts engines of its own. Without them it waits for those that others start."
    )
    engine_cameras: int = _setting(
        64, "Engine", "Cameras that an engine reads at most. Engines share the cameras by this number.", ge=0, le=10_000
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
    alert_roles: Roles = (
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
    routed_types: AlertTypes = _setting(
        (AlertType.WATCHLIST_MATCH,), "Duty", "Alert types that go to the nearest responder on duty, then to the next."
    )
    routed_severities: Severities = _setting(
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
    alert_levels: AlertLevels = _setting(
        (), "Alerts", "Levels of alerts that are not the usual ones, like crowd_warning=error. Watch lists and the "
        "rules of cameras have their own.",
    )
    object_realert_seconds: float = _setting(
        30.0, "Alerts", "Seconds after an alert about persons, vehicles, packages, phones or a line in which the same "
        "camera and place raise no other.", ge=0, le=86_400,
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
    public_url: BaseUrl = _setting(
        None, "Notifications", "Where people reach the console, like https://alerts.example.org, for links."
    )
    push_contact: Contact = _setting(
        "mailto:administrator@sightline.invalid", "Notifications",
        "Whom a push service may write to: mailto: or https:. Apple's refuses an address that cannot exist.",
    )

    log_level: Literal["debug", "info", "warning", "error"] = _setting("info", "Logs", "Least level that is logged.")
    log_format: Literal["auto", "console", "json"] = _setting(
        "auto", "Logs", "How lines look: for people, for machines, or `auto`: for people on a terminal."
    )
    log_file: Path | None = _setting(
        None, "Logs", "File that gets every line as well, as JSON. It is put aside at 20 MB; the last five stay."
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
