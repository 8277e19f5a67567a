"""Names of environment variables that programs before Sightline used, for the models.

They count less than `SIGHTLINE_…` of the same setting and more than the settings file.
"""

from __future__ import annotations

from collections.abc import Mapping

from sightline.exceptions import ConfigurationError

__all__ = ["MODEL_ALIASES", "read_aliases"]

MODEL_ALIASES: Mapping[str, str] = {
    "FACE_MODEL_PATH": "face_model",
    "BODY_MODEL_PATH": "object_model",
    "USE_GPU": "device",
    "TENSORRT_ENABLED": "device",
}
"""The setting that each stands for; of two for one setting, the later wins."""

_DEVICES = {"USE_GPU": "cuda", "TENSORRT_ENABLED": "tensorrt"}
_YES, _NO = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})


def read_aliases(environment: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Settings by name, each with its value and the variable it came from. Raises `ConfigurationError`.

    `USE_GPU` and `TENSORRT_ENABLED` are true or false; false says nothing.
    """
    found: dict[str, tuple[str, str]] = {}
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
