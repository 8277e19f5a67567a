"""Names of environment variables that programs before Sightline used.

They count less than `SIGHTLINE_…` of the same setting and more than the settings file.
"""

from __future__ import annotations

from collections.abc import Mapping

from sightline.exceptions import ConfigurationError

__all__ = ["MODEL_ALIASES", "PLAIN_ALIASES", "read_aliases"]

MODEL_ALIASES: Mapping[str, str] = {
    "FACE_MODEL_PATH": "face_model",
    "BODY_MODEL_PATH": "object_model",
    "USE_GPU": "device",
    "TENSORRT_ENABLED": "device",
}
"""The setting that each stands for; of two for one setting, the later wins."""

PLAIN_ALIASES: Mapping[str, str] = {
    "HOST": "host",
    "PORT": "port",
    "LOG_FILE": "log_file",
    "LOG_LEVEL": "log_level",
    "CONFIDENCE_THRESHOLD": "confidence_threshold",
    "CROWD_THRESHOLD": "crowd_threshold",
    "MAX_FRAME_SIZE": "max_frame_side",
    "MAX_CONCURRENT_CONNECTIONS": "max_frame_connections",
    "MaxPipeline": "max_pipelines",
    "MaxClientPerPipeline": "max_clients_per_pipeline",
    "GPU_MEM_THRESHOLD": "gpu_mem_threshold",
    "NAMESPACE": "namespace",
}
"""The setting whose value each gives as it is; of a log level, whatever its case. `DEBUG`, when it is true, is the log
level `debug`: it is a name of many programs, so another value says nothing.
"""

_DEVICES = {"USE_GPU": "cuda", "TENSORRT_ENABLED": "tensorrt"}
_YES, _NO = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})


def read_aliases(environment: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Settings by name, each with its value and the variable it came from. Raises `ConfigurationError`.

    `USE_GPU` and `TENSORRT_ENABLED` are true or false; false says nothing.
    """
    found: dict[str, tuple[str, str]] = {}
    for variable, setting in PLAIN_ALIASES.items():
        value = environment.get(variable, "").strip()
        if value:
            found[setting] = (value.lower() if setting == "log_level" else value, variable)
    if environment.get("DEBUG", "").strip().lower() in _YES:
        found["log_level"] = ("debug", "DEBUG")
    for variable, setting in MODEL_ALIASES.items():
        value = environment.get(variable, "").strip()
        if not value:
            continue
        device = _DEVICES.get(variable)
        if device is None:
            found[setting] = (value, variable)
        elif value.lower() in _YES:
            found[setting] = (device, variable)
        elif value.lower() not in _NO:
            raise ConfigurationError(f"{variable} must be true or false, not {value!r}", key=setting)
    return found
